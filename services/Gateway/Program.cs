using Realtime.Gateway;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;

try
{
    var builder = WebApplication.CreateSlimBuilder(args);
    var settings = RealtimeSettings.Read(builder.Configuration);
    var reader = new SettingsReader(builder.Configuration);
    var gateway = GatewaySettings.Read(reader);
    reader.ThrowIfInvalid();
    builder.AddRealtimeListener(settings.Node).AddGateway(settings.Tenants, gateway);
    await using var app = builder.Build();
    app.MapGateway();
    await app.RunAsync();
    return 0;
}
catch (InvalidConfigurationException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
