using System.Buffers;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Values;

namespace Realtime.Postgres.Tests.Values;

public sealed class JsonValueWriterTests(PostgresFixture postgres, SharedDatabases databases)
{
    private const int Rows = 2_000;

    public static TheoryData<string> ScalarTypes =>
    [
        "int2", "int4", "int8", "oid", "numeric", "numeric(12,3)", "float8", "float4", "bool", "text", "varchar(20)", "char(6)", "name", "\"char\"",
        "uuid", "json", "jsonb", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "money", "bit(5)", "varbit", "mood",
        "inet", "cidr", "macaddr", "macaddr8", "point", "box", "circle", "polygon", "path", "lseg", "line", "int4range", "tstzrange",
        "int4multirange", "tsvector", "pg_lsn", "xml", "jsonpath", "positive", "bytes", "short_text", "code",
    ];

    public static TheoryData<string> NestedTypes =>
    [
        "int4[]", "text[]", "numeric[]", "float8[]", "bool[]", "bytea[]", "jsonb[]", "timestamptz[]", "box[]", "char(6)[]", "mood[]", "moods",
        "moods[]", "pair", "pair[]", "pairs", "nested",
    ];

    [Theory]
    [MemberData(nameof(ScalarTypes))]
    [MemberData(nameof(NestedTypes))]
    public async Task Value_is_written_as_to_jsonb_converts_it(string type)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);

        await AssertEqualsDatabaseAsync(connection, RandomValues.Of(type), "to_jsonb(v)");
    }

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("America/St_Johns")]
    public async Task Timestamp_has_the_offset_of_the_session_with_minutes(string zone)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);
        await SharedDatabases.ExecuteAsync(connection, $"set timezone = '{zone}'");

        await AssertEqualsDatabaseAsync(connection, "'0001-06-01 BC'::timestamptz + rnd(4000) * interval '1 year' + rnd(1e6) * interval '1 s'", "to_jsonb(v)");
    }

    [Fact]
    public async Task Bytea_loses_its_prefix()
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);

        await AssertEqualsDatabaseAsync(connection, RandomValues.Of("bytea"), "to_jsonb(encode(v, 'hex'))");
    }

    [Theory]
    [InlineData("numeric")]
    [InlineData("float8")]
    [InlineData("float4")]
    public async Task Number_that_is_none_is_null(string type)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);

        await AssertEqualsDatabaseAsync(connection, $"(array['NaN', 'Infinity', '-Infinity']::{type}[])[1 + i % 3]", "'null'::jsonb");
    }

    [Theory]
    [InlineData("int8", "9223372036854775807", "9223372036854775807")]
    [InlineData("numeric", "1.10", "1.10")]
    [InlineData("numeric", "0.00", "0.00")]
    [InlineData("numeric", "12345678901234567890.12345678901234567890", "12345678901234567890.12345678901234567890")]
    [InlineData("float8", "1e-07", "0.0000001")]
    [InlineData("float8", "1.5e+15", "1500000000000000")]
    [InlineData("float8", "-1.25e-05", "-0.0000125")]
    [InlineData("float8", "-0", "0")]
    [InlineData("bool", "t", "true")]
    [InlineData("text", "null", "\"null\"")]
    [InlineData("text", "", "\"\"")]
    [InlineData("text", "é😀\"\\\n\u0001\u007f", "\"é😀\\\"\\\\\\n\\u0001\u007f\"")]
    [InlineData("bytea", "\\xdeadbeef", "\"deadbeef\"")]
    [InlineData("bytea", "\\x", "\"\"")]
    [InlineData("date", "0044-03-15 BC", "\"0044-03-15 BC\"")]
    [InlineData("timestamp", "2024-06-01 12:00:00.5", "\"2024-06-01T12:00:00.5\"")]
    [InlineData("timestamp", "0044-03-15 12:00:00 BC", "\"0044-03-15T12:00:00 BC\"")]
    [InlineData("timestamptz", "2024-02-29 11:14:15.123456+00", "\"2024-02-29T11:14:15.123456+00:00\"")]
    [InlineData("timestamptz", "0044-03-15 12:00:00-00:01:15 BC", "\"0044-03-15T12:00:00-00:01:15 BC\"")]
    [InlineData("timestamptz", "infinity", "\"infinity\"")]
    [InlineData("interval", "1 year 2 mons 3 days 04:05:06.789", "\"1 year 2 mons 3 days 04:05:06.789\"")]
    [InlineData("jsonb", "null", "null")]
    [InlineData("_text", "{a,\"b \\\"c\\\\\",NULL,\"NULL\",\"\"}", "[\"a\",\"b \\\"c\\\\\",null,\"NULL\",\"\"]")]
    [InlineData("_int4", "[0:1][5:6]={{1,2},{3,NULL}}", "[[1,2],[3,null]]")]
    [InlineData("_numeric", "{NaN,1.0,Infinity}", "[\"NaN\",1.0,\"Infinity\"]")]
    [InlineData("_bytea", "{\"\\\\x01ff\"}", "[\"\\\\x01ff\"]")]
    [InlineData("_box", "{(1,1),(0,0);(2,2),(1,1)}", "[\"(1,1),(0,0)\",\"(2,2),(1,1)\"]")]
    public async Task Value_is_written_literally(string type, string text, string expected)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);
        var columnType = await LoadAsync(connection, type);

        var json = Write(columnType, Encoding.UTF8.GetBytes(text));

        Assert.Equal(expected, json);
    }

    [Theory]
    [InlineData("int4", "abc")]
    [InlineData("int4", "")]
    [InlineData("int4", "1,\"x\":2")]
    [InlineData("numeric", "01")]
    [InlineData("float8", "1e999999999")]
    [InlineData("bool", "true")]
    [InlineData("json", "")]
    [InlineData("_int4", "{1,2")]
    [InlineData("_int4", "{1,,2}")]
    [InlineData("_int4", "{1}x")]
    [InlineData("_int4", "1")]
    [InlineData("_int4", "[0:1]")]
    [InlineData("_int4", "{{{{{{{{1}}}}}}}}")]
    [InlineData("_text", "{\"a")]
    [InlineData("_text", "{\"a\\")]
    [InlineData("int2vector", "1 2")]
    public async Task Text_that_is_none_of_the_type_is_left_to_the_database(string type, string text)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);
        var columnType = await LoadAsync(connection, type);
        var output = new ArrayBufferWriter<byte>();

        var written = JsonValueWriter.TryWrite(output, columnType, Encoding.UTF8.GetBytes(text));

        Assert.False(written);
        Assert.Equal(0, output.WrittenCount);
    }

    [Theory]
    [InlineData("(1,a)")]
    [InlineData("(1,a,2,3)")]
    [InlineData("(1,\"a,2)")]
    [InlineData("1,a,2")]
    [InlineData("()")]
    [InlineData("(1,a,2)x)")]
    public async Task Composite_of_other_attributes_is_left_to_the_database(string text)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);
        var columnType = await LoadAsync(connection, "pair");
        var output = new ArrayBufferWriter<byte>();

        Assert.False(JsonValueWriter.TryWrite(output, columnType, Encoding.UTF8.GetBytes(text)));
        Assert.Equal(0, output.WrittenCount);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("timestamp")]
    [InlineData("bytea")]
    public async Task Bytes_that_are_no_text_still_make_valid_json(string type)
    {
        await using var connection = await databases.OpenAsync(postgres, RandomValues.Setup);
        var columnType = await LoadAsync(connection, type);

        var json = Write(columnType, [0x61, 0xFF, 0x20, 0xC3, 0x22]);

        Assert.Equal(JsonValueKind.String, JsonElement.Parse(json).ValueKind);
    }

    private static async Task AssertEqualsDatabaseAsync(NpgsqlConnection connection, string value, string expected)
    {
        var token = TestContext.Current.CancellationToken;
        await SharedDatabases.ExecuteAsync(connection, RandomValues.Seed);
        var (texts, jsons, types) = (new List<string>(), new List<string>(), new HashSet<uint>());
        await using (var command = new NpgsqlCommand(
            $"select format('%s', v), ({expected})::text, pg_typeof(v)::oid from (select {value} v from generate_series(1, {Rows}) i offset 0) s", connection))
        await using (var reader = await command.ExecuteReaderAsync(token))
        {
            while (await reader.ReadAsync(token))
            {
                texts.Add(reader.GetString(0));
                jsons.Add(reader.GetString(1));
                types.Add(reader.GetFieldValue<uint>(2));
            }
        }

        var catalog = new TypeCatalog();
        await catalog.LoadAsync(connection, types, token);
        Assert.True(catalog.TryGet(Assert.Single(types), out var type));
        Assert.Equal(ValueConversion.Exact, type.Conversion);

        var written = texts.Select(t => Write(type, Encoding.UTF8.GetBytes(t))).ToArray();

        await using var compare = new NpgsqlCommand(
            "select w, e from unnest($1, $2) c(w, e) where (w::jsonb)::text is distinct from (e::jsonb)::text limit 1", connection)
        {
            Parameters = { Texts(written), Texts(jsons) },
        };
        await using var difference = await compare.ExecuteReaderAsync(token);
        Assert.False(await difference.ReadAsync(token), difference.HasRows ? $"wrote {difference.GetString(0)} for {difference.GetString(1)}" : "");
        Assert.Equal(Rows, texts.Count);
    }

    private static NpgsqlParameter Texts(IEnumerable<string> values) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static async Task<ColumnType> LoadAsync(NpgsqlConnection connection, string type)
    {
        await using var command = new NpgsqlCommand("select $1::regtype::oid", connection) { Parameters = { new() { Value = type } } };
        var oid = (uint)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        var catalog = new TypeCatalog();
        await catalog.LoadAsync(connection, [oid], TestContext.Current.CancellationToken);
        return catalog.TryGet(oid, out var columnType) ? columnType : throw new ArgumentException("No such type.", nameof(type));
    }

    private static string Write(ColumnType type, byte[] text)
    {
        var output = new ArrayBufferWriter<byte>();
        return JsonValueWriter.TryWrite(output, type, text)
            ? Encoding.UTF8.GetString(output.WrittenSpan)
            : throw new InvalidOperationException($"{Encoding.UTF8.GetString(text)} was not written as {type}.");
    }
}
