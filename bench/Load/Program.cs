using System.CommandLine.Invocation;
using Realtime.Load.CommandLine;

var parsed = new LoadCommand().Create().Parse(args);
if (parsed.Action is ParseErrorAction error)
{
    error.ShowHelp = false;
}

return await parsed.InvokeAsync();
