using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Messages;

namespace Realtime.Postgres.TenantSchema;

/// <summary>Makes a tenant's database ready before its first use: room for our connections, schema, partitions (tenant-database.md 10.1).</summary>
/// <remarks>
/// Done once per process and set of database settings, by one caller while the others wait for it, and again for the partitions
/// every few hours. A failure to connect is not remembered, the next caller tries again; a failed migration is, for some seconds,
/// because it costs the database much and will hardly go away by itself. Thread-safe.
/// </remarks>
public sealed partial class TenantPreparation(
    TenantDataSources connections, ITenantMigrations migrations, MessagePartitions partitions, TimeProvider time, ILogger<TenantPreparation> logger)
{
    /// <summary>Longest wait of a caller; the preparation itself goes on.</summary>
    public static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan MigrationPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PartitionsLast = TimeSpan.FromHours(6); // they reach three days ahead

    private readonly ConcurrentDictionary<TenantId, Preparation> _preparations = [];

    /// <summary>Returns when the database is ready.</summary>
    /// <exception cref="TenantDatabaseUnavailableException">It cannot be made ready, or not within <see cref="WaitLimit"/>.</exception>
    public ValueTask EnsureAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        if (_preparations.TryGetValue(tenant.Id, out var current) && current.Database == tenant.Database
            && current.Ready.IsCompletedSuccessfully && time.GetElapsedTime(current.StartedAt) < PartitionsLast)
        {
            return ValueTask.CompletedTask;
        }

        return new ValueTask(WaitAsync(tenant, cancellationToken));
    }

    /// <summary>Prepares the database anew at its next use.</summary>
    public void Forget(TenantId tenant) => _preparations.TryRemove(tenant, out _);

    private async Task WaitAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        var preparation = _preparations.AddOrUpdate(tenant.Id,
            static (_, start) => start.Self.Start(start.Tenant, previous: null),
            static (_, current, start) => start.Self.Replace(current, start.Tenant), (Self: this, Tenant: tenant));
        try
        {
            await preparation.Ready.WaitAsync(WaitLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TenantDatabaseInitializingException(tenant.Id);
        }
    }

    private Preparation Replace(Preparation current, TenantConfig tenant)
    {
        if (current.Database != tenant.Database)
        {
            return Start(tenant, previous: null);
        }

        var age = time.GetElapsedTime(current.StartedAt);
        var isStale = current.Ready.Status switch
        {
            TaskStatus.RanToCompletion => age >= PartitionsLast,
            TaskStatus.Faulted => current.Ready.Exception!.InnerException is not TenantMigrationException || age >= MigrationPause,
            TaskStatus.Canceled => true,
            _ => false,
        };
        return isStale ? Start(tenant, current) : current;
    }

    // Lazy: of two callers that race in AddOrUpdate only the one whose entry stays runs its preparation.
    private Preparation Start(TenantConfig tenant, Preparation? previous)
    {
        var onlyPartitions = previous is { Ready.IsCompletedSuccessfully: true };
        return new Preparation(tenant.Database, time.GetTimestamp(), new Lazy<Task>(() => Task.Run(() => RunAsync(tenant, onlyPartitions))));
    }

    private async Task RunAsync(TenantConfig tenant, bool onlyPartitions)
    {
        using var limit = new CancellationTokenSource(RunLimit, time);
        try
        {
            if (!onlyPartitions)
            {
                await EnsureRoomAsync(tenant, limit.Token);
                await migrations.RunAsync(tenant, limit.Token);
            }

            await partitions.CreateAsync(tenant, limit.Token);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            throw new TenantDatabaseUnavailableException(tenant.Id, exception.Message, exception);
        }
    }

    private async Task EnsureRoomAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        await using var probe = await connections.OpenAsync(tenant, TenantConnectionPurpose.Probe, cancellationToken);
        try
        {
            await FreeConnections.EnsureAsync(tenant.Id, tenant.Database!, probe.Connection, cancellationToken);
        }
        catch (TooManyTenantConnectionsException exception)
        {
            Log.LackOfConnections(logger, tenant.Id, exception.Message);
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "DatabaseLackOfConnections: {Tenant}: {Reason}")]
        public static partial void LackOfConnections(ILogger logger, TenantId tenant, string reason);
    }

    private sealed record Preparation(TenantDatabase? Database, long StartedAt, Lazy<Task> Run)
    {
        public Task Ready => Run.Value;
    }
}
