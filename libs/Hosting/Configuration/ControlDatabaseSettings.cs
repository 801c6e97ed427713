using System.Text;

namespace Realtime.Hosting.Configuration;

/// <summary>Connection to the control database and the keys of what it stores (operations.md 1.2.2, control-database.md section 15).</summary>
public sealed record ControlDatabaseSettings
{
    /// <summary><c>DB_HOST</c>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary><c>DB_PORT</c>.</summary>
    public int Port { get; init; } = 5432;

    /// <summary><c>DB_NAME</c>.</summary>
    public string Name { get; init; } = "postgres";

    /// <summary><c>DB_USER</c>.</summary>
    public string User { get; init; } = "supabase_admin";

    /// <summary><c>DB_PASSWORD</c>.</summary>
    public string Password { get; init; } = "postgres";

    /// <summary><c>DB_POOL_SIZE</c>: connections at most.</summary>
    public int PoolSize { get; init; } = 5;

    /// <summary><c>DB_QUEUE_TARGET</c>: longest wait for a pooled connection.</summary>
    public TimeSpan QueueTarget { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>DB_AFTER_CONNECT_QUERY</c>: SQL run on each new connection; null selects the schema <c>_realtime</c>.</summary>
    public string? AfterConnectQuery { get; init; }

    /// <summary><c>DB_SSL</c>: encrypt the connection.</summary>
    public bool Ssl { get; init; }

    /// <summary><c>DB_SSL_CA_CERT</c>: CA bundle that turns on verification; null verifies nothing.</summary>
    public string? SslCaCertificate { get; init; }

    /// <summary><c>DB_IP_VERSION</c>: <c>ipv4</c>, <c>ipv6</c>, or null for what the host resolves to.</summary>
    public string? IpVersion { get; init; }

    /// <summary><c>DB_ENC_KEY</c>: 16 bytes, key of the older cipher; null when unset.</summary>
    public string? EncryptionKey { get; init; }

    /// <summary><c>DB_ENC_KEY_GCM</c>: 32 bytes, key of the newer cipher; null when unset.</summary>
    public string? EncryptionKeyGcm { get; init; }

    /// <summary><c>DB_ENC_WRITE_GCM</c>: write new values with the newer cipher.</summary>
    public bool WriteGcm { get; init; }

    internal static ControlDatabaseSettings Read(SettingsReader reader)
    {
        var ipVersion = reader.Text("DB_IP_VERSION");
        if (ipVersion is not (null or "ipv4" or "ipv6"))
        {
            reader.AddError("env DB_IP_VERSION: Invalid IP version, please set either ipv6 or ipv4");
        }

        var key = reader.Text("DB_ENC_KEY");
        if (key is not null && Encoding.UTF8.GetByteCount(key) != 16)
        {
            reader.AddError($"env DB_ENC_KEY must be exactly 16 bytes for AES-128, got {Encoding.UTF8.GetByteCount(key)} bytes");
        }

        var gcmKey = reader.Text("DB_ENC_KEY_GCM");
        if (gcmKey is not null && Encoding.UTF8.GetByteCount(gcmKey) != 32)
        {
            reader.AddError($"DB_ENC_KEY_GCM must be exactly 32 bytes for AES-256-GCM, got {Encoding.UTF8.GetByteCount(gcmKey)} bytes");
        }

        var caCertificate = reader.Text("DB_SSL_CA_CERT");
        if (caCertificate is not null && !File.Exists(caCertificate))
        {
            reader.AddError($"env DB_SSL_CA_CERT names a file that does not exist: {caCertificate}");
        }

        return new ControlDatabaseSettings
        {
            Host = reader.Text("DB_HOST", "127.0.0.1"),
            Port = reader.Number("DB_PORT", 5432, 1, 65_535),
            Name = reader.Text("DB_NAME", "postgres"),
            User = reader.Text("DB_USER", "supabase_admin"),
            Password = reader.Text("DB_PASSWORD", "postgres"),
            PoolSize = reader.Number("DB_POOL_SIZE", 5, 1, 1000),
            QueueTarget = reader.Milliseconds("DB_QUEUE_TARGET", 5000, 1),
            AfterConnectQuery = reader.Text("DB_AFTER_CONNECT_QUERY"),
            Ssl = reader.Boolean("DB_SSL", false),
            SslCaCertificate = caCertificate,
            IpVersion = ipVersion,
            EncryptionKey = key,
            EncryptionKeyGcm = gcmKey,
            WriteGcm = reader.Boolean("DB_ENC_WRITE_GCM", false),
        };
    }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Host = ").Append(Host).Append(", Port = ").Append(Port).Append(", Name = ").Append(Name).Append(", User = ").Append(User);
        return true;
    }
}
