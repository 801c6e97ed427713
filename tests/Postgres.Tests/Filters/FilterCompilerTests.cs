using Npgsql;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Tests.Filters;

public sealed class FilterCompilerTests(PostgresFixture postgres, SharedDatabases databases) : IAsyncLifetime
{
    private const string Schema = """
        create extension if not exists citext;
        create extension if not exists hstore;
        create domain d as int constraint d_check check (value < 10);
        create domain n as int not null;
        create type "My Type" as enum ('a', 'b''c');
        create type pair as (x int, y text);
        create table t (id int primary key, name text, code varchar(5), letter char(3), flag bool, small d, needed n, doc json, docb jsonb, spot point,
            bin bytea, ci citext, kind "My Type", tags text[], duo pair, attributes hstore, at timestamptz, "odd ""name" int, secret text, x xml);
        create role filter_reader;
        revoke all on t from filter_reader;
        grant select (id, name) on t to filter_reader;
        """;

    private readonly FilterCompiler _compiler = new(new TypeCatalog());
    private NpgsqlConnection? _connection;
    private uint _table;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _connection = await databases.OpenAsync(postgres, Schema);
        await using var command = new NpgsqlCommand("select 't'::regclass::oid", _connection);
        _table = (uint)(await command.ExecuteScalarAsync(Token))!;
    }

    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData("nope=eq.1", "ERROR P0001 (raise_exception) invalid column for filter nope")]
    [InlineData("id =eq.1", "ERROR P0001 (raise_exception) invalid column for filter id ")]
    [InlineData("ctid=eq.1", "ERROR P0001 (raise_exception) invalid column for filter ctid")]
    [InlineData("id=eq.hey", "ERROR 22P02 (invalid_text_representation) invalid input syntax for type integer: \"hey\"")]
    [InlineData("id=eq.", "ERROR 22P02 (invalid_text_representation) invalid input syntax for type integer: \"\"")]
    [InlineData("id=isdistinct.x", "ERROR 22P02 (invalid_text_representation) invalid input syntax for type integer: \"x\"")]
    [InlineData("id=eq.99999999999", "ERROR 22003 (numeric_value_out_of_range) value \"99999999999\" is out of range for type integer")]
    [InlineData("id=in.(\"1,2)", "ERROR 22P02 (invalid_text_representation) malformed array literal: \"{\"1,2}\"\n\nUnexpected end of input.")]
    [InlineData("small=eq.20", "ERROR 23514 (check_violation) value for domain d violates check constraint \"d_check\"\n\n    constraint: d_check")]
    [InlineData("name=is.nil", "ERROR P0001 (raise_exception) invalid value for is filter: must be null, true, false, or unknown")]
    [InlineData("name=is.NULL", "ERROR P0001 (raise_exception) invalid value for is filter: must be null, true, false, or unknown")]
    [InlineData("name=is.true", "ERROR P0001 (raise_exception) is true filter requires a boolean column, got text")]
    [InlineData("id=not.is.unknown", "ERROR P0001 (raise_exception) is unknown filter requires a boolean column, got integer")]
    [InlineData("id=like.1%", "ERROR P0001 (raise_exception) operator like requires a text-compatible column type, got integer")]
    [InlineData("code=like.a%", "ERROR P0001 (raise_exception) operator like requires a text-compatible column type, got character varying")]
    [InlineData("code=ilike.a%", "ERROR P0001 (raise_exception) operator ilike requires a text-compatible column type, got character varying")]
    [InlineData("letter=match.a", "ERROR P0001 (raise_exception) operator match requires a text-compatible column type, got character")]
    [InlineData("kind=imatch.a", "ERROR P0001 (raise_exception) operator imatch requires a text-compatible column type, got \"My Type\"")]
    [InlineData("name=match.(", "ERROR P0001 (raise_exception) invalid regular expression for match filter: invalid regular expression: parentheses () not balanced")]
    [InlineData("name=imatch.[", "ERROR P0001 (raise_exception) invalid regular expression for imatch filter: invalid regular expression: brackets [] not balanced")]
    [InlineData("name=like.a\\", "ERROR 22025 (invalid_escape_sequence) LIKE pattern must not end with escape character")]
    [InlineData("kind=eq.c", "ERROR 22P02 (invalid_text_representation) invalid input value for enum \"My Type\": \"c\"")]
    [InlineData("doc=eq.{}", "ERROR 42883 (undefined_function) operator does not exist: json = json")]
    [InlineData("spot=eq.(1,2)", "ERROR 42883 (undefined_function) operator does not exist: point = point")]
    [InlineData("x=in.(a)", "ERROR 42883 (undefined_function) operator does not exist: xml = xml")]
    [InlineData("bin=ilike.a", "ERROR 42883 (undefined_function) operator does not exist: bytea ~~* bytea")]
    [InlineData("tags=in.({a})", "ERROR 42883 (undefined_function) operator does not exist: text[] = text")]
    [InlineData("id=eq.a,nope=eq.1", "ERROR 22P02 (invalid_text_representation) invalid input syntax for type integer: \"a\"")]
    [InlineData("nope=eq.1,id=eq.a", "ERROR P0001 (raise_exception) invalid column for filter nope")]
    [InlineData("flag=is.null,or(id.eq.1,id.eq.a)", "ERROR 22P02 (invalid_text_representation) invalid input syntax for type integer: \"a\"")]
    [InlineData("name=eq.\0", "ERROR 22021 (character_not_in_repertoire) invalid byte sequence for encoding \"UTF8\": 0x00")]
    public async Task Filter_that_is_bad_for_the_table_is_refused(string filter, string expected)
    {
        var compilation = await CompileAsync(filter);

        Assert.Null(compilation.Filter);
        Assert.Equal(expected, compilation.Error);
    }

    [Theory]
    [InlineData("id=eq. 5 ")]
    [InlineData("name=like.a%,name=ilike._,name=match.^a,name=imatch.b")]
    [InlineData("letter=like.a%,ci=like.a%,ci=match.a,bin=like.a%")]
    [InlineData("flag=is.true,flag=not.is.unknown,tags=is.null,doc=is.null,duo=is.null")]
    [InlineData("small=eq.5,needed=in.(1,2),kind=gt.\"b'c\"")]
    [InlineData("tags=eq.{a},duo=eq.\"(1,a)\",docb=eq.{},id=in.()")]
    [InlineData("odd \"name=eq.1")]
    [InlineData("at=gt.yesterday,at=lt.infinity")]
    [InlineData("or(id.eq.1,and(name.like.a%,not.or(id.gt.5,flag.is.true)))")]
    [InlineData("attributes=eq.a=>1,attributes=is.null")]
    public async Task Filter_that_the_table_can_answer_is_compiled(string filter)
    {
        var compilation = await CompileAsync(filter);

        Assert.Null(compilation.Error);
        Assert.NotNull(compilation.Filter);
    }

    [Theory]
    [InlineData(100, null)]
    [InlineData(101, "ERROR P0001 (raise_exception) too many values for `in` filter. Maximum 100")]
    public async Task List_of_more_than_100_values_is_refused(int count, string? expected)
    {
        var compilation = await CompileAsync($"id=in.({string.Join(',', Enumerable.Range(1, count))})");

        Assert.Equal(expected, compilation.Error);
    }

    [Theory]
    [InlineData("filter_reader", "id=eq.1", null, null)]
    [InlineData("filter_reader", "secret=eq.1", null, "ERROR P0001 (raise_exception) invalid column for filter secret")]
    [InlineData("filter_reader", "", "secret", "ERROR P0001 (raise_exception) invalid column for select secret")]
    [InlineData("filter_reader", "", "id,name", null)]
    [InlineData("supabase_admin", "", "id,nope", "ERROR P0001 (raise_exception) invalid column for select nope")]
    [InlineData("supabase_admin", "nope=eq.1", "nope2", "ERROR P0001 (raise_exception) invalid column for filter nope")]
    [InlineData("who is this", "", null, "ERROR 42704 (undefined_object) role \"who is this\" does not exist")]
    [InlineData("x'; drop table t; --", "", null, "ERROR 42704 (undefined_object) role \"x'; drop table t; --\" does not exist")]
    public async Task Columns_are_those_that_the_role_may_read(string role, string filter, string? select, string? expected)
    {
        var compilation = await CompileAsync(filter, role, select?.Split(','));

        Assert.Equal(expected, compilation.Error);
    }

    [Theory]
    [InlineData("name=eq.'; drop table t; --")]
    [InlineData("name=in.(\"'; drop table t; --\",\"$1\",\"}')\")")]
    [InlineData("name=match.'; drop table t; --")]
    [InlineData("name=eq.\\'; drop table t; --")]
    [InlineData("kind=in.(\"b'c\")")]
    [InlineData("tags=eq.{\"'; drop table t; --\"}")]
    public async Task Value_that_looks_like_sql_stays_a_value(string filter)
    {
        var compilation = await CompileAsync(filter);
        var row = new RowImage(
            new RowLayout(["name", "kind", "tags"]),
            new[] { ColumnValue.Of("'; drop table t; --"u8.ToArray()), ColumnValue.Of("b'c"u8.ToArray()), ColumnValue.Of("{\"'; drop table t; --\"}"u8.ToArray()) });
        var batch = new DatabaseFilterBatch();
        compilation.Filter!.Ask(row, batch);
        await batch.ExecuteAsync(_connection!, Token);

        var verdict = compilation.Filter.Evaluate(row, batch);

        Assert.Empty(batch.Failures);
        Assert.Equal(filter.Contains('\\', StringComparison.Ordinal) ? FilterVerdict.NoMatch : FilterVerdict.Match, verdict);
        Assert.Null((await CompileAsync("id=eq.1")).Error);
    }

    [Fact]
    public async Task Question_that_fails_hurts_no_other()
    {
        var filters = new[] { "at=gt.yesterday", "kind=neq.a", "name=match.^x", "tags=eq.{x}" };
        var layout = new RowLayout(["at", "kind", "name", "tags"]);
        var row = new RowImage(layout, new[]
        {
            ColumnValue.Of("2999-01-01 00:00:00+00"u8.ToArray()), ColumnValue.Of("b'c"u8.ToArray()),
            ColumnValue.Of("xyz"u8.ToArray()), ColumnValue.Of("this is no array"u8.ToArray()),
        });
        var compiled = new List<CompiledFilter>();
        foreach (var filter in filters)
        {
            compiled.Add((await CompileAsync(filter)).Filter!);
        }

        var batch = new DatabaseFilterBatch();
        compiled.ForEach(f => f.Ask(row, batch));
        await batch.ExecuteAsync(_connection!, Token);

        Assert.Equal(
            [FilterVerdict.Match, FilterVerdict.Match, FilterVerdict.Match, FilterVerdict.NoMatch], compiled.Select(f => f.Evaluate(row, batch)));
        Assert.StartsWith("ERROR 22P02 (invalid_text_representation) malformed array literal", Assert.Single(batch.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Same_question_about_the_same_value_is_asked_once()
    {
        var (one, other) = ((await CompileAsync("name=match.a")).Filter!, (await CompileAsync("name=match.a,id=eq.1")).Filter!);
        var row = new RowImage(new RowLayout(["id", "name"]), new[] { ColumnValue.Of("1"u8.ToArray()), ColumnValue.Of("abc"u8.ToArray()) });
        var batch = new DatabaseFilterBatch();

        one.Ask(row, batch);
        other.Ask(row, batch);
        one.Ask(row, batch);

        Assert.Equal(1, batch.Count);
    }

    [Fact]
    public async Task Type_with_a_cast_to_json_of_its_own_needs_the_database()
    {
        var catalog = new TypeCatalog();
        await using var command = new NpgsqlCommand("select 'hstore'::regtype::oid, 'hstore[]'::regtype::oid, 'citext'::regtype::oid", _connection);
        uint[] oids;
        await using (var reader = await command.ExecuteReaderAsync(Token))
        {
            await reader.ReadAsync(Token);
            oids = [.. Enumerable.Range(0, 3).Select(reader.GetFieldValue<uint>), 4_000_000_000];
        }

        await catalog.LoadAsync(_connection!, oids, Token);

        Assert.Equal(
            [ValueConversion.NeedsDatabase, ValueConversion.NeedsDatabase, ValueConversion.Exact],
            oids[..3].Select(o => catalog.TryGet(o, out var type) ? type.Conversion : default));
        Assert.False(catalog.TryGet(oids[3], out _));
    }

    private async Task<FilterCompilation> CompileAsync(string filter, string role = "supabase_admin", IReadOnlyList<string>? select = null)
    {
        Assert.True(FilterParser.TryParse(filter, out var parsed, out var error), error);
        return await _compiler.CompileAsync(_connection!, _table, role, parsed, select, Token);
    }
}
