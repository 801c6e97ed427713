using Realtime.Contracts.Changes;
using Realtime.Socket.Channels;

namespace Realtime.Socket.Changes;

/// <summary>Keeps the change subscriptions of one channel registered with the tenant's feed, and tells the client how it went (protocol.md 7.4).</summary>
// Neither field ever has a timer or a wait handle, so there is nothing to dispose of.
#pragma warning disable CA1001
internal sealed partial class ChangeRegistration(SocketNode node, Channel channel, ChangeEntries entries, bool isLegacy)
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>By which the feed names this channel; unique on this node.</summary>
    public long Number { get; } = node.Changes.NextNumber();

    /// <summary>The channel.</summary>
    public Channel Channel => channel;

    /// <summary>The channel gets bare <c>data</c> objects under the name of the operation (protocol.md 7.6).</summary>
    public bool IsLegacy => isLegacy;

    private ChangeSubscriberId Id => new(node.Id, Number);

    /// <summary>Registers in the background, right after the join reply.</summary>
    public void Start()
    {
        node.Changes.Add(this);
        if (entries.Error is { } error)
        {
            channel.Session.Channels.NotifyChanges(channel, isOk: false, error);
        }
        else
        {
            _ = RegisterAsync(_stop.Token);
        }
    }

    /// <summary>Registers anew with the channel's new token.</summary>
    public void Renew()
    {
        if (entries.Error is null)
        {
            _ = RegisterAsync(_stop.Token);
        }
    }

    /// <summary>Ends it; changes that are on their way are dropped.</summary>
    public void Stop()
    {
        node.Changes.Remove(this);
        // Cancelling runs code of the feed, which must not happen under the session's lock.
        _ = _stop.CancelAsync();
        node.Feed.Release(channel.Session.Hub.Tenant, Id);
    }

    // Tries until it is registered or refused for good. Failures are told to the client, never thrown.
    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                while (await TryRegisterAsync(cancellationToken) is { } pause)
                {
                    await Task.Delay(pause, node.Time, cancellationToken);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The channel has ended. It may have been registered in that very moment.
            node.Feed.Release(channel.Session.Hub.Tenant, Id);
        }
    }

    // The pause before the next try, or null when there is none.
    private async Task<TimeSpan?> TryRegisterAsync(CancellationToken cancellationToken)
    {
        ChangeSubscribeResult result;
        try
        {
            result = await node.Feed.SubscribeAsync(Subscriber(), cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(node.Logger, exception, channel.Session.Hub.Tenant);
            result = ChangeSubscribeResult.Retry("Realtime was unable to connect to the project database");
        }

        if (result.Message is { } message)
        {
            channel.Session.Channels.NotifyChanges(channel, result.Outcome == ChangeSubscribeOutcome.Subscribed, message);
        }

        return result switch
        {
            { Outcome: not ChangeSubscribeOutcome.Retry } => null,
            { Message: null } => RandomBetween(1, 3),
            _ => RandomBetween(5, 10),
        };
    }

    private ChangeSubscriber Subscriber() => new()
    {
        Id = Id,
        Tenant = channel.Session.Hub.Tenant,
        Role = channel.Token.Verified.Role ?? "",
        Claims = channel.Token.Verified.ClaimsJson,
        Entries = entries.Subscriptions,
    };

    // Spread, so that the channels of a database that comes back do not all ask at once.
    private static TimeSpan RandomBetween(int low, int high) =>
        TimeSpan.FromSeconds(low + ((high - low) * Random.Shared.NextDouble()));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Change subscriptions of {Tenant} could not be registered.", EventName = "UnableToSubscribeToPostgres")]
        public static partial void Failed(ILogger logger, Exception exception, Contracts.Tenants.TenantId tenant);
    }
}
