using Npgsql;

namespace Realtime.Postgres.Connections;

/// <summary>A pooled connection, in use by one caller until it is disposed.</summary>
/// <remarks>The next user gets it with all session settings reset, and with any open transaction rolled back.</remarks>
public sealed class TenantConnection : IAsyncDisposable
{
    private readonly TenantPool _pool;
    private int _disposed;

    internal TenantConnection(TenantPool pool, NpgsqlConnection connection) => (_pool, Connection) = (pool, connection);

    /// <summary>The open connection.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>Closes the idle connections of the pool and, on return, this one: after the server went away they are all dead.</summary>
    public void DiscardPool() => _pool.Discard();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _pool.ReturnAsync(Connection);
        }
    }
}
