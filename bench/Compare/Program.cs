using System.CommandLine;
using System.CommandLine.Invocation;
using Realtime.Compare;

var bare = new Option<string>("--bare") { Description = "ws:// address of the yardstick server.", Required = true };
var realtime = new Option<string>("--realtime") { Description = "http:// address of the realtime server.", Required = true };
var quick = new Option<bool>("--quick") { Description = "One short round of each measure." };
var command = new RootCommand(
    "Measures the yardstick and the realtime server in turn and prints a table. Reads API_JWT_SECRET, and of the tenant's database " +
    "REALTIME_DB_HOST, REALTIME_DB_PORT, REALTIME_DB_USER and REALTIME_DB_PASSWORD from the environment. Use bench/run.")
{
    bare, realtime, quick,
};
command.SetAction((parsed, cancellationToken) => Task.Run(
    () => Comparison.RunAsync(
        new Uri(parsed.GetValue(bare)!), new Uri(parsed.GetValue(realtime)!), parsed.GetValue(quick), Console.Out, cancellationToken),
    cancellationToken));
var arguments = command.Parse(args);
if (arguments.Action is ParseErrorAction error)
{
    error.ShowHelp = false;
}

return await arguments.InvokeAsync();
