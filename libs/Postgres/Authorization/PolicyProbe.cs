using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Realtime.Contracts.Channels;

namespace Realtime.Postgres.Authorization;

/// <summary>Evaluates the policies of <c>realtime.messages</c> with probe rows that are rolled back (tenant-database.md 7.3, 7.4).</summary>
/// <remarks>Read and write take one round trip each: the whole transaction travels as one batch.</remarks>
internal sealed class PolicyProbe(NpgsqlConnection connection, TimeSpan statementTimeout, TimeProvider time)
{
    private const string InsertReadProbes = """
        insert into realtime.messages (id, topic, extension, inserted_at, updated_at)
        select probe.id, $1, probe.extension, $2, $2 from unnest($3::uuid[], $4::text[]) as probe (id, extension)
        """;

    // The time of the probes prunes all partitions but one; policies cannot tell the difference.
    private const string SelectReadProbes = "select id from realtime.messages where id = any ($1) and inserted_at = $2";

    private const string SetIdentity = """
        select set_config('role', $1, true), set_config('realtime.topic', $2, true), set_config('request.jwt.claims', $3, true),
          set_config('request.jwt.claim.sub', $4, true), set_config('request.jwt.claim.role', $1, true),
          set_config('request.headers', $5, true)
        """;

    // Each insert in a block with a handler of its own is what a savepoint on the wire would be, without its round trips. No
    // RETURNING: it would bring the read policies into play. Only "insufficient privilege" is a verdict, all else is an error.
    private const string InsertWriteProbes = """
        do $probe$
        declare
          extensions text[] := string_to_array(current_setting('realtime.probe_extensions'), ',');
          probed_at timestamp := current_setting('realtime.probe_time')::timestamp;
          probed text;
          granted text := '';
        begin
          foreach probed in array extensions loop
            begin
              insert into realtime.messages (topic, extension, inserted_at, updated_at)
              values (current_setting('realtime.topic'), probed, probed_at, probed_at);
              granted := granted || ',' || probed;
            exception
              when insufficient_privilege then null;
            end;
          end loop;
          perform set_config('realtime.probe_granted', granted, true);
        end
        $probe$
        """;

    private const string Broadcast = "broadcast";
    private const string Presence = "presence";

    /// <returns>The read permissions among those asked that the policies grant.</returns>
    public async Task<ChannelPermissions> ReadAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
    {
        var extensions = ExtensionsOf(request.Check, ChannelPermissions.ReadBroadcast, ChannelPermissions.ReadPresence);
        var ids = Array.ConvertAll(extensions, _ => Guid.NewGuid());
        var now = Now();
        await using var batch = Begin();
        batch.BatchCommands.Add(Command(InsertReadProbes, Text(request.SubTopic), Timestamp(now), new NpgsqlParameter<Guid[]> { TypedValue = ids },
            new NpgsqlParameter<string[]> { TypedValue = extensions }));
        batch.BatchCommands.Add(Identity(request));
        batch.BatchCommands.Add(Command(SelectReadProbes, new NpgsqlParameter<Guid[]> { TypedValue = ids }, Timestamp(now)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("rollback"));

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken); // past the settings
        var granted = ChannelPermissions.None;
        while (await reader.ReadAsync(cancellationToken))
        {
            var index = Array.IndexOf(ids, reader.GetGuid(0));
            granted |= extensions[index] == Broadcast ? ChannelPermissions.ReadBroadcast : ChannelPermissions.ReadPresence;
        }

        await reader.NextResultAsync(cancellationToken); // a failure of the last statements would show here
        return granted;
    }

    /// <returns>The write permissions among those asked that the policies grant.</returns>
    public async Task<ChannelPermissions> WriteAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
    {
        var extensions = ExtensionsOf(request.Check, ChannelPermissions.WriteBroadcast, ChannelPermissions.WritePresence);
        await using var batch = Begin();
        batch.BatchCommands.Add(Command("select set_config('realtime.probe_extensions', $1, true), set_config('realtime.probe_time', $2, true)",
            Text(string.Join(',', extensions)), Text(Now().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture))));
        batch.BatchCommands.Add(Identity(request));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertWriteProbes));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select current_setting('realtime.probe_granted')"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("rollback"));

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken); // past the probe's settings
        await reader.NextResultAsync(cancellationToken); // past the settings
        await reader.ReadAsync(cancellationToken);
        var names = reader.GetString(0).Split(',');
        await reader.NextResultAsync(cancellationToken);
        return (names.Contains(Broadcast) ? ChannelPermissions.WriteBroadcast : ChannelPermissions.None)
            | (names.Contains(Presence) ? ChannelPermissions.WritePresence : ChannelPermissions.None);
    }

    private NpgsqlBatch Begin()
    {
        var milliseconds = (int)statementTimeout.TotalMilliseconds;
        return new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("begin"),
                new NpgsqlBatchCommand(string.Create(CultureInfo.InvariantCulture, $"set local statement_timeout = {milliseconds}")),
            },
        };
    }

    private static NpgsqlBatchCommand Identity(ChannelAuthorizationRequest request) => Command(SetIdentity,
        Text(request.Role), Text(request.SubTopic), Text(request.ClaimsJson), Text(request.Subject ?? ""), Text(request.HeadersJson));

    private static string[] ExtensionsOf(ChannelPermissions check, ChannelPermissions broadcast, ChannelPermissions presence) =>
        (check.HasFlag(broadcast), check.HasFlag(presence)) switch
        {
            (true, true) => [Broadcast, Presence],
            (true, false) => [Broadcast],
            _ => [Presence],
        };

    // Partitions are UTC days and PostgreSQL keeps microseconds.
    private DateTime Now()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return DateTime.SpecifyKind(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)), DateTimeKind.Unspecified);
    }

    private static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter<DateTime> Timestamp(DateTime value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Timestamp };
}
