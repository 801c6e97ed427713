using System.Collections.Concurrent;
using System.Net;

namespace Realtime.Bare;

/// <summary>Sends every message of a client to all clients of the same path. It knows nothing of topics, tokens or joins.</summary>
internal static class BareServer
{
    /// <param name="port">Loopback port; 0 picks a free one.</param>
    public static WebApplication Create(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        app.UseWebSockets();

        var rooms = new ConcurrentDictionary<string, Room>(StringComparer.Ordinal);
        app.Map("/{**path}", async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await new Client(socket, rooms.GetOrAdd(context.Request.Path, _ => new Room())).RunAsync(app.Lifetime.ApplicationStopping);
        });
        return app;
    }
}
