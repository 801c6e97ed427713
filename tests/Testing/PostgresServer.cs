using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Testcontainers.PostgreSql;

namespace Realtime.Testing;

/// <summary>
/// A private PostgreSQL with <c>wal_level=logical</c> on a free loopback port: from the server binaries of the machine, or from a
/// container where there are none. One per test assembly; each test makes its own database in it.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Settings =
        "-c wal_level=logical -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_senders=40 " +
        "-c max_replication_slots=40 -c max_connections=300 -c shared_buffers=64MB -c logging_collector=off";

    private readonly string? _directory;
    private readonly string? _binaries;
    private readonly PostgreSqlContainer? _container;
    private int _databases;

    private PostgresServer(string? directory, string? binaries, PostgreSqlContainer? container, int port, string host)
    {
        (_directory, _binaries, _container, Port, Host) = (directory, binaries, container, port, host);
    }

    /// <summary>Superuser of the server; <c>supabase_admin</c> as on the platform.</summary>
    public const string User = "supabase_admin";

    /// <summary>Password of <see cref="User"/>.</summary>
    public const string Password = "postgres";

    /// <summary>Where it listens.</summary>
    public string Host { get; }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Connection string of one of its databases.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = Host, Port = Port, Username = User, Password = Password, Database = database, Pooling = false, IncludeErrorDetail = true,
    }.ConnectionString;

    /// <summary>Starts a server; it is gone with <see cref="DisposeAsync"/> or, at the latest, with this process's temporary folder.</summary>
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken = default)
    {
        if (FindBinaries() is { } binaries)
        {
            var port = FreePort();
            var directory = Directory.CreateTempSubdirectory("realtime-pg-").FullName;
            if (Environment.UserName == "root")
            {
                await RunAsync("chown", ["postgres", directory], cancellationToken);
            }

            await RunAsPostgresAsync(Path.Combine(binaries, "initdb"),
                ["-D", $"{directory}/data", "-U", User, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"], cancellationToken);
            var server = new PostgresServer(directory, binaries, null, port, "127.0.0.1");
            await server.StartProcessAsync(cancellationToken);
            return server;
        }

        var container = new PostgreSqlBuilder("postgres:15").WithUsername(User).WithPassword(Password).WithDatabase("postgres")
            .WithCommand(Settings.Split(' ')).Build();
        await container.StartAsync(cancellationToken);
        return new PostgresServer(null, null, container, container.GetMappedPublicPort(5432), container.Hostname);
    }

    /// <summary>Creates an empty database with a name of its own.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}");
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"create database {name}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return name;
    }

    /// <summary>Stops the server at once, as a crash would: connections break, nothing is flushed.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _container is not null
        ? _container.StopAsync(cancellationToken)
        : RunAsPostgresAsync(Path.Combine(_binaries!, "pg_ctl"), ["-D", $"{_directory}/data", "-m", "immediate", "-w", "stop"], cancellationToken);

    /// <summary>Starts it again on the same port after <see cref="StopAsync"/>.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _container is not null
        ? _container.StartAsync(cancellationToken)
        : StartProcessAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            await _container.DisposeAsync();
            return;
        }

        try
        {
            await StopAsync();
        }
        catch (InvalidOperationException)
        {
            // A test stopped it already.
        }

        try
        {
            Directory.Delete(_directory!, recursive: true);
        }
        catch (IOException)
        {
            // The temporary folder goes with the machine's own clean-up.
        }
    }

    private Task StartProcessAsync(CancellationToken cancellationToken) => RunAsPostgresAsync(
        Path.Combine(_binaries!, "pg_ctl"),
        ["-D", $"{_directory}/data", "-l", $"{_directory}/log", "-w", "-t", "60",
            "-o", $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_directory} {Settings}", "start"],
        cancellationToken);

    private static string? FindBinaries() =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql")
                .OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var version) ? version : 0)
                .Select(d => Path.Combine(d, "bin")).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            : null;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // PostgreSQL refuses to run as root, so root runs it as the user that the distribution's package made.
    private static Task RunAsPostgresAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        Environment.UserName == "root"
            ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments], cancellationToken)
            : RunAsync(program, arguments, cancellationToken);

    private static async Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        // pg_ctl's server inherits the pipes and would hold them open: its output goes to a file and ours is not read to the end.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "out=$(mktemp); \"$@\" >\"$out\" 2>&1 </dev/null; rc=$?; cat \"$out\"; rm -f \"$out\"; exit $rc", "sh", program, .. arguments])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = "/tmp",
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {output}");
        }
    }
}
