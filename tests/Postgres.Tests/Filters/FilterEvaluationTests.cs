using System.Text;
using Npgsql;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Tests.Filters;

/// <summary>What filters say about random values must be what the server says about the same expression in SQL.</summary>
public sealed class FilterEvaluationTests(PostgresFixture postgres, SharedDatabases databases)
{
    private const int Rows = 60;
    private const int Constants = 6;

    private static readonly Dictionary<FilterOperator, string> Comparisons = new()
    {
        [FilterOperator.Equal] = "=",
        [FilterOperator.NotEqual] = "<>",
        [FilterOperator.Less] = "<",
        [FilterOperator.LessOrEqual] = "<=",
        [FilterOperator.Greater] = ">",
        [FilterOperator.GreaterOrEqual] = ">=",
        [FilterOperator.IsDistinct] = "is distinct from",
    };

    /// <summary>Type of a column, and how it is compared: e equality without the database, o order as well, d all by the database.</summary>
    public static TheoryData<string, string, char> Columns => new()
    {
        { "small int4", "int4", 'o' },
        { "int2", "int2", 'o' },
        { "int8", "int8", 'o' },
        { "positive", "positive", 'o' },
        { "oid", "oid", 'o' },
        { "numeric", "numeric", 'o' },
        { "numeric(12,3)", "numeric(12,3)", 'o' },
        { "float8", "float8", 'o' },
        { "float4", "float4", 'o' },
        { "bool", "bool", 'o' },
        { "uuid", "uuid", 'o' },
        { "date", "date", 'o' },
        { "time", "time", 'o' },
        { "timestamp", "timestamp", 'o' },
        { "timestamptz", "timestamptz", 'o' },
        { "macaddr", "macaddr", 'o' },
        { "macaddr8", "macaddr8", 'o' },
        { "mood", "mood", 'o' },
        { "text", "text collate \"C\"", 'o' },
        { "text", "text collate \"POSIX\"", 'o' },
        { "text", "text", 'e' },
        { "text", "text collate german", 'e' },
        { "text", "text collate ignoring_case", 'd' },
        { "varchar(20)", "varchar(20)", 'e' },
        { "char(6)", "char(6)", 'e' },
        { "char(6)", "char(6) collate \"C\"", 'o' },
        { "code", "code", 'e' },
        { "short_text", "short_text", 'e' },
        { "name", "name", 'o' },
        { "timetz", "timetz", 'e' },
        { "bit(5)", "bit(5)", 'e' },
        { "varbit", "varbit", 'e' },
        { "interval", "interval", 'd' },
        { "money", "money", 'd' },
        { "jsonb", "jsonb", 'd' },
        { "inet", "inet", 'd' },
        { "cidr", "cidr", 'd' },
        { "int4range", "int4range", 'd' },
        { "pg_lsn", "pg_lsn", 'd' },
        { "int4[]", "int4[]", 'd' },
        { "text[]", "text[]", 'd' },
        { "pair", "pair", 'd' },
        { "tsvector", "tsvector", 'd' },
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public async Task Comparison_is_what_the_server_says(string values, string column, char exactness)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), values, column);
        var constants = await table.ConstantsAsync(values);

        foreach (var (filterOperator, sql) in Comparisons)
        {
            foreach (var constant in constants)
            {
                var truth = await table.TruthAsync($"v {sql} ($1)::{table.TypeName}", constant);
                foreach (var negated in new[] { false, true })
                {
                    var (verdicts, asked) = await table.EvaluateAsync(new FilterCondition("v", filterOperator, constant, negated));

                    Assert.Equal(truth.Select(t => (t ^ negated) == true), verdicts);
                    var isOrdered = sql is "<" or "<=" or ">" or ">=";
                    Assert.Equal(exactness == 'd' || (isOrdered && exactness == 'e'), asked);
                }
            }
        }
    }

    [Theory]
    [InlineData("small int4", "int4")]
    [InlineData("numeric", "numeric")]
    [InlineData("text", "text")]
    [InlineData("char(6)", "char(6)")]
    [InlineData("mood", "mood")]
    [InlineData("positive", "positive")]
    [InlineData("timestamptz", "timestamptz")]
    [InlineData("jsonb", "jsonb")]
    [InlineData("inet", "inet")]
    public async Task List_is_what_the_server_says(string values, string column)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), values, column);
        var constants = await table.ConstantsAsync(values);
        var lists = new List<string> { await table.ListAsync(constants[..1]), await table.ListAsync(constants), await table.ListAsync([constants[0], null]), "{}", "{NULL}" };

        foreach (var list in lists)
        {
            var truth = await table.TruthAsync($"v = any (($1)::{table.TypeName}[])", list);
            foreach (var negated in new[] { false, true })
            {
                var (verdicts, _) = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.In, list, negated));

                Assert.Equal(truth.Select(t => (t ^ negated) == true), verdicts);
            }
        }
    }

    [Theory]
    [InlineData("text", "text", true)]
    [InlineData("text", "text collate \"C\"", true)]
    [InlineData("char(6)", "char(6)", true)]
    [InlineData("name", "name", true)]
    public async Task Pattern_is_what_the_server_says(string values, string column, bool likeIsExact)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), values, column);
        string[] patterns = ["", "%", "_", "__%", "%_a%", "a%", "%é%", "%\\%%", "%\\\\%", "\\a%", "%a%b%", "_😀%", "%_", "%a_%_"];
        var random = (await table.ConstantsAsync(values)).Select(c => c.TrimEnd('\\', ' ')).Select(c => "%" + string.Concat(c.EnumerateRunes().Skip(1)));

        foreach (var pattern in patterns.Concat(random).Where(p => !LikePattern.EndsInEscape(p)))
        {
            foreach (var (filterOperator, sql) in new[] { (FilterOperator.Like, "like"), (FilterOperator.ILike, "ilike") })
            {
                var truth = await table.TruthAsync($"v {sql} ($1)::text", pattern);

                var (verdicts, asked) = await table.EvaluateAsync(new FilterCondition("v", filterOperator, pattern, false));

                Assert.Equal(truth.Select(t => t == true), verdicts);
                Assert.Equal(!likeIsExact || filterOperator == FilterOperator.ILike, asked);
            }
        }
    }

    [Theory]
    [InlineData("^a.*b$")]
    [InlineData("[[:digit:]]+")]
    [InlineData("é|ß")]
    [InlineData("(a|b)\\1")]
    public async Task Regular_expression_is_what_the_server_says(string pattern)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "text", "text");

        foreach (var (filterOperator, sql) in new[] { (FilterOperator.Match, "~"), (FilterOperator.IMatch, "~*") })
        {
            var truth = await table.TruthAsync($"v {sql} ($1)::text", pattern);

            var (verdicts, asked) = await table.EvaluateAsync(new FilterCondition("v", filterOperator, pattern, false));

            Assert.Equal(truth.Select(t => t == true), verdicts);
            Assert.True(asked);
        }
    }

    [Theory]
    [InlineData("null", "v is null")]
    [InlineData("true", "v is true")]
    [InlineData("false", "v is false")]
    [InlineData("unknown", "v is unknown")]
    public async Task Is_is_what_the_server_says(string keyword, string sql)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "bool", "bool");
        var truth = await table.TruthAsync($"{sql} and $1 = ''", "");

        var (verdicts, _) = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Is, keyword, false));
        var (negated, _) = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Is, keyword, true));

        Assert.Equal(truth.Select(t => t == true), verdicts);
        Assert.Equal(truth.Select(t => t != true), negated);
    }

    [Fact]
    public async Task Groups_follow_the_logic_of_three_values()
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "small int4", "int4");
        string[] filters =
        [
            "v=gt.3,v=lt.9", "or(v.lt.-3,v.gt.3)", "not.or=(v.lt.-3,v.gt.3)", "or(v.is.null,v.eq.5)", "not.and=(v.gt.3,v.lt.9)",
            "v=neq.0,or(and(v.gt.3,v.not.in.(4,5)),not.or(v.gte.0,v.eq.-7))", "or(v.not.eq.3,v.in.(3,NULL))", "not.or=(v.eq.3,v.in.(4,NULL))",
        ];
        string[] expected =
        [
            "v > 3 and v < 9", "v < -3 or v > 3", "not (v < -3 or v > 3)", "v is null or v = 5", "not (v > 3 and v < 9)",
            "v <> 0 and ((v > 3 and not v in (4, 5)) or not (v >= 0 or v = -7))", "not v = 3 or v in (3, null)", "not (v = 3 or v in (4, null))",
        ];

        foreach (var (filter, sql) in filters.Zip(expected))
        {
            Assert.True(FilterParser.TryParse(filter, out var parsed, out var error), error);
            var truth = await table.TruthAsync($"({sql}) and $1 = ''", "");

            var (verdicts, asked) = await table.EvaluateAsync(parsed);

            Assert.Equal(truth.Select(t => t == true), verdicts);
            Assert.False(asked);
        }
    }

    [Fact]
    public async Task Question_that_cannot_change_the_result_is_not_asked()
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "text", "text");
        Assert.True(FilterParser.TryParse("v=match.a,v=eq.no row has this", out var parsed, out _));

        var (verdicts, asked) = await table.EvaluateAsync(parsed);

        Assert.DoesNotContain(true, verdicts);
        Assert.False(asked);
    }

    [Theory]
    [InlineData("numeric", "NaN")]
    [InlineData("float8", "Infinity")]
    [InlineData("float4", "-Infinity")]
    [InlineData("jsonb", "null")]
    [InlineData("json", "null")]
    public async Task Value_that_clients_see_as_null_is_null(string type, string text)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "small int4", "int4", $"create temp table other (v {type})");

        var isNull = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Is, "null", false), "other", text);
        var isNotNull = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Is, "null", true), "other", text);

        Assert.Equal((FilterVerdict.Match, FilterVerdict.NoMatch), (isNull, isNotNull));
        if (type != "json")
        {
            Assert.Equal(FilterVerdict.NoMatch, await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Equal, text, false), "other", text));
            Assert.Equal(FilterVerdict.NoMatch, await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Equal, text, true), "other", text));
        }
    }

    [Theory]
    [InlineData("deadbeef", true)]
    [InlineData("\\xdeadbeef", true)]
    [InlineData("\\xDEADBEEF", true)]
    [InlineData("dead", false)]
    public async Task Bytea_is_compared_by_its_digits_or_by_its_bytes(string constant, bool expected)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "small int4", "int4", "create temp table other (v bytea)");

        var verdict = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Equal, constant, false), "other", "\\xdeadbeef");

        Assert.Equal(expected ? FilterVerdict.Match : FilterVerdict.NoMatch, verdict);
    }

    [Theory]
    [InlineData(FilterOperator.Equal, "5")]
    [InlineData(FilterOperator.NotEqual, "5")]
    [InlineData(FilterOperator.IsDistinct, "5")]
    [InlineData(FilterOperator.Is, "null")]
    [InlineData(FilterOperator.In, "{}")]
    public async Task Condition_on_an_absent_column_never_matches(FilterOperator filterOperator, string constant)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "small int4", "int4");
        foreach (var negated in new[] { false, true })
        {
            var filter = await table.CompileAsync(new FilterCondition("v", filterOperator, constant, negated));

            Assert.Equal(FilterVerdict.NoMatch, filter.Evaluate(new RowImage(new RowLayout(["id"]), new[] { ColumnValue.Of("1"u8.ToArray()) })));
            Assert.Equal(FilterVerdict.NoMatch, filter.Evaluate(new RowImage(new RowLayout(["v"]), new[] { ColumnValue.Absent })));
        }
    }

    [Theory]
    [InlineData("yesterday", FilterVerdict.Match)]
    [InlineData("tomorrow", FilterVerdict.NoMatch)]
    public async Task Relative_time_is_read_by_the_database_with_each_question(string constant, FilterVerdict expected)
    {
        await using var table = await Table.CreateAsync(() => databases.OpenAsync(postgres, RandomValues.Setup), "small int4", "int4", "create temp table other (v timestamptz)");
        var now = await table.ScalarAsync("select now()::text");

        var verdict = await table.EvaluateAsync(new FilterCondition("v", FilterOperator.Greater, constant, false), "other", now);

        Assert.Equal(expected, verdict);
    }

    private sealed class Table(NpgsqlConnection connection, IReadOnlyList<ColumnValue> values) : IAsyncDisposable
    {
        private static readonly RowLayout Layout = new(["v"]);
        private readonly FilterCompiler _compiler = new(new TypeCatalog());
        private readonly Dictionary<string, uint> _oids = [];

        public string TypeName { get; private init; } = "";

        public static async Task<Table> CreateAsync(Func<Task<NpgsqlConnection>> open, string values, string column, string more = "")
        {
            var connection = await open();
            await SharedDatabases.ExecuteAsync(connection, RandomValues.Seed +
                $"create temp table t (id int primary key, v {column}); insert into t select i, {RandomValues.Of(values)} from generate_series(1, {Rows}) i;" +
                "insert into t select 0, null; " + (values is "char(6)" or "code" or "name" or "int4[]" or "pair" ? "" : "insert into t select -id, v from t where id > 50;") +
                (values == "jsonb" ? "delete from t where v = 'null';" : "") + more);
            var texts = new List<ColumnValue>();
            await using (var command = new NpgsqlCommand("select case when v is distinct from null then format('%s', v) end from t order by id", connection))
            await using (var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            {
                while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                {
                    texts.Add(reader.IsDBNull(0) ? ColumnValue.Null : ColumnValue.Of(Encoding.UTF8.GetBytes(reader.GetString(0))));
                }
            }

            var type = column.Split(" collate ")[0];
            return new Table(connection, texts) { TypeName = type.Split('(')[0] switch { "char" => "bpchar", "bit" => "pg_catalog.bit", var name => name } };
        }

        /// <summary>Some of the column's values, and some others of its type.</summary>
        public async Task<string[]> ConstantsAsync(string values)
        {
            var texts = new List<string>();
            await using var command = new NpgsqlCommand(
                $"(select format('%s', v) from t where v is distinct from null order by random() limit {Constants / 2}) " +
                $"union all (select format('%s', v) from (select ({RandomValues.Of(values)})::{TypeName} v from generate_series(1, {Constants / 2}) offset 0) s)", connection);
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                texts.Add(reader.GetString(0));
            }

            return [.. texts];
        }

        public async Task<string> ListAsync(string?[] constants)
        {
            await using var command = new NpgsqlCommand("select ($1::text[])::text", connection) { Parameters = { new() { Value = constants } } };
            return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        }

        public async Task<string> ScalarAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        }

        /// <summary>The server's own answer for each row.</summary>
        public async Task<IReadOnlyList<bool?>> TruthAsync(string expression, string constant)
        {
            var truth = new List<bool?>();
            await using var command = new NpgsqlCommand($"select {expression.Replace("$1", "$1::text", StringComparison.Ordinal)} from t order by id", connection)
            {
                Parameters = { new() { Value = constant } },
            };
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                truth.Add(reader.IsDBNull(0) ? null : reader.GetBoolean(0));
            }

            return truth;
        }

        public Task<CompiledFilter> CompileAsync(FilterCondition condition) => CompileAsync(new FilterGroup(false, [condition]), "t");

        public Task<(IReadOnlyList<bool> Verdicts, bool Asked)> EvaluateAsync(FilterCondition condition) =>
            EvaluateAsync(new FilterGroup(false, [condition]));

        public async Task<(IReadOnlyList<bool> Verdicts, bool Asked)> EvaluateAsync(FilterGroup group)
        {
            var filter = await CompileAsync(group, "t");
            var batch = new DatabaseFilterBatch();
            foreach (var value in values)
            {
                filter.Ask(Row(value), batch);
            }

            var asked = !batch.IsEmpty;
            await batch.ExecuteAsync(connection, TestContext.Current.CancellationToken);
            Assert.Empty(batch.Failures);
            return ([.. values.Select(v => filter.Evaluate(Row(v), batch) == FilterVerdict.Match)], asked);
        }

        public async Task<FilterVerdict> EvaluateAsync(FilterCondition condition, string table, string text)
        {
            var filter = await CompileAsync(new FilterGroup(false, [condition]), table);
            var row = Row(ColumnValue.Of(Encoding.UTF8.GetBytes(text)));
            var batch = new DatabaseFilterBatch();
            filter.Ask(row, batch);
            await batch.ExecuteAsync(connection, TestContext.Current.CancellationToken);
            return filter.Evaluate(row, batch);
        }

        public ValueTask DisposeAsync() => connection.DisposeAsync();

        private static RowImage Row(ColumnValue value) => new(Layout, new[] { value });

        private async Task<CompiledFilter> CompileAsync(FilterGroup group, string table)
        {
            if (!_oids.TryGetValue(table, out var oid))
            {
                await using var command = new NpgsqlCommand("select $1::regclass::oid", connection) { Parameters = { new() { Value = table } } };
                _oids.Add(table, oid = (uint)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
            }

            var compilation = await _compiler.CompileAsync(connection, oid, "supabase_admin", group, null, TestContext.Current.CancellationToken);
            Assert.Null(compilation.Error);
            return compilation.Filter!;
        }
    }
}
