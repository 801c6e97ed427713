using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Messages;
using Realtime.Socket.Changes;

namespace Realtime.Socket.Channels;

/// <summary>Decides about joins, in the order of protocol.md 3.3; the first check that fails answers.</summary>
internal sealed partial class JoinPipeline(SocketNode node)
{
    /// <summary>Checks one join and answers it; never throws. Ends synchronously when nothing outside has to be asked.</summary>
    public async Task RunAsync(JoinAttempt attempt)
    {
        JoinRefusal? refusal;
        var startedAt = node.Time.GetTimestamp();
        try
        {
            refusal = await CheckAsync(attempt);
        }
        catch (Exception exception)
        {
            Log.Crashed(node.Logger, exception, attempt.Session.Hub.Tenant);
            refusal = JoinRefusal.Crashed;
        }

        if (refusal is null)
        {
            Accept(attempt);
        }
        else
        {
            Refuse(attempt, refusal, startedAt);
        }
    }

    private async ValueTask<JoinRefusal?> CheckAsync(JoinAttempt attempt)
    {
        if (!attempt.IsReadable)
        {
            return JoinRefusal.Unreadable(attempt.Error);
        }

        if (attempt.SubTopic.Length == 0)
        {
            return JoinRefusal.TopicNameRequired;
        }

        if (node.IsDraining)
        {
            return JoinRefusal.Restarting;
        }

        var tenant = await FindTenantAsync(attempt);
        return tenant is null
            ? JoinRefusal.TenantNotFound
            : CheckLimits(attempt, tenant) ?? CheckToken(attempt) ?? CheckTenant(tenant) ?? await CheckPrivateAsync(attempt);
    }

    private async ValueTask<TenantConfig?> FindTenantAsync(JoinAttempt attempt)
    {
        var hub = attempt.Session.Hub;
        try
        {
            if (await node.Catalog.FindAsync(hub.Tenant, CancellationToken.None) is not { } model)
            {
                return null;
            }

            hub.Model = model;
            return model.Config;
        }
        catch (TenantStoreUnavailableException exception)
        {
            // Sockets that are open go on with what was known when they connected.
            Log.StoreUnavailable(node.Logger, exception.Message);
            return hub.Model.Config;
        }
    }

    private JoinRefusal? CheckLimits(JoinAttempt attempt, TenantConfig tenant)
    {
        var channels = attempt.Session.Channels;
        if (tenant.PrivateOnly && !attempt.Request.IsPrivate)
        {
            return JoinRefusal.PrivateOnly;
        }

        if (!channels.IsUser && node.Directory.CountUsers(tenant.Id) >= tenant.Limits.MaxConcurrentUsers)
        {
            return JoinRefusal.TooManyUsers;
        }

        var joins = node.Rates.For(tenant).Joins;
        joins.Add(1);
        if (joins.IsExceeded)
        {
            return JoinRefusal.TooManyJoins;
        }

        return channels.Count >= tenant.Limits.MaxChannelsPerClient ? JoinRefusal.TooManyChannels : null;
    }

    // Most clients send the token of their connection again, whose signature is known to be good.
    private JoinRefusal? CheckToken(JoinAttempt attempt)
    {
        var connection = attempt.Session.Connection;
        if (attempt.Request.Token is not { } text || connection.Token.IsOf(text))
        {
            attempt.Token = connection.Token;
            return node.Tokens.CheckExpiry(connection.Token.Verified) is { } expired ? JoinRefusal.Token(expired) : null;
        }

        var result = node.Tokens.VerifyForChannel(text, connection.Keys);
        if (result.Failure is { } failure)
        {
            return JoinRefusal.Token(failure);
        }

        attempt.Token = ChannelToken.Create(text, result.Token!);
        return null;
    }

    private static JoinRefusal? CheckTenant(TenantConfig tenant) => tenant.Suspended ? JoinRefusal.Suspended : null;

