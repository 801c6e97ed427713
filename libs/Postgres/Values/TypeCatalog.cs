using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Npgsql;
using NpgsqlTypes;

namespace Realtime.Postgres.Values;

/// <summary>The types of one tenant's database, read when first met and kept until <see cref="Clear"/>. Thread-safe.</summary>
public sealed class TypeCatalog
{
    private const int TimeoutSeconds = 10;

    // Follows elements, bases and attributes, so one round trip answers for everything that a type is made of.
    private const string Query = """
        with recursive wanted(oid) as (
            select unnest($1::pg_catalog.oid[])
            union
            select part.oid from wanted join pg_catalog.pg_type t on t.oid = wanted.oid cross join lateral (
                select t.typelem where t.typelem <> 0
                union all select t.typbasetype where t.typbasetype <> 0
                union all select a.atttypid from pg_catalog.pg_attribute a
                    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) part(oid))
        select t.oid, t.typname::text, pg_catalog.format_type(t.oid, null),
            pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname),
            (select pg_catalog.quote_ident(an.nspname) || '.' || pg_catalog.quote_ident(a.typname)
                from pg_catalog.pg_type a join pg_catalog.pg_namespace an on an.oid = a.typnamespace where a.oid = t.typarray),
            t.typtype::text, t.typdelim::text, t.typbasetype,
            case when t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc then t.typelem else 0 end,
            exists (select from pg_catalog.pg_cast c where c.castsource = t.oid and c.casttarget = 114 and c.castmethod = 'f'),
            exists (select from pg_catalog.pg_operator o where o.oprname = '~~' and o.oprleft = t.oid),
            exists (select from pg_catalog.pg_operator o where o.oprname = '~' and o.oprleft = t.oid and o.oprright = t.oid and o.oprresult = 16),
            exists (select from pg_catalog.pg_operator o where o.oprname = '~*' and o.oprleft = t.oid and o.oprright = t.oid and o.oprresult = 16),
            array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder),
            array(select a.attname::text from pg_catalog.pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid
                and a.attnum > 0 and not a.attisdropped order by a.attnum),
            array(select a.atttypid from pg_catalog.pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid
                and a.attnum > 0 and not a.attisdropped order by a.attnum)
        from wanted join pg_catalog.pg_type t on t.oid = wanted.oid join pg_catalog.pg_namespace n on n.oid = t.typnamespace
        """;

    private readonly ConcurrentDictionary<uint, ColumnType> _types = new();

    /// <summary>The type, when it was loaded before.</summary>
    public bool TryGet(uint oid, [NotNullWhen(true)] out ColumnType? type) => _types.TryGetValue(oid, out type);

    /// <summary>Forgets all types, so that changed ones are read again when they are next asked for.</summary>
    public void Clear() => _types.Clear();

    /// <summary>Reads those of the types that are not known yet, with one query for all of them.</summary>
    /// <param name="connection">An open, idle connection to the tenant's database.</param>
    /// <param name="oids">Types that may be known already. One that does not exist any more is skipped.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task LoadAsync(NpgsqlConnection connection, IEnumerable<uint> oids, CancellationToken cancellationToken)
    {
        var unknown = oids.Where(oid => !_types.ContainsKey(oid)).Distinct().ToArray();
        if (unknown.Length == 0)
        {
            return;
        }

        var rows = new Dictionary<uint, TypeRow>();
        await using var command = new NpgsqlCommand(Query, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.Add(new NpgsqlParameter { Value = unknown, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid });
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var row = TypeRow.Read(reader);
                rows[row.Oid] = row;
            }
        }

