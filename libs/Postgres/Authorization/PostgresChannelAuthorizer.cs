using System.Text;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Postgres.Authorization;

/// <summary>Asks the policies of <c>realtime.messages</c> in the tenant's database (tenant-database.md section 7).</summary>
/// <remarks>
/// The role is set for the transaction only, and always: without a role, or with <c>none</c>, PostgreSQL would evaluate as the
/// server's own login, so those are refused here. Equal requests at the same time share one evaluation.
/// </remarks>
/// <param name="findTenant">The tenant's settings, cached by the caller; null when there is no such tenant.</param>
/// <param name="preparation">Makes the database ready before its first use.</param>
/// <param name="connections">Where connections come from.</param>
/// <param name="time">Clock of the probe rows.</param>
/// <param name="logger">For operators.</param>
public sealed partial class PostgresChannelAuthorizer(
    Func<TenantId, CancellationToken, ValueTask<TenantConfig?>> findTenant, TenantPreparation preparation, TenantDataSources connections,
    TimeProvider time, ILogger<PostgresChannelAuthorizer> logger) : IChannelAuthorizer
{
    /// <summary>Longest run of one statement. Shorter than the wait for a connection, so that a policy that hangs does not fail those behind it.</summary>
    public static readonly TimeSpan StatementTimeout = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan TransactionTimeout = TimeSpan.FromSeconds(15);
    private static readonly Encoding StrictUtf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    private readonly SharedEvaluations _evaluations = new();
    private long _evaluationCount;

    /// <summary>Evaluations that reached the database.</summary>
    internal long EvaluationCount => Interlocked.Read(ref _evaluationCount);

    /// <inheritdoc/>
    public async ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
    {
        if (request.Check == ChannelPermissions.None)
        {
            return default;
        }

        if (string.IsNullOrEmpty(request.Role) || request.Role == "none")
        {
            return Failure(ChannelAuthorizationError.PolicyError, "the token names no role");
        }

        if (!IsText(request))
        {
            return Failure(ChannelAuthorizationError.PolicyError, "topic, claims or headers are not valid text");
        }

        return await _evaluations.GetAsync(request, EvaluateAsync, cancellationToken);
    }

    private async Task<ChannelAuthorization> EvaluateAsync(ChannelAuthorizationRequest request, Action started)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60), time); // above the sum of all waits below
        try
        {
            if (await findTenant(request.Tenant, limit.Token) is not { } tenant)
            {
                return Failure(ChannelAuthorizationError.DatabaseUnavailable, "there is no such tenant");
            }

            await preparation.EnsureAsync(tenant, limit.Token);
            try
            {
                return await ProbeAsync(tenant, request, started, limit.Token);
            }
            catch (NpgsqlException exception) when (PostgresFailure.IsConnectionLost(exception))
            {
                // Idle connections die with the server they led to; a fresh one may work.
                return await ProbeAsync(tenant, request, started, limit.Token);
            }
        }
        catch (Exception exception)
        {
            var failure = ErrorOf(exception);
            Log.Failed(logger, request.Tenant, failure.Error, exception.Message);
            return failure;
        }
    }

    private async Task<ChannelAuthorization> ProbeAsync(
        TenantConfig tenant, ChannelAuthorizationRequest request, Action started, CancellationToken cancellationToken)
    {
        await using var lease = await connections.OpenAsync(tenant, TenantConnectionPurpose.General, cancellationToken);
        using var limit = new CancellationTokenSource(TransactionTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        started();
        Interlocked.Increment(ref _evaluationCount);
        try
        {
            var probe = new PolicyProbe(lease.Connection, StatementTimeout, time);
            var granted = ChannelPermissions.None;
            if ((request.Check & (ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence)) != 0)
            {
                granted |= await probe.ReadAsync(request, both.Token);
            }

            if ((request.Check & (ChannelPermissions.WriteBroadcast | ChannelPermissions.WritePresence)) != 0)
            {
                granted |= await probe.WriteAsync(request, both.Token);
            }

            return new ChannelAuthorization(granted, ChannelAuthorizationError.None, null);
        }
        catch (PostgresException exception) when (!PostgresFailure.IsConnectionLost(exception))
        {
            await RollBackAsync(lease, cancellationToken);
            throw;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            lease.DiscardPool();
            throw;
        }
    }

    // The batch stopped before its own rollback.
    private static async Task RollBackAsync(TenantConnection lease, CancellationToken cancellationToken)
    {
        await using var rollback = new NpgsqlCommand("rollback", lease.Connection);
        await rollback.ExecuteNonQueryAsync(cancellationToken);
    }

    private static ChannelAuthorization ErrorOf(Exception exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } canceled =>
            Failure(ChannelAuthorizationError.QueryCanceled, canceled.MessageText),
        PostgresException { SqlState: PostgresErrorCodes.CheckViolation, TableName: "messages" } missing =>
            Failure(ChannelAuthorizationError.MissingPartition, missing.MessageText),
        NpgsqlException lost when PostgresFailure.IsConnectionLost(lost) => Failure(ChannelAuthorizationError.DatabaseUnavailable, lost.Message),
        PostgresException policy => Failure(ChannelAuthorizationError.PolicyError, policy.MessageText),
        NpgsqlException { InnerException: TimeoutException } late => Failure(ChannelAuthorizationError.QueryCanceled, late.Message),
        OperationCanceledException late => Failure(ChannelAuthorizationError.QueryCanceled, late.Message),
        TenantDatabaseInitializingException initializing => Failure(ChannelAuthorizationError.DatabaseInitializing, initializing.Message),
        TooManyTenantConnectionsException full => Failure(ChannelAuthorizationError.TooManyConnections, full.Message),
        TenantConnectRateLimitedException limited => Failure(ChannelAuthorizationError.ConnectRateLimited, limited.Message),
        TenantPoolExhaustedException exhausted => Failure(ChannelAuthorizationError.PoolExhausted, exhausted.Message),
        TenantDatabaseUnavailableException or NpgsqlException or TenantStoreUnavailableException =>
            Failure(ChannelAuthorizationError.DatabaseUnavailable, exception.Message),
        _ => Failure(ChannelAuthorizationError.Failed, exception.Message),
    };

    private static ChannelAuthorization Failure(ChannelAuthorizationError error, string detail) => new(ChannelPermissions.None, error, detail);

    // PostgreSQL has no text with NUL, and lone surrogates have no UTF-8.
    private static bool IsText(ChannelAuthorizationRequest request)
    {
        try
        {
            foreach (var text in (ReadOnlySpan<string?>)[request.SubTopic, request.Role, request.Subject, request.ClaimsJson, request.HeadersJson])
            {
                if (text is not null && (text.Contains('\0') || StrictUtf8.GetByteCount(text) < 0))
                {
                    return false;
                }
            }

            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        // The caller answers for it and knows the code; what an operator must mend is logged where it is found.
        [LoggerMessage(1, LogLevel.Debug, "Policies of {Tenant} gave no verdict ({Error}): {Reason}")]
        public static partial void Failed(ILogger logger, TenantId tenant, ChannelAuthorizationError error, string reason);
    }
}
