using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Postgres.Messages;

/// <summary>Reads stored broadcasts from <c>realtime.messages</c> (tenant-database.md 9.4).</summary>
/// <param name="findTenant">The tenant's settings, cached by the caller; null when there is no such tenant.</param>
/// <param name="preparation">Makes the database ready before its first use.</param>
/// <param name="connections">Where connections come from.</param>
/// <param name="logger">For operators.</param>
public sealed partial class PostgresReplayStore(
    Func<TenantId, CancellationToken, ValueTask<TenantConfig?>> findTenant, TenantPreparation preparation, TenantDataSources connections,
    ILogger<PostgresReplayStore> logger) : IReplayStore
{
    private const int QueryTimeoutSeconds = 5;

    // Rows of one transaction have the same time: their command number tells the order of its statements, and the place in the
    // table that of the rows of one statement. The upper bound keeps the partitions of the coming days out of the plan.
    private const string SelectNewest = """
        select id, event, payload::text, binary_payload
        from realtime.messages
        where topic = $1 and private is true and extension = 'broadcast'
          and inserted_at >= $2 and inserted_at < (now() at time zone 'utc') + interval '1 minute'
        order by inserted_at desc, cmin::text::bigint desc, ctid desc
        limit $3
        """;

    /// <inheritdoc/>
    public async ValueTask<ReplayResult> ReplayAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        if (request.SubTopic.Contains('\0'))
        {
            return new ReplayResult([], ReplayError.None, null); // no stored topic has a NUL
        }

        try
        {
            if (await findTenant(request.Tenant, cancellationToken) is not { } tenant)
            {
                return new ReplayResult([], ReplayError.Failed, "there is no such tenant");
            }

            await preparation.EnsureAsync(tenant, cancellationToken);
            try
            {
                return await ReadAsync(tenant, request, cancellationToken);
            }
            catch (NpgsqlException exception) when (PostgresFailure.IsConnectionLost(exception))
            {
                // Idle connections die with the server they led to; a fresh one may work.
                return await ReadAsync(tenant, request, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, request.Tenant, exception.Message);
            var canceled = exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } or NpgsqlException { InnerException: TimeoutException };
            return new ReplayResult([], canceled ? ReplayError.QueryCanceled : ReplayError.Failed, exception.Message);
        }
    }

    private async Task<ReplayResult> ReadAsync(TenantConfig tenant, ReplayRequest request, CancellationToken cancellationToken)
    {
        await using var lease = await connections.OpenAsync(tenant, TenantConnectionPurpose.General, cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand(SelectNewest, lease.Connection) { CommandTimeout = QueryTimeoutSeconds };
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = request.SubTopic });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = TimeOf(request.SinceUnixMilliseconds), NpgsqlDbType = NpgsqlDbType.Timestamp });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Math.Clamp(request.Limit, 1, IReplayStore.MaxLimit) });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            List<StoredBroadcast> messages = [];
            while (await reader.ReadAsync(cancellationToken))
            {
                messages.Add(Read(reader));
            }

            messages.Reverse();
            return new ReplayResult(messages, ReplayError.None, null);
        }
        catch (NpgsqlException exception) when (PostgresFailure.IsConnectionLost(exception))
        {
            lease.DiscardPool();
            throw;
        }
    }

    private static StoredBroadcast Read(NpgsqlDataReader row)
    {
        var (id, userEvent) = (row.GetGuid(0).ToString(), row.IsDBNull(1) ? null : row.GetString(1));
        if (!row.IsDBNull(3))
        {
            return new StoredBroadcast(id, userEvent, row.GetFieldValue<byte[]>(3), IsBinary: true);
        }

        var json = row.IsDBNull(2) ? "null"u8.ToArray() : Encoding.UTF8.GetBytes(row.GetString(2));
        return new StoredBroadcast(id, userEvent, CompactJson.Compact(json), IsBinary: false);
    }

    // Clamped to the years 1 to 9999; a time before all messages is as good as any other.
    private static DateTime TimeOf(long unixMilliseconds) => DateTime.SpecifyKind(
        DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(unixMilliseconds, -62_135_596_800_000, 253_402_300_799_999)), DateTimeKind.Unspecified);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "UnableToReplayMessages: {Tenant}: {Reason}")]
        public static partial void Failed(ILogger logger, TenantId tenant, string reason);
    }
}
