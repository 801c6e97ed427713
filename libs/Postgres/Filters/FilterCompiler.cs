using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Errors;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>Binds the filter and the column selection of a subscription to a table, with the checks of protocol.md 7.3.</summary>
/// <param name="types">Types of the same database.</param>
public sealed class FilterCompiler(TypeCatalog types)
{
    /// <summary>Most elements in the list of an <c>in</c> condition.</summary>
    public const int MaxListElements = 100;

    private const int TimeoutSeconds = 10;

    private const string ColumnsQuery = """
        select a.attname::text, a.atttypid,
            case when a.attcollation not in (0, 100) then pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname) end,
            coalesce(c.collisdeterministic, true) and d.encoding <> 0,
            d.encoding = 6 and case
                when a.attcollation = 100 then coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'b'
                    or coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' and d.datcollate in ('C', 'POSIX')
                else c.collprovider = 'b' or c.collprovider = 'c' and c.collcollate in ('C', 'POSIX') end
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_database d on d.datname = pg_catalog.current_database()
        left join pg_catalog.pg_collation c on c.oid = a.attcollation
        left join pg_catalog.pg_namespace n on n.oid = c.collnamespace
        where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
            and pg_catalog.has_column_privilege($2::pg_catalog.name, a.attrelid, a.attnum, 'SELECT')
        """;

    /// <summary>Checks and binds a filter and a selection for a table.</summary>
    /// <param name="connection">An open, idle connection to the tenant's database, outside of a transaction.</param>
    /// <param name="table">Oid of the table.</param>
    /// <param name="role">Role of the subscriber's token; only columns that it may SELECT exist for it.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="select">Names of columns; null for all.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>The filter, or the error for <see cref="RegistrationErrors.Refused"/>.</returns>
    /// <remarks>
    /// Two round trips, one when there is no filter. Throws <see cref="NpgsqlException"/> when the database, and not the
    /// subscription, is to blame.
    /// </remarks>
    public async Task<FilterCompilation> CompileAsync(
        NpgsqlConnection connection, uint table, string role, FilterGroup filter, IReadOnlyList<string>? select, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        try
        {
            var columns = await ReadColumnsAsync(connection, table, role, filter, cancellationToken);
            var checks = new FilterChecks(filter, columns);
            var conditions = await checks.RunAsync(connection, cancellationToken);
            return checks.Error is { } error ? new(null, error)
                : select?.FirstOrDefault(c => !columns.ContainsKey(c)) is { } unknown
                    ? new(null, DatabaseErrorText.Raised($"invalid column for select {unknown}"))
                : new(new CompiledFilter(filter, conditions), null);
        }
        catch (PostgresException e) when (DatabaseErrorText.IsCausedByStatement(e))
        {
            return new(null, DatabaseErrorText.Of(e));
        }
    }

    // Only the types of columns in the filter are loaded: a table may have hundreds of others.
    private async Task<Dictionary<string, FilterColumn?>> ReadColumnsAsync(
        NpgsqlConnection connection, uint table, string role, FilterGroup filter, CancellationToken cancellationToken)
    {
        var filtered = FilterChecks.ConditionsOf(filter).Select(c => c.Column).ToHashSet(StringComparer.Ordinal);
        var columns = new Dictionary<string, FilterColumn?>(StringComparer.Ordinal);
        var found = new List<(string Name, uint Type, string? Collation, bool Equality, bool Order)>();
        await using (var command = new NpgsqlCommand(ColumnsQuery, connection) { CommandTimeout = TimeoutSeconds })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = table, NpgsqlDbType = NpgsqlDbType.Oid });
            command.Parameters.Add(new NpgsqlParameter { Value = role, NpgsqlDbType = NpgsqlDbType.Text });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var name = reader.GetString(0);
                columns.Add(name, null);
                if (filtered.Contains(name))
                {
                    found.Add((name, reader.GetFieldValue<uint>(1), reader.IsDBNull(2) ? null : reader.GetString(2),
                        reader.GetBoolean(3), !reader.IsDBNull(4) && reader.GetBoolean(4)));
                }
            }
        }

        await types.LoadAsync(connection, found.Select(c => c.Type), cancellationToken);
        foreach (var (name, oid, collation, equality, order) in found)
        {
            columns[name] = types.TryGet(oid, out var type) ? new FilterColumn(name, type, collation, equality, order) : null;
        }

        return columns;
    }
}

/// <summary>Result of compiling: exactly one of the two is given.</summary>
/// <param name="Filter">The filter.</param>
/// <param name="Error">As <c>ERROR P0001 (raise_exception) …</c>.</param>
public sealed record FilterCompilation(CompiledFilter? Filter, string? Error);
