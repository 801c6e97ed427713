namespace Realtime.Socket.Lifecycle;

/// <summary>Something that is due at a time of its own. At most one deadline each; kept in the list of a <see cref="DeadlineWheel"/>.</summary>
internal abstract class Deadline
{
    internal Deadline? Next;
    internal Deadline? Previous;
    internal int Slot = -1;
    internal long DueTick;

    /// <summary>Called once when the time has come, on the wheel's thread; must not block.</summary>
    protected internal abstract void OnDue();
}

/// <summary>Very many deadlines on one timer: setting, moving and removing one takes constant time and no memory.</summary>
/// <remarks>
/// A hashed timing wheel. A deadline comes up to one tick late, never early. Longer ones than a turn of the wheel stay in their
/// slot and are passed over until their turn has come. Thread-safe.
/// </remarks>
internal sealed class DeadlineWheel : IDisposable
{
    private const int Slots = 2048;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Deadline?[] _slots = new Deadline?[Slots];
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private long _currentTick;
    private int _count;

    /// <summary>Starts the one timer.</summary>
    public DeadlineWheel(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((DeadlineWheel)state!).Advance(), this, Tick, Tick);
    }

    /// <summary>Number of deadlines that are set.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sets or moves a deadline.</summary>
    public void Set(Deadline deadline, TimeSpan delay)
    {
        lock (_lock)
        {
            Unlink(deadline);
            var due = _time.GetElapsedTime(_start) + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
            // Rounded up, and never into the slot that was just served.
            deadline.DueTick = Math.Max(_currentTick + 1, (due.Ticks + Tick.Ticks - 1) / Tick.Ticks);
            Link(deadline, (int)(deadline.DueTick % Slots));
        }
    }

    /// <summary>Removes a deadline; when it is just coming due, it may still come.</summary>
    public void Remove(Deadline deadline)
    {
        lock (_lock)
        {
            Unlink(deadline);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Advance()
    {
        List<Deadline>? due = null;
        lock (_lock)
        {
            var now = _time.GetElapsedTime(_start).Ticks / Tick.Ticks;
            // After a long pause one turn of the wheel visits every slot.
            for (_currentTick = Math.Max(_currentTick, now - Slots); _currentTick < now;)
            {
                _currentTick++;
                Collect((int)(_currentTick % Slots), ref due);
            }
        }

        foreach (var deadline in due ?? [])
        {
            deadline.OnDue();
        }
    }

    // A slot has its newest deadline first; those of one tick come in the order in which they were set.
    private void Collect(int slot, ref List<Deadline>? due)
    {
        var first = due?.Count ?? 0;
        for (var deadline = _slots[slot]; deadline is not null;)
        {
            var next = deadline.Next;
            if (deadline.DueTick <= _currentTick)
            {
                Unlink(deadline);
                (due ??= []).Add(deadline);
            }

            deadline = next;
        }

        due?.Reverse(first, due.Count - first);
    }

    private void Link(Deadline deadline, int slot)
    {
        deadline.Slot = slot;
        deadline.Next = _slots[slot];
        if (deadline.Next is { } first)
        {
            first.Previous = deadline;
        }

        _slots[slot] = deadline;
        _count++;
    }

    private void Unlink(Deadline deadline)
    {
        if (deadline.Slot < 0)
        {
            return;
        }

        if (deadline.Previous is { } previous)
        {
            previous.Next = deadline.Next;
        }
        else
        {
            _slots[deadline.Slot] = deadline.Next;
        }

        if (deadline.Next is { } next)
        {
            next.Previous = deadline.Previous;
        }

        (deadline.Next, deadline.Previous, deadline.Slot) = (null, null, -1);
        _count--;
    }
}
