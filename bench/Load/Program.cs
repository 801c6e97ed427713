using Realtime.Load.CommandLine;

return await new LoadCommand().Create().Parse(args).InvokeAsync();
