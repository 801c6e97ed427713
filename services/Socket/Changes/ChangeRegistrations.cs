using System.Collections.Concurrent;

namespace Realtime.Socket.Changes;

/// <summary>The channels of this node that have change subscriptions, by the number that the feed knows them by.</summary>
internal sealed class ChangeRegistrations
{
    private readonly ConcurrentDictionary<long, ChangeRegistration> _byNumber = new();
    private long _last;

    /// <summary>A number that was not used before.</summary>
    public long NextNumber() => Interlocked.Increment(ref _last);

    /// <summary>Makes a registration known.</summary>
    public void Add(ChangeRegistration registration) => _byNumber[registration.Number] = registration;

    /// <summary>Forgets a registration.</summary>
    public void Remove(ChangeRegistration registration) => _byNumber.TryRemove(registration.Number, out _);

    /// <summary>The registration of a number, or null when its channel has ended.</summary>
    public ChangeRegistration? Find(long number) => _byNumber.GetValueOrDefault(number);
}
