using Realtime.Contracts.Changes;
using Realtime.Contracts.Presence;
using Realtime.Hosting.Dapr;
using Realtime.Hosting.InProcess;
using Realtime.Socket;

return await ServiceHost.RunAsync(
    args,
    DaprNames.SocketApp,
    (builder, settings) =>
    {
        builder.Services.AddDaprTenantStore().AddDaprMessages().AddSingleton<IChangeFeed, UnavailableChangeFeed>()
            .AddSingleton<IPresenceDirectory, UnavailablePresenceDirectory>();
        builder.AddSocket(settings);
    },
    app =>
    {
        app.MapSocket();
        return Task.CompletedTask;
    });
