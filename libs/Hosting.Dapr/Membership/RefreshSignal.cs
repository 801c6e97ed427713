namespace Realtime.Hosting.Dapr.Membership;

/// <summary>Asks for the records of the nodes to be read before their time. Several requests at once are one.</summary>
internal sealed class RefreshSignal(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _requested = new(0, 1);

    /// <summary>Asks. Thread-safe, does not block.</summary>
    public void Request()
    {
        try
        {
            _requested.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody asked already.
        }
    }

    /// <summary>Waits for a request, or for the time when there is none.</summary>
    public async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
        try
        {
            await _requested.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is time.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _requested.Dispose();
}
