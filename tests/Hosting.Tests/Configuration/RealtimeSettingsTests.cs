using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tests.Configuration;

public sealed class RealtimeSettingsTests
{
    private static readonly string[] NumberNames =
    [
        "PORT", "MAX_CONNECTIONS", "MAX_HEADER_LENGTH", "DB_PORT", "DB_POOL_SIZE", "DB_QUEUE_TARGET", "TENANT_MAX_BYTES_PER_SECOND",
        "TENANT_MAX_CHANNELS_PER_CLIENT", "TENANT_MAX_CONCURRENT_USERS", "TENANT_MAX_EVENTS_PER_SECOND", "TENANT_MAX_JOINS_PER_SECOND",
        "TENANT_CACHE_EXPIRATION_IN_MS", "CONNECT_ERROR_BACKOFF_MS", "CHANNEL_ERROR_BACKOFF_MS", "NO_CHANNEL_TIMEOUT_IN_MS",
        "WEBSOCKET_MAX_HEAP_SIZE", "SOCKET_OUTBOX_MESSAGES", "CLIENT_PRESENCE_MAX_CALLS", "CLIENT_PRESENCE_WINDOW_MS",
    ];

    private static readonly string[] OtherNames =
    [
        "DB_SSL", "DB_ENC_WRITE_GCM", "DISABLE_HEALTHCHECK_LOGGING", "DB_IP_VERSION", "DB_ENC_KEY", "DB_ENC_KEY_GCM", "DB_HOST", "DB_NAME", "DB_USER",
        "DB_PASSWORD", "DB_SSL_CA_CERT", "DB_AFTER_CONNECT_QUERY", "LISTEN_ADDRESS", "REALTIME_IP_VERSION", "APP_NAME", "REGION", "API_JWT_SECRET",
        "API_JWT_SECRET_NEXT", "API_JWT_JWKS", "API_TOKEN_BLOCKLIST", "METRICS_JWT_SECRET", "METRICS_TOKEN_BLOCKLIST", "JWT_CLAIM_VALIDATORS",
        "SEED_SELF_HOST", "SELF_HOST_TENANT_NAME", "DEFAULT_TENANT", "REQUEST_ID_BAGGAGE_KEY",
    ];

