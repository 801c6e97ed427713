using System.Collections.Concurrent;
using Realtime.Contracts.Channels;

namespace Realtime.Postgres.Authorization;

/// <summary>Lets equal requests that are waiting at the same time share one evaluation; remembers nothing afterwards.</summary>
/// <remarks>
/// No verdict outlives its evaluation, because a changed policy, or a membership that was just inserted, has to count at the next
/// join. A request that comes while its twin still queues for a connection gets the twin's answer, which is as fresh as its own
/// would be. One that comes after the twin's statements were sent shares a complete grant, at most one statement timeout
/// old; if anything was refused or failed, it asks again, together with the others that came late.
/// </remarks>
internal sealed class SharedEvaluations
{
    private readonly ConcurrentDictionary<ChannelAuthorizationRequest, Flight> _flights = [];

    /// <param name="request">What is asked.</param>
    /// <param name="evaluate">Asks the database; calls its second argument right before. Must not throw.</param>
    /// <param name="cancellationToken">Ends this caller's wait only.</param>
    public async Task<ChannelAuthorization> GetAsync(
        ChannelAuthorizationRequest request, Func<ChannelAuthorizationRequest, Action, Task<ChannelAuthorization>> evaluate,
        CancellationToken cancellationToken)
    {
        for (var mayBeStale = true; ; mayBeStale = false)
        {
            var flight = _flights.GetOrAdd(request, static _ => new Flight());
            if (flight.TryLead())
            {
                _ = RunAsync(request, flight, evaluate);
                return await flight.Verdict.WaitAsync(cancellationToken);
            }

            var cameLate = flight.HasStarted;
            var verdict = await flight.Verdict.WaitAsync(cancellationToken);
            if (!cameLate || !mayBeStale || verdict.Granted == request.Check)
            {
                return verdict;
            }

            // Whatever runs now has begun after this request came.
        }
    }

    private async Task RunAsync(
        ChannelAuthorizationRequest request, Flight flight, Func<ChannelAuthorizationRequest, Action, Task<ChannelAuthorization>> evaluate)
    {
        try
        {
            var verdict = await evaluate(request, flight.Start);
            _flights.TryRemove(KeyValuePair.Create(request, flight));
            flight.Complete(verdict);
        }
        catch (Exception exception)
        {
            _flights.TryRemove(KeyValuePair.Create(request, flight));
            flight.Fail(exception);
        }
    }

    private sealed class Flight
    {
        private readonly TaskCompletionSource<ChannelAuthorization> _verdict = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _led;
        private volatile bool _started;

        public Task<ChannelAuthorization> Verdict => _verdict.Task;

        public bool HasStarted => _started;

        public bool TryLead() => Interlocked.Exchange(ref _led, 1) == 0;

        public void Start() => _started = true;

        public void Complete(ChannelAuthorization verdict) => _verdict.SetResult(verdict);

        public void Fail(Exception exception) => _verdict.SetException(exception);
    }
}
