using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tenants;
using Realtime.Protocol;
using Realtime.Socket.Channels;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Handshake;

/// <summary><c>/socket/websocket</c>: authenticates, upgrades and serves a connection (protocol.md section 1).</summary>
internal sealed partial class SocketEndpoint(SocketNode node, TenantResolver tenants)
{
    /// <summary>Handles one request; returns when its connection has ended.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.CacheControl = "max-age=0, private, must-revalidate";
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (!ProtocolVersions.TryParse(LastOrNull(context.Request.Query["vsn"]), out var version) || context.Request.Query.ContainsKey("vsn[]"))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var (refusal, tenant, token) = await AuthenticateAsync(context);
        if (refusal is not null)
        {
            await RefuseAsync(context, refusal);
            return;
        }

        if (UpgradeRequest.Explain(context.Request) is { } explanation)
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            await response.WriteAsync(explanation, context.RequestAborted);
            return;
        }

        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            // HTTP/1.0, or HTTP/2 where an upgrade has another form.
            response.StatusCode = StatusCodes.Status400BadRequest;
            await response.WriteAsync("HTTP version must equal 'HTTP/1.1'", context.RequestAborted);
            return;
        }

        var connection = new SessionConnection(version, tenant!.Keys, token!, HeadersOf(context.Request), LogLevelOf(context.Request));
        await ServeAsync(context, upgrade, connection, tenant);
    }

    private async Task<(HandshakeRefusal? Refusal, TenantModel? Tenant, ChannelToken? Token)> AuthenticateAsync(HttpContext context)
    {
        TenantModel? tenant;
        try
        {
            tenant = tenants.Resolve(context.Request) is { } id ? await node.Catalog.FindAsync(id, context.RequestAborted) : null;
        }
        catch (TenantStoreUnavailableException exception)
        {
            Log.StoreUnavailable(node.Logger, exception.Message);
            return (HandshakeRefusal.Failed, null, null);
        }

        if (tenant is null)
        {
            return (HandshakeRefusal.TenantNotFound, null, null);
        }

        if (tenant.Config.Suspended)
        {
            return (HandshakeRefusal.Suspended, null, null);
        }

        if (TokenOf(context.Request) is not { } text)
        {
            return (HandshakeRefusal.MissingToken, null, null);
        }

        var result = node.Tokens.Verify(text, tenant.Keys, requireRoleAndExp: true);
        if (result.Failure is { } failure)
        {
            return (HandshakeRefusal.Token(failure), null, null);
        }

        return (CheckLimits(tenant.Config), tenant, ChannelToken.Create(text, result.Token!));
    }

    private HandshakeRefusal? CheckLimits(TenantConfig tenant)
    {
        if (node.Directory.CountUsers(tenant.Id) >= tenant.Limits.MaxConcurrentUsers)
        {
            return HandshakeRefusal.TooManyUsers;
        }

        return node.Rates.For(tenant).Joins.IsExceeded ? HandshakeRefusal.TooManyJoins : null;
    }

    // The back-off slows down clients that try again at once; it holds a connection, but no thread.
    private async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        node.Metrics.HandshakeRefused(refusal.Status);
        Log.Refused(node.Logger, refusal.Code, refusal.Status);
        await Task.Delay(node.Settings.ConnectErrorBackoff, node.Time, context.RequestAborted);
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        var body = refusal.Body;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private async Task ServeAsync(HttpContext context, IHttpUpgradeFeature upgrade, SessionConnection connection, TenantModel tenant)
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.SecWebSocketAccept = UpgradeRequest.Accept(context.Request.Headers.SecWebSocketKey.ToString());
        await upgrade.UpgradeAsync();
        // From here on the connection is ours: its own pipes spare the copies and locks of the upgrade stream, and hold no buffer while idle.
        var transport = context.Features.GetRequiredFeature<IConnectionTransportFeature>().Transport;
        var session = new SocketSession(node, connection, transport.Input, transport.Output, context.Abort);
        await session.RunAsync(tenant);
    }

    // x-api-key wins by being present, even when it is empty (protocol.md 1.2).
    private static string? TokenOf(HttpRequest request) =>
        request.Headers.TryGetValue("x-api-key", out var header) ? LastOrNull(header) : LastOrNull(request.Query["apikey"]);

    private static string? LastOrNull(StringValues values) => values.Count > 0 ? values[^1] ?? "" : null;

    private static LogLevel LogLevelOf(HttpRequest request) => LastOrNull(request.Query["log_level"]) switch
    {
        "info" => LogLevel.Information,
        "warning" => LogLevel.Warning,
        _ => LogLevel.Error,
    };

    // Policies see them as request.headers; most clients send none, and those share one text.
    private static string HeadersOf(HttpRequest request)
    {
        Dictionary<string, string>? headers = null;
        foreach (var (name, values) in request.Headers)
        {
            if (name.StartsWith("x-", StringComparison.OrdinalIgnoreCase))
            {
                (headers ??= [])[name.ToLowerInvariant()] = LastOrNull(values) ?? "";
            }
        }

        return headers is null ? "{}" : JsonSerializer.Serialize(headers);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A handshake was refused: {Code} ({Status}).", EventName = "HandshakeRefused")]
        public static partial void Refused(ILogger logger, string code, int status);

        [LoggerMessage(2, LogLevel.Error, "Nobody can connect: {Reason}", EventName = "ErrorConnectingToWebsocket")]
        public static partial void StoreUnavailable(ILogger logger, string reason);
    }
}