    private async ValueTask<JoinRefusal?> CheckPrivateAsync(JoinAttempt attempt)
    {
        if (!attempt.Request.IsPrivate)
        {
            return attempt.Request.HasReplay ? JoinRefusal.ReplayOnPublicChannel : null;
        }

        var session = attempt.Session;
        var asked = ChannelAccess.Reading;
        var authorization = await node.Policies.AskAsync(
            session.Hub.Tenant, attempt.SubTopic, attempt.Token!.Verified, session.Connection.HeadersJson, asked);
        attempt.Access = new ChannelAccess(asked, authorization.Granted & asked);
        if (attempt.Access.Granted == ChannelPermissions.None)
        {
            return JoinRefusal.Authorization(authorization, attempt.SubTopic);
        }

        return attempt.Request.HasReplay ? await ReadReplayAsync(attempt) : null;
    }

    private async ValueTask<JoinRefusal?> ReadReplayAsync(JoinAttempt attempt)
    {
        if (!attempt.Access.Has(ChannelPermissions.ReadBroadcast))
        {
            return JoinRefusal.Unauthorized(attempt.SubTopic);
        }

        if (attempt.Request.Replay is not { } replay)
        {
            return null;
        }

        if (!replay.IsValid)
        {
            return JoinRefusal.InvalidReplay;
        }

        var limit = (int)Math.Clamp(replay.Limit, 1, IReplayStore.MaxLimit);
        var result = await node.Replays.ReplayAsync(
            new ReplayRequest(attempt.Session.Hub.Tenant, attempt.SubTopic, replay.SinceMilliseconds!.Value, limit), node.Stopping);
        attempt.Replayed = result.Messages;
        return result.Error switch
        {
            ReplayError.None => null,
            ReplayError.QueryCanceled => JoinRefusal.QueryCanceled(result.Detail),
            _ => JoinRefusal.ReplayFailed,
        };
    }

    private void Accept(JoinAttempt attempt)
    {
        var session = attempt.Session;
        var channel = new Channel(attempt);
        var changes = ChangeEntries.Read(attempt);
        if (changes.Entries.Count > 0)
        {
            channel.Changes = new ChangeRegistration(node, channel, changes, attempt.Request.IsLegacy);
        }

        var reply = ServerMessage.Reply(session.Version, attempt.JoinRef, attempt.Ref, attempt.Topic, isOk: true, changes.Response);
        if (session.Channels.Open(channel, attempt.Key, [reply, .. Optional(attempt.CloseOfPrevious), .. ReplayFrames.Create(channel, attempt.Replayed)]))
        {
            node.Feed.RequestBroadcasts(node.Id, session.Hub.Tenant);
            if (attempt.Request.WantsReplicationReady)
            {
                _ = node.ReplicationReady.TellAsync(channel);
            }

            node.Presence.Joined(channel, attempt.Request.EnablesPresence);
        }
    }

    private static byte[][] Optional(byte[]? frame) => frame is null ? [] : [frame];

    private void Refuse(JoinAttempt attempt, JoinRefusal refusal, long startedAt)
    {
        var session = attempt.Session;
        node.Metrics.JoinRefused(refusal.Code);
        Log.Refused(node.Logger, session.Connection.ClientMistakeLevel, session.Hub.Tenant, refusal.Code);
        var reply = ServerMessage.ErrorReply(session.Version, attempt.JoinRef, attempt.Ref, attempt.Topic, refusal.Reason);
        // The time that the policies took counts, so that the answer comes before the client gives up after 10 s.
        var delay = node.Settings.ChannelErrorBackoff - node.Time.GetElapsedTime(startedAt);
        session.Channels.ReplyLater(reply, attempt.CloseOfPrevious, refusal.CloseCode, delay);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A join of {Tenant} failed.", EventName = "UnknownErrorOnChannel")]
        public static partial void Crashed(ILogger logger, Exception exception, TenantId tenant);

        [LoggerMessage(EventId = 2, Message = "A join of {Tenant} was refused: {Code}.", EventName = "JoinRefused")]
        public static partial void Refused(ILogger logger, LogLevel level, TenantId tenant, string code);

        [LoggerMessage(3, LogLevel.Warning, "Joins go on with known settings: {Reason}", EventName = "TenantStoreUnavailable")]
        public static partial void StoreUnavailable(ILogger logger, string reason);
    }
}
