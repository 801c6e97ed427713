using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Dapr.Inboxes;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>Makes this process a member of the cluster: leases a slot, opens the inbox of that slot, tells the others, and renews.</summary>
/// <remarks>
/// Slots are reused, because brokers keep every topic for ever. Needs neither sidecar nor store to start, and goes on trying. A slot
/// that was lost, because nobody could renew it for the length of the lease, is replaced by another.
/// </remarks>
internal sealed partial class ClusterMembership(
    ProcessIdentity self,
    NodeRecords records,
    DaprNodeDirectory directory,
    Inbox inbox,
    RefreshSignal refresh,
    ClusterReadiness readiness,
    DaprSettings settings,
    TimeProvider time,
    ILogger<ClusterMembership> logger) : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(2);

    private bool _isAnnounced;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var slot = await LeaseAsync(stoppingToken);
                Log.Leased(logger, self.Service, self.Id, slot);
                await LiveAsync(slot, stoppingToken);
                Log.Lost(logger, slot);
                readiness.Note(ClusterReadiness.Record, "the slot was lost");
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LeaveAsync();
        }
    }

    private async Task<int> LeaseAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (await TryLeaseAsync(cancellationToken) is { } slot)
                {
                    readiness.Note(ClusterReadiness.Record, null);
                    return slot;
                }
            }
            catch (RpcException exception)
            {
                NoteFailure(exception);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    /// <returns>Null when another process was faster: look again.</returns>
    private async Task<int?> TryLeaseAsync(CancellationToken cancellationToken)
    {
        var stored = await records.ReadAsync(cancellationToken);
        directory.Apply(stored);
        if (Own(stored) is { } own)
        {
            return own.Slot; // the store took it though its answer was lost
        }

        var taken = stored.Select(node => node.Slot).ToHashSet();
        foreach (var slot in Enumerable.Range(0, settings.Slots))
        {
            if (!taken.Contains(slot))
            {
                await records.TryWriteAsync(slot, directory.Describe(isReady: false), etag: null, cancellationToken);
                return Own(await records.ReadAsync(cancellationToken))?.Slot;
            }
        }

        throw new RpcException(new Status(StatusCode.ResourceExhausted, $"all {settings.Slots} slots are taken; raise CLUSTER_SLOTS on every node"));
    }

    private async Task LiveAsync(int slot, CancellationToken cancellationToken)
    {
        _isAnnounced = false;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = inbox.RunAsync(slot, end.Token);
        try
        {
            var renewing = RenewUntilLostAsync(slot, end.Token);
            await await Task.WhenAny(renewing, reading);
        }
        finally
        {
            await end.CancelAsync();
            await reading;
        }
    }

    private async Task RenewUntilLostAsync(int slot, CancellationToken cancellationToken)
    {
        while (true)
        {
            await refresh.WaitAsync(settings.RefreshInterval, cancellationToken);
            try
            {
                if (!await TryRenewAsync(slot, cancellationToken))
                {
                    return;
                }

                readiness.Note(ClusterReadiness.Record, null);
            }
            catch (RpcException exception)
            {
                NoteFailure(exception);
            }
        }
    }

    /// <returns>False when the slot belongs to another process.</returns>
    private async Task<bool> TryRenewAsync(int slot, CancellationToken cancellationToken)
    {
        var stored = await records.ReadAsync(cancellationToken);
        directory.Apply(stored);
        string? etag = null;
        foreach (var node in stored.Where(node => node.Slot == slot))
        {
            if (node.Record?.Process != self.Id)
            {
                return false;
            }

            etag = node.Etag;
        }

        var isReady = inbox.IsProven;
        if (await records.TryWriteAsync(slot, directory.Describe(isReady), etag, cancellationToken) && isReady && !_isAnnounced)
        {
            _isAnnounced = true;
            directory.Tell(EnvelopeItems.Hello);
        }

        return true;
    }

    // Others hear at once that we are gone, and stop sending.
    private async Task LeaveAsync()
    {
        using var deadline = new CancellationTokenSource(LeaveDeadline, time);
        try
        {
            if (Own(await records.ReadAsync(deadline.Token)) is { } own)
            {
                await records.DeleteAsync(own.Slot, own.Etag, deadline.Token);
            }
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            Log.NotLeft(logger, exception.Message);
        }

        directory.Tell(EnvelopeItems.Goodbye);
    }

    private StoredNode? Own(List<StoredNode> stored)
    {
        var index = stored.FindIndex(node => node.Record?.Process == self.Id);
        return index < 0 ? null : stored[index];
    }

    private void NoteFailure(RpcException exception)
    {
        var reason = $"{exception.StatusCode} {exception.Status.Detail}";
        if (readiness.Note(ClusterReadiness.Record, reason))
        {
            Log.Fails(logger, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "This {Service} is process {Process} in slot {Slot}.")]
        public static partial void Leased(ILogger logger, string service, Guid process, int slot);

        [LoggerMessage(2, LogLevel.Warning, "Slot {Slot} was not renewed in time and belongs to another process now; taking another one.")]
        public static partial void Lost(ILogger logger, int slot);

        [LoggerMessage(3, LogLevel.Warning, "The state store cannot be used: {Reason}")]
        public static partial void Fails(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Information, "The record of this process was not removed and will expire: {Reason}")]
        public static partial void NotLeft(ILogger logger, string reason);
    }
}
