using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Realtime.Socket.Tests;

/// <summary>Keeps what the service logged.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Event, string Text)> _lines = new();

    public IEnumerable<(LogLevel Level, string Event, string Text)> All => _lines;

    public ILogger CreateLogger(string categoryName) => new Logger(_lines);

    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<(LogLevel, string, string)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue((level, id.Name ?? "", $"{formatter(state, exception)} {exception}"));
    }
}
