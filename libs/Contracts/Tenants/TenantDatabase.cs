using System.Text;

namespace Realtime.Contracts.Tenants;

/// <summary>Settings of a tenant's <c>postgres_cdc_rls</c> extension, decrypted (control-database.md section 8).</summary>
/// <remarks>Printing one never shows the password.</remarks>
public sealed record TenantDatabase
{
    /// <summary>Host name or address.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>Database name.</summary>
    public required string Name { get; init; }

    /// <summary>Login role.</summary>
    public required string User { get; init; }

    /// <summary>Password of <see cref="User"/>.</summary>
    public required string Password { get; init; }

    /// <summary>Where the database lives, e.g. <c>eu-west-2</c>.</summary>
    public string Region { get; init; } = "";

    /// <summary>Encrypt the connection; certificates are not verified.</summary>
    public bool SslEnforced { get; init; } = true;

    /// <summary>Publication whose tables are served to Postgres Changes.</summary>
    public string Publication { get; init; } = "supabase_realtime";

    /// <summary>Base name of the replication slot.</summary>
    public string SlotName { get; init; } = "supabase_realtime_replication_slot";

    /// <summary>Size of the general pool.</summary>
    public int PoolSize { get; init; } = 1;

    /// <summary>Size of the pool that checks subscriptions.</summary>
    public int SubscriberPoolSize { get; init; } = 4;

    /// <summary>Longest wait for a pooled connection.</summary>
    public TimeSpan QueueTarget { get; init; } = TimeSpan.FromMilliseconds(5000);

    /// <summary>Size from which a change record is truncated, in bytes.</summary>
    public int MaxRecordBytes { get; init; } = 1_048_576;

    /// <summary>Whether the replication slot outlives a restart (<c>slot_mode</c>: <c>durable</c>) or is temporary.</summary>
    public bool DurableSlot { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Host = ").Append(Host).Append(", Port = ").Append(Port).Append(", Name = ").Append(Name).Append(", User = ").Append(User);
        return true;
    }
}
