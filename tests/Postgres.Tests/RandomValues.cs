namespace Realtime.Postgres.Tests;

/// <summary>SQL that makes random values of every family of types; the schema of <see cref="Setup"/> must be in the database.</summary>
internal static class RandomValues
{
    /// <summary>Types and functions used by the expressions, and a fixed seed.</summary>
    public const string Setup = """
        select setseed(0.42);
        create function rnd(n float8) returns int language sql volatile as 'select floor(random() * n)::int';
        create function rnd_text() returns text language plpgsql volatile as $$
        declare
            alphabet text[] := array['a','b','B','0','"','\','''',',','{','}','(',')','[',' ','  ','NULL','null',E'\n',E'\t',E'\x01','é','ß','€','😀','%','_','/',':'];
            result text := '';
        begin
            for i in 1..rnd(7) loop result := result || alphabet[1 + rnd(array_length(alphabet, 1))]; end loop;
            return result;
        end $$;
        create function rnd_time() returns timestamp language sql volatile as $$
            select case rnd(20) when 0 then 'infinity'::timestamp when 1 then '-infinity' when 2 then '0044-03-15 12:00:00 BC' when 3 then '4713-01-01 00:00:00 BC'
                when 4 then '294276-12-31 23:59:59.999999' when 5 then '2024-02-29 00:00:00' when 6 then '0001-01-01' when 7 then '0001-12-31 23:59:59.5 BC'
                else '2000-01-01'::timestamp + (random() - 0.5) * interval '3000 years' + rnd(3) * interval '0.5 s' end $$;
        create function rnd_number() returns numeric language sql volatile as $$
            select case rnd(10) when 0 then 0::numeric when 1 then 0.00 when 2 then 1.10 when 3 then -1.1 when 4 then 1.1
                else round(((random() - 0.5) * power(10, rnd(30)))::numeric, rnd(8)) end $$;
        create function rnd_float() returns float8 language sql volatile as $$
            select case rnd(12) when 0 then 0::float8 when 1 then '-0'::float8 when 2 then 1e15 when 3 then 1e300 when 4 then 1e-7 when 5 then 5e-324 when 6 then 0.1
                else (random() - 0.5) * power(10::float8, rnd(60) - 30) end $$;
        create function rnd_json() returns jsonb language sql volatile as $$
            select case rnd(6) when 0 then to_jsonb(rnd_text()) when 1 then to_jsonb(rnd_number()) when 2 then 'null'::jsonb when 3 then '{}'
                else jsonb_build_object(rnd_text(), rnd_number(), 'k', jsonb_build_array(rnd_text(), null, true), 'a', jsonb_build_object('x', '')) end $$;
        create type mood as enum ('sad', 'ok', 'he said "hi", \o/', 'Ä');
        create type pair as (x int, "y ""q"" w" text, z numeric);
        create type nested as (p pair, list text[], at timestamptz, b bytea);
        create domain positive as int check (value > 0);
        create domain bytes as bytea;
        create domain short_text as text;
        create domain code as char(4);
        create domain moods as mood[];
        create domain pairs as pair;
        """;

