using Microsoft.Extensions.Time.Testing;

namespace Realtime.Socket.Tests.Presence;

/// <summary>Lets fake time go on, much faster than it would, until disposed.</summary>
internal sealed class Passing : IDisposable
{
    private readonly Timer _timer;

    public Passing(FakeTimeProvider time) => _timer = new Timer(_ => time.Advance(TimeSpan.FromMilliseconds(100)), null, 0, 5);

    public void Dispose() => _timer.Dispose();
}
