using Realtime.Bare;

var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "4900", System.Globalization.CultureInfo.InvariantCulture);
await using var app = BareServer.Create(port);
await app.StartAsync();
Console.WriteLine($"ready on {app.Urls.First()}");
await app.WaitForShutdownAsync();
