using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;
using Realtime.Standalone;

// All services in one process, connected by the in-process adapters: what ./run starts.
try
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.AddStandalone(RealtimeSettings.Read(builder.Configuration));
    var app = builder.Build();
    await app.PrepareStandaloneAsync();
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (StartFailure.IsForOperator(exception))
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
