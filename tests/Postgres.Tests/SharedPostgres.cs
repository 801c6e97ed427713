using Realtime.Testing;

[assembly: AssemblyFixture(typeof(Realtime.Postgres.Tests.SharedPostgres))]

namespace Realtime.Postgres.Tests;

/// <summary>One server for all tests of the assembly; each test makes its own database.</summary>
public sealed class SharedPostgres : IAsyncLifetime
{
    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
