namespace Realtime.Testing;

/// <summary>Waiting for events with a bound that names what was missing.</summary>
public static class Wait
{
    /// <summary>Longest wait for something that is due at once; generous, because test machines are slow.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Waits until a condition holds that nothing signals.</summary>
    public static async Task UntilAsync(Func<bool> condition, string missing, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        try
        {
            while (!condition())
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Missing after {Limit}: {missing}");
        }
    }

    /// <summary>Waits for a task.</summary>
    public static async Task<T> ForAsync<T>(Task<T> task, string missing, CancellationToken cancellationToken = default)
    {
        try
        {
            return await task.WaitAsync(Limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Missing after {Limit}: {missing}");
        }
    }
}