        foreach (var oid in unknown)
        {
            _ = Build(oid, rows);
        }
    }

    private ColumnType? Build(uint oid, Dictionary<uint, TypeRow> rows)
    {
        if (_types.TryGetValue(oid, out var known))
        {
            return known;
        }

        // Removing the row first ends every cycle that a damaged catalog could hold.
        if (!rows.Remove(oid, out var row))
        {
            return null;
        }

        var element = row.Element != 0 ? Build(row.Element, rows) : null;
        var parent = row.Base != 0 ? Build(row.Base, rows) : null;
        var attributes = row.AttributeNames.Zip(row.AttributeTypes, (name, type) => (Name: name, Type: Build(type, rows))).ToArray();
        var complete = Array.TrueForAll(attributes, a => a.Type is not null);
        var type = new ColumnType
        {
            Oid = row.Oid,
            Name = row.Name,
            SqlName = row.SqlName,
            QuotedName = row.QuotedName,
            QuotedArrayName = row.Element != 0 ? row.QuotedName : row.QuotedArrayName,
            Element = element ?? parent?.Element,
            Base = parent?.Storage,
            Attributes = parent?.Attributes ?? (complete ? [.. attributes.Select(a => new CompositeField(a.Name, a.Type!))] : []),
            Labels = parent?.Labels ?? [.. row.Labels],
            Format = complete ? row.FormatOf(element, parent) : ValueFormat.Database,
            Delimiter = (byte)row.Delimiter,
            Operators = row.Operators,
        };
        return _types.GetOrAdd(oid, type);
    }

    private sealed record TypeRow(uint Oid, string Name, string SqlName, string QuotedName, string? QuotedArrayName)
    {
        public required char Kind { get; init; }
        public required char Delimiter { get; init; }
        public required uint Base { get; init; }
        public required uint Element { get; init; }
        public required bool HasJsonCast { get; init; }
        public required TypeOperators Operators { get; init; }
        public required string[] Labels { get; init; }
        public required string[] AttributeNames { get; init; }
        public required uint[] AttributeTypes { get; init; }

        public static TypeRow Read(NpgsqlDataReader reader) => new(
            reader.GetFieldValue<uint>(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.IsDBNull(4) ? null : reader.GetString(4))
        {
            Kind = reader.GetChar(5),
            Delimiter = reader.GetChar(6),
            Base = reader.GetFieldValue<uint>(7),
            Element = reader.GetFieldValue<uint>(8),
            HasJsonCast = reader.GetBoolean(9),
            Operators = (reader.GetBoolean(10) ? TypeOperators.Like : 0) | (reader.GetBoolean(11) ? TypeOperators.Match : 0)
                | (reader.GetBoolean(12) ? TypeOperators.MatchIgnoringCase : 0),
            Labels = reader.GetFieldValue<string[]>(13),
            AttributeNames = reader.GetFieldValue<string[]>(14),
            AttributeTypes = reader.GetFieldValue<uint[]>(15),
        };

        public ValueFormat FormatOf(ColumnType? element, ColumnType? parent) => (Kind, Oid) switch
        {
            (_, WellKnownTypes.Int2 or WellKnownTypes.Int4 or WellKnownTypes.Int8) => ValueFormat.Integer,
            (_, WellKnownTypes.Numeric) => ValueFormat.Numeric,
            (_, WellKnownTypes.Float4 or WellKnownTypes.Float8) => ValueFormat.Float,
            (_, WellKnownTypes.Boolean) => ValueFormat.Boolean,
            (_, WellKnownTypes.Bytea) => ValueFormat.Bytea,
            (_, WellKnownTypes.Json or WellKnownTypes.Jsonb) => ValueFormat.Json,
            (_, WellKnownTypes.Timestamp) => ValueFormat.Timestamp,
            (_, WellKnownTypes.TimestampTz) => ValueFormat.TimestampWithZone,
            // Their text is not that of an array although they are converted like one.
            (_, WellKnownTypes.Int2Vector or WellKnownTypes.OidVector) => ValueFormat.Database,
            // A domain over bytea keeps its \x; every other domain is converted like its base.
            ('d', _) => parent?.Format switch { null => ValueFormat.Database, ValueFormat.Bytea => ValueFormat.Text, var format => format.Value },
            ('c', _) => ValueFormat.Composite,
            ('p', _) => ValueFormat.Database,
            _ when HasJsonCast => ValueFormat.Database,
            _ when Element != 0 => element is null ? ValueFormat.Database : ValueFormat.Array,
            _ => ValueFormat.Text,
        };
    }
}
