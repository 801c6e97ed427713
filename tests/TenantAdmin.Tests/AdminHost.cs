using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;
using Realtime.Hosting.InProcess;
using Realtime.Testing;

namespace Realtime.TenantAdmin.Tests;

/// <summary>The service on Kestrel and a database of its own, with an operator's client.</summary>
internal sealed class AdminHost : IAsyncDisposable
{
    public const string ApiSecret = "operator-secret";
    public const string EcbKey = "1234567890123456";
    public const string GcmKey = "12345678901234567890123456789012";

    private readonly WebApplication _app;

    private AdminHost(WebApplication app, string database, string connectionString)
    {
        (_app, Database, ConnectionString) = (app, database, connectionString);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", OperatorToken.Sign(ApiSecret));
    }

    public HttpClient Client { get; }

    public string Database { get; }

    /// <summary>Of the control database, with the control schema in its path.</summary>
    public string ConnectionString { get; }

    public IServiceProvider Services => _app.Services;

    public ProbingMigrations Migrations => (ProbingMigrations)Services.GetRequiredService<ITenantMigrations>();

    public RecordingSink Bus { get; } = new();

    public RecordedLogs Logs => Services.GetRequiredService<RecordedLogs>();

    public static Task<AdminHost> StartAsync(Databases databases, params (string Name, string? Value)[] settings) =>
        StartOnAsync(databases, database: null, settings);

    /// <summary>Starts on a database that exists already, or a new one.</summary>
    public static async Task<AdminHost> StartOnAsync(Databases databases, string? database, params (string Name, string? Value)[] settings)
    {
        var token = TestContext.Current.CancellationToken;
        var server = databases.Server;
        database ??= await server.CreateDatabaseAsync(token);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        var realtime = Settings(server, database, settings);
        builder.AddRealtimeHosting(realtime);
        builder.Logging.ClearProviders();
        builder.Services.AddRouting().AddSingleton<RecordedLogs>().AddSingleton<ILoggerProvider>(p => p.GetRequiredService<RecordedLogs>());
        builder.AddTenantAdmin(realtime);
        builder.Services.AddSingleton<INodeBus, InProcessNodeBus>()
            .AddSingleton<INodeDirectory, InProcessNodeDirectory>()
            .AddSingleton<ITenantMigrations, ProbingMigrations>();
        var app = builder.Build();
        app.UseRealtimeHosting();
        app.MapTenantAdmin();
        await app.PrepareTenantAdminAsync(token);
        await app.StartAsync(token);
        var host = new AdminHost(app, database, new NpgsqlConnectionStringBuilder(server.ConnectionString(database)) { SearchPath = "_realtime" }.ConnectionString);
        host.Services.GetRequiredService<INodeBus>().Subscribe(NodeId.New("test"), host.Bus);
        return host;
    }

    /// <summary>The environment of a host on a database.</summary>
    public static RealtimeSettings Settings(PostgresServer server, string database, params (string Name, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["PORT"] = "0",
            ["LISTEN_ADDRESS"] = "127.0.0.1",
            ["DB_HOST"] = server.Host,
            ["DB_PORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["DB_NAME"] = database,
            ["DB_USER"] = PostgresServer.User,
            ["DB_PASSWORD"] = PostgresServer.Password,
            ["DB_ENC_KEY"] = EcbKey,
            ["API_JWT_SECRET"] = ApiSecret,
            ["REGION"] = "eu-west-2",
        };
        foreach (var (name, value) in settings)
        {
            values[name] = value;
        }

        return RealtimeSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    /// <summary>A complete tenant whose database is this host's own; anonymous objects to add or replace fields.</summary>
    public Dictionary<string, object?> Tenant(params (string Field, object? Value)[] fields)
    {
        var tenant = new Dictionary<string, object?>
        {
            ["jwt_secret"] = "s3cr3t-acme",
            ["extensions"] = new[] { new { type = "postgres_cdc_rls", settings = ExtensionSettings() } },
        };
        foreach (var (field, value) in fields)
        {
            tenant[field] = value;
        }

        return tenant;
    }

    public Dictionary<string, object?> ExtensionSettings(params (string Key, object? Value)[] settings)
    {
        var target = new NpgsqlConnectionStringBuilder(ConnectionString);
        var result = new Dictionary<string, object?>
        {
            ["region"] = "eu-west-2",
            ["db_host"] = target.Host,
            ["db_port"] = target.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["db_name"] = target.Database,
            ["db_user"] = target.Username,
            ["db_password"] = target.Password,
            ["ssl_enforced"] = false,
        };
        foreach (var (key, value) in settings)
        {
            result[key] = value;
        }

        return result;
    }

    public Task<Answer> PutAsync(string externalId, object? tenant) =>
        SendAsync(HttpMethod.Put, $"/api/tenants/{Uri.EscapeDataString(externalId)}", JsonContent.Create(new { tenant }));

    public Task<Answer> PostAsync(object? tenant) => SendAsync(HttpMethod.Post, "/api/tenants", JsonContent.Create(new { tenant }));

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> SendJsonAsync(HttpMethod method, string path, string json) =>
        SendAsync(method, path, new StringContent(json, Encoding.UTF8, "application/json"));

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, body, response.Headers.Location?.OriginalString, response.Content.Headers.ContentType?.ToString());
    }

    /// <summary>Creates a tenant and forgets the news of it.</summary>
    public async Task CreateAsync(string externalId, params (string Field, object? Value)[] fields)
    {
        var answer = await PutAsync(externalId, Tenant(fields));
        Assert.Equal(201, answer.Status);
        Bus.Take();
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>What a request got back.</summary>
internal sealed record Answer(int Status, string Body, string? Location, string? ContentType)
{
    public JsonElement Json => JsonElement.Parse(Body);
}