    [Fact]
    public void Nothing_set_gives_the_documented_defaults()
    {
        var settings = Read();

        Assert.Equal(4000, settings.Node.Port);
        Assert.Equal(16_384, settings.Node.MaxConnections);
        Assert.Equal(4096, settings.Node.MaxHeaderLength);
        Assert.Equal("request-id", settings.Node.RequestIdBaggageKey);
        Assert.Equal("127.0.0.1", settings.ControlDatabase.Host);
        Assert.Equal(5432, settings.ControlDatabase.Port);
        Assert.Equal("supabase_admin", settings.ControlDatabase.User);
        Assert.Equal(5, settings.ControlDatabase.PoolSize);
        Assert.False(settings.ControlDatabase.Ssl);
        Assert.Null(settings.Tokens.ApiSecret);
        Assert.Null(settings.Tokens.MetricsSecret);
        Assert.Empty(settings.Tokens.ClaimValidators);
        Assert.Equal(100_000, settings.Tenants.MaxBytesPerSecond);
        Assert.Equal(200, settings.Tenants.MaxConcurrentUsers);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Tenants.CacheExpiration);
        Assert.Equal(5, settings.Tenants.ClientPresenceMaxCalls);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Tenants.ClientPresenceWindow);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.Socket.ConnectErrorBackoff);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Socket.ChannelErrorBackoff);
        Assert.Equal(TimeSpan.FromMinutes(10), settings.Socket.NoChannelTimeout);
        Assert.Equal(50_000_000, settings.Socket.MaxOutboxBytes);
    }

    [Fact]
    public void Defaults_of_the_types_are_those_of_reading()
    {
        var settings = Read();

        Assert.Equal(new NodeSettings(), settings.Node);
        Assert.Equal(new ControlDatabaseSettings(), settings.ControlDatabase);
        Assert.Equal(new TenantSettings(), settings.Tenants);
        Assert.Equal(new SocketSettings(), settings.Socket);
    }

    [Fact]
    public void Empty_is_unset_for_every_name()
    {
        var settings = Read([.. NumberNames.Concat(OtherNames).Select(name => (name, ""))]);

        Assert.Equal(new NodeSettings(), settings.Node);
        Assert.Equal(new ControlDatabaseSettings(), settings.ControlDatabase);
        Assert.Equal(new TenantSettings(), settings.Tenants);
        Assert.Equal(new SocketSettings(), settings.Socket);
        Assert.Null(settings.Tokens.ApiSecret);
    }

    [Fact]
    public void Every_mistake_is_reported_at_once()
    {
        var exception = Assert.Throws<InvalidConfigurationException>(() => Read(
            ("PORT", "http"), ("DB_SSL", "maybe"), ("DB_IP_VERSION", "ipv5"), ("DB_ENC_KEY_GCM", "short"), ("JWT_CLAIM_VALIDATORS", "[]")));

        Assert.Equal(
            [
                "env PORT expected a Integer, got \"http\"",
                "env DB_IP_VERSION: Invalid IP version, please set either ipv6 or ipv4",
                "DB_ENC_KEY_GCM must be exactly 32 bytes for AES-256-GCM, got 5 bytes",
                "env DB_SSL expected a boolean or 0/1 values, got \"maybe\"",
                "env JWT_CLAIM_VALIDATORS: JWT claim validators is not a valid JSON object, e.g. {\"iss\":\"acme\"}",
            ],
            exception.Errors);
        Assert.Equal(6, exception.Message.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void Every_number_is_checked()
    {
        var exception = Assert.Throws<InvalidConfigurationException>(() => Read([.. NumberNames.Select(name => (name, "1e3"))]));

        Assert.Equal(NumberNames.Order(), exception.Errors.Select(e => e.Split(' ')[1]).Order());
        Assert.All(exception.Errors, error => Assert.EndsWith(" expected a Integer, got \"1e3\"", error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'iss'")]
    [InlineData("{'iss':'acme'}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"iss":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void Claim_validators_that_are_no_json_object_are_a_mistake(string text)
    {
        var exception = Assert.Throws<InvalidConfigurationException>(() => Read(("JWT_CLAIM_VALIDATORS", text)));

        Assert.Contains("JWT claim validators is not a valid JSON object", Assert.Single(exception.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Claim_validators_are_json_values_and_the_last_of_a_name_counts()
    {
        var validators = Read(("JWT_CLAIM_VALIDATORS", """{"iss":"a","aud":["web"],"iss":"b"}""")).Tokens.ClaimValidators;

        Assert.Equal(2, validators.Count);
        Assert.Equal("b", validators["iss"].GetString());
        Assert.Equal(JsonValueKind.Array, validators["aud"].ValueKind);
    }

    [Fact]
    public void Keys_are_counted_in_bytes()
    {
        Assert.Equal("1234567890abcdef", Read(("DB_ENC_KEY", "1234567890abcdef")).ControlDatabase.EncryptionKey);
        Assert.Equal("1234567890abcdé", Read(("DB_ENC_KEY", "1234567890abcdé")).ControlDatabase.EncryptionKey);

        var exception = Assert.Throws<InvalidConfigurationException>(() => Read(("DB_ENC_KEY", "1234567890abcdeé")));

        Assert.Equal(["env DB_ENC_KEY must be exactly 16 bytes for AES-128, got 17 bytes"], exception.Errors);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("TRUE", false)]
    [InlineData("1", false)]
    [InlineData("yes", false)]
    public void Seeding_is_on_only_for_the_exact_text(string text, bool expected) =>
        Assert.Equal(expected, Read(("SEED_SELF_HOST", text)).Tenants.SeedSelfHost);

    [Fact]
    public void Printing_settings_shows_no_secret()
    {
        var settings = Read(
            ("DB_PASSWORD", "geheim-password"), ("DB_ENC_KEY", "geheim1234567890"), ("DB_ENC_KEY_GCM", "geheim12345678901234567890123456"),
            ("API_JWT_SECRET", "geheim-api"), ("API_JWT_SECRET_NEXT", "geheim-next"), ("METRICS_JWT_SECRET", "geheim-metrics"),
            ("API_TOKEN_BLOCKLIST", "geheim-a"), ("METRICS_TOKEN_BLOCKLIST", "geheim-b"), ("API_JWT_JWKS", """{"keys":["geheim"]}"""),
            ("DB_AFTER_CONNECT_QUERY", "SET geheim TO 1"), ("JWT_CLAIM_VALIDATORS", """{"iss":"geheim"}"""), ("APP_NAME", "shown"));

        var text = settings.ToString();

        Assert.DoesNotContain("geheim", text, StringComparison.Ordinal);
        Assert.Contains("AppName = shown", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistake_in_a_secret_does_not_show_it()
    {
        var exception = Assert.Throws<InvalidConfigurationException>(() => Read(
            ("DB_ENC_KEY", "geheim"), ("DB_ENC_KEY_GCM", "geheim"), ("API_JWT_JWKS", "geheim"), ("JWT_CLAIM_VALIDATORS", "geheim")));

        Assert.Equal(4, exception.Errors.Count);
        Assert.DoesNotContain("geheim", exception.Message, StringComparison.Ordinal);
    }

    private static RealtimeSettings Read(params (string Name, string Value)[] values) => RealtimeSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => v.Name, v => (string?)v.Value)).Build());
}