    /// <summary>An SQL expression for a random value.</summary>
    public static string Of(string type) => type switch
    {
        "int2" => "(rnd(65536) - 32768)::int2",
        "int4" => "((random() - 0.5) * 4294967294)::int",
        "int8" => "case rnd(4) when 0 then 9223372036854775807 when 1 then (-9223372036854775807 - 1) else ((random() - 0.5) * 1e18)::int8 end",
        "small int4" => "(rnd(40) - 20)",
        "positive" => "(1 + rnd(50))::positive",
        "oid" => "(rnd(100000)::int8 * 40000)::oid",
        "numeric" => "rnd_number()",
        "numeric(12,3)" => "(random() * 1e8)::numeric(12,3)",
        "float8" => "rnd_float()",
        "float4" => "(case when abs(rnd_float()) < 1e30 then 1 else 0 end * (random() - 0.5) * power(10, rnd(50) - 25))::float4",
        "bool" => "random() < 0.5",
        "text" => "rnd_text()",
        "varchar(20)" => "left(rnd_text(), 20)::varchar(20)",
        "char(6)" => "left(rnd_text(), 6)::char(6)",
        "code" => "left(rnd_text(), 4)::code",
        "name" => "rnd_text()::name",
        "\"char\"" => "left(translate(rnd_text(), 'éß€😀', ''), 1)::\"char\"",
        "short_text" => "rnd_text()::short_text",
        "bytea" => "decode(md5(random()::text), 'hex')",
        "small bytea" => "decode(left(md5(random()::text), 2), 'hex')",
        "bytes" => "decode(left(md5(random()::text), 2 * rnd(5)), 'hex')::bytes",
        "uuid" => "md5(random()::text)::uuid",
        "json" => "(rnd_json()::text)::json",
        "jsonb" => "rnd_json()",
        "date" => "case rnd(30) when 0 then 'infinity'::date when 1 then '0044-03-15 BC' when 2 then '12024-03-15' else '2000-01-01'::date + rnd(800000) - 400000 end",
        "time" => "case rnd(20) when 0 then '24:00'::time else ('00:00'::time + random() * interval '24 hours')::time(3) end",
        "timetz" => "('00:00'::time + random() * interval '24 hours')::time(3) at time zone (interval '1 hour' * (rnd(20) - 10) + interval '15 min' * rnd(2))",
        "timestamp" => "rnd_time()",
        "timestamptz" => "rnd_time()::timestamptz",
        "interval" => "(random() - 0.5) * interval '3 years 4 mons 700 days 03:04:05.678901'",
        "money" => "((random() - 0.5) * 1e6)::numeric(12,2)::money",
        "bit(5)" => "rnd(32)::bit(5)",
        "varbit" => "substring(rnd(256)::bit(8), 1, rnd(9))::varbit",
        "mood" => "(enum_range(null::mood))[1 + rnd(4)]",
        "inet" => "case when random() < 0.5 then ('10.0.0.0'::inet + rnd(1e9)) else set_masklen('2001:db8::'::inet + rnd(1e9), rnd(129)) end",
        "cidr" => "set_masklen('10.0.0.0'::cidr, 8 + rnd(24))",
        "macaddr" => "left(md5(random()::text), 12)::macaddr",
        "macaddr8" => "left(md5(random()::text), 16)::macaddr8",
        "point" => "point(rnd_float(), rnd(100))",
        "box" => "box(point(rnd(10), rnd(10)), point(rnd(10), random()))",
        "circle" => "circle(point(rnd(10), rnd(10)), random())",
        "polygon" => "polygon(box(point(rnd(10), rnd(10)), point(rnd(10), 0)))",
        "path" => "path(polygon(box(point(rnd(10), rnd(10)), point(rnd(10), 0))))",
        "lseg" => "lseg(point(rnd(10), 1), point(2, rnd(9)))",
        "line" => "line(point(rnd(10), 1), point(-2, rnd(9)))",
        "int4range" => "case rnd(4) when 0 then 'empty' else int4range(rnd(10), 10 + rnd(10)) end",
        "tstzrange" => "tstzrange('2024-01-01', '2024-01-02'::timestamptz + rnd(1000) * interval '1 h')",
        "int4multirange" => "int4multirange(int4range(rnd(5), 6), int4range(8, 9 + rnd(5)))",
        "tsvector" => "to_tsvector('simple', rnd_text())",
        "pg_lsn" => "('0/' || to_hex(rnd(1e9)))::pg_lsn",
        "xml" => "xmlelement(name x, translate(rnd_text(), E'\\x01', ''))",
        "jsonpath" => "'$.a[*] ? (@ > 1)'::jsonpath",
        "int4[]" => "case rnd(5) when 0 then '{}' when 1 then '[0:1]={7,null}' when 2 then '[2:3][-1:0]={{1,2},{3,null}}' else array[rnd(100), null, -rnd(9)] end",
        "text[]" => "case rnd(5) when 0 then '{}' when 1 then array[[rnd_text(), null], ['NULL', '']] else array[rnd_text(), rnd_text(), null] end",
        "numeric[]" => "array[rnd_number(), 'NaN', 'Infinity', '-Infinity']",
        "float8[]" => "array[rnd_float(), 'NaN', 'Infinity', '-Infinity']",
        "bool[]" => "array[random() < 0.5, null]",
        "bytea[]" => "array[decode(left(md5(random()::text), 2 * rnd(5)), 'hex')]",
        "jsonb[]" => "array[rnd_json(), rnd_json()]",
        "timestamptz[]" => "array[rnd_time()::timestamptz, null]",
        "box[]" => "array[box(point(rnd(10), rnd(10)), point(rnd(10), 1)), box(point(0, 0), point(1, 1))]",
        "char(6)[]" => "array[left(rnd_text(), 6)::char(6)]",
        "mood[]" => "array[(enum_range(null::mood))[1 + rnd(4)], null]",
        "moods" => "array[(enum_range(null::mood))[1 + rnd(4)], null]::moods",
        "moods[]" => "array[array[(enum_range(null::mood))[1 + rnd(4)]]::moods, null]::moods[]",
        "pair" => "row(rnd(100), case when random() < 0.8 then rnd_text() end, rnd_number())::pair",
        "pair[]" => "array[row(rnd(100), rnd_text(), 'NaN')::pair, null]",
        "pairs" => "row(null, rnd_text(), rnd_number())::pairs",
        "nested" => "row(row(rnd(100), rnd_text(), null)::pair, array[rnd_text(), null], rnd_time(), decode(left(md5(random()::text), 2 * rnd(5)), 'hex'))::nested",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown type."),
    };
}
