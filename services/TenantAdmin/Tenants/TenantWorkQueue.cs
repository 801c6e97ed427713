using System.Collections.Concurrent;
using System.Threading.Channels;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Background work for single tenants, one after the other; a tenant that waits already is not queued twice.</summary>
/// <remarks>
/// Holds <see cref="Capacity"/> tenants. What does not fit is left out: whoever asked will ask again when it next sees the tenant.
/// </remarks>
internal abstract partial class TenantWorkQueue(ILogger logger) : BackgroundService
{
    private const int Capacity = 1000;

    private readonly ConcurrentDictionary<TenantId, byte> _waiting = new();
    private readonly Channel<TenantId> _queue = Channel.CreateBounded<TenantId>(Capacity);

    /// <summary>Queues the tenant unless it waits already. Thread-safe, does not block.</summary>
    protected void TryEnqueue(TenantId tenant)
    {
        if (_waiting.TryAdd(tenant, 0) && !_queue.Writer.TryWrite(tenant))
        {
            _waiting.TryRemove(tenant, out _);
        }
    }

    /// <summary>Does the work for one tenant. What it throws is logged.</summary>
    protected abstract Task ProcessAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var tenant in _queue.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await ProcessAsync(tenant, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, e, GetType().Name, tenant);
            }
            finally
            {
                _waiting.TryRemove(tenant, out _);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Work} failed for tenant {Tenant}.")]
        public static partial void Failed(ILogger logger, Exception exception, string work, TenantId tenant);
    }
}
