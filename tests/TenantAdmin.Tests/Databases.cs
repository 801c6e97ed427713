using Realtime.TenantAdmin.Tests;
using Realtime.Testing;

[assembly: AssemblyFixture(typeof(Databases))]

namespace Realtime.TenantAdmin.Tests;

/// <summary>One PostgreSQL for all tests of the assembly.</summary>
public sealed class Databases : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
