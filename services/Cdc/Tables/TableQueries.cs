using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Values;

namespace Realtime.Cdc.Tables;

/// <summary>What the catalog of a tenant's database says about published tables.</summary>
internal static class TableQueries
{
    private const int TimeoutSeconds = 10;

    private const string PublishedQuery =
        """
        select c.oid, p.schemaname::text, p.tablename::text
        from pg_catalog.pg_publication_tables p
        join pg_catalog.pg_namespace n on n.nspname = p.schemaname
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
        where p.pubname = $1
        order by c.oid
        """;

    private const string PublicationQuery = "select p.pubname::text from pg_catalog.pg_publication p where p.pubname = any($1)";

    private const string RoleQuery = "select r.rolname::text from pg_catalog.pg_roles r where r.rolname = any($1)";

    // Key: only the columns that make the key unique, not those of an INCLUDE.
    private const string ColumnQuery =
        """
        select c.oid, n.nspname::text, c.relname::text, c.relrowsecurity, a.attname::text, a.atttypid,
               coalesce(a.attnum = any ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]), false),
               array(select r.rolname::text from pg_catalog.pg_roles r
                     where r.rolname = any($2) and pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT'))
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
        where c.oid = any($1)
        order by c.oid, a.attnum
        """;

    /// <summary>The tables of a publication; none when it does not exist.</summary>
    public static async Task<PublishedTable[]> ReadPublishedAsync(
        NpgsqlConnection connection, string publication, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(PublishedQuery, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.Add(new NpgsqlParameter { Value = publication, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tables = new List<PublishedTable>();
        while (await reader.ReadAsync(cancellationToken))
        {
            tables.Add(new PublishedTable(reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetString(2)));
        }

        return [.. tables];
    }

    /// <summary>Those of the named publications that exist.</summary>
    public static async Task<ImmutableArray<string>> ReadPublicationsAsync(
        NpgsqlConnection connection, IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
        [.. await ReadNamesAsync(connection, PublicationQuery, names, cancellationToken)];

    /// <summary>Reads tables, their types and the privileges of some roles. A table that does not exist any more is missing in the result.</summary>
    public static async Task<TableSnapshot> ReadTablesAsync(
        NpgsqlConnection connection, IReadOnlyCollection<uint> ids, IReadOnlyCollection<string> roles, CancellationToken cancellationToken)
    {
        var readAt = Stopwatch.GetTimestamp();
        var types = new TypeCatalog();
        var existing = await ReadNamesAsync(connection, RoleQuery, roles, cancellationToken);
        var rows = new List<ColumnRow>();
        await using (var command = new NpgsqlCommand(ColumnQuery, connection) { CommandTimeout = TimeoutSeconds })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
            command.Parameters.Add(new NpgsqlParameter { Value = roles.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(new ColumnRow(
                    reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.GetString(4),
                    reader.GetFieldValue<uint>(5), reader.GetBoolean(6), reader.GetFieldValue<string[]>(7)));
            }
        }

        await types.LoadAsync(connection, rows.Select(r => r.TypeId), cancellationToken);
        return new TableSnapshot(
            readAt,
            ids.ToHashSet(),
            rows.GroupBy(r => r.TableId).ToDictionary(t => t.Key, t => ToModel([.. t], types, existing)),
            roles.ToHashSet(StringComparer.Ordinal));
    }

    private static TableModel ToModel(ColumnRow[] rows, TypeCatalog types, IEnumerable<string> roles) => new(
        rows[0].TableId,
        rows[0].Schema,
        rows[0].Table,
        rows[0].RowSecurity,
        [.. rows.Where(r => types.TryGet(r.TypeId, out _)).Select(r => new TableColumn(r.Name, TypeOf(types, r.TypeId), r.IsKey))],
        roles.ToFrozenDictionary(
            role => role,
            role => rows.Where(r => r.Readers.Contains(role)).Select(r => r.Name).ToFrozenSet(StringComparer.Ordinal),
            StringComparer.Ordinal));

    private static ColumnType TypeOf(TypeCatalog types, uint id) =>
        types.TryGet(id, out var type) ? type : throw new InvalidOperationException($"Type {id} is not loaded.");

    private static async Task<List<string>> ReadNamesAsync(
        NpgsqlConnection connection, string query, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(query, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.Add(new NpgsqlParameter { Value = names.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private sealed record ColumnRow(
        uint TableId, string Schema, string Table, bool RowSecurity, string Name, uint TypeId, bool IsKey, string[] Readers);
}

/// <summary>Some tables as the catalog had them at one moment.</summary>
/// <param name="ReadAt">Timestamp of before they were read.</param>
/// <param name="Ids">The tables that were asked about, whether they exist or not.</param>
/// <param name="Models">By OID.</param>
/// <param name="Roles">The roles that were asked about, whether they exist or not.</param>
internal sealed record TableSnapshot(
    long ReadAt, IReadOnlySet<uint> Ids, IReadOnlyDictionary<uint, TableModel> Models, IReadOnlySet<string> Roles);

/// <summary>A table of a publication.</summary>
internal readonly record struct PublishedTable(uint Id, string Schema, string Name);
