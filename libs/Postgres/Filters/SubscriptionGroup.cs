using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>All subscribers of one table that want the same events through the same filter.</summary>
/// <typeparam name="T">What stands for a subscriber.</typeparam>
public sealed class SubscriptionGroup<T>
    where T : notnull
{
    private readonly HashSet<T> _subscribers = [];

    internal SubscriptionGroup(ChangeEvents events, CompiledFilter filter)
    {
        (Events, Filter) = (events, filter);
    }

    /// <summary>The events that they want.</summary>
    public ChangeEvents Events { get; }

    /// <summary>The filter that they share.</summary>
    public CompiledFilter Filter { get; }

    /// <summary>At least one subscriber, each once. Changes with the index.</summary>
    public IReadOnlyCollection<T> Subscribers => _subscribers;

    internal bool Add(T subscriber) => _subscribers.Add(subscriber);

    internal bool Remove(T subscriber) => _subscribers.Remove(subscriber);
}

/// <summary>A group whose filter lets a row through, or may do so.</summary>
/// <param name="Group">The group.</param>
/// <param name="NeedsDatabase">Whether <see cref="CompiledFilter.Ask"/> decides.</param>
/// <typeparam name="T">What stands for a subscriber.</typeparam>
public readonly record struct SubscriptionMatch<T>(SubscriptionGroup<T> Group, bool NeedsDatabase)
    where T : notnull;
