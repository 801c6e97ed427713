using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Specification;

/// <summary>What every <see cref="INodeDirectory"/> promises.</summary>
public abstract class NodeDirectorySpecification
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TenantId Acme = new("acme");
    private static readonly TenantId Globex = new("globex");

    private readonly NodeId _a = NodeId.New("a");
    private readonly NodeId _b = NodeId.New("b");

    /// <summary>The directory as a node sees it. Adapters within one process return the same object for all nodes.</summary>
    protected abstract ValueTask<INodeDirectory> DirectoryOfAsync(NodeId node);

    [Fact]
    public async Task Users_of_all_nodes_are_added_up()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));

        a.ReportUsers(_a, Acme, 3);
        b.ReportUsers(_b, Acme, 4);

        await EventuallyAsync(() => (a.CountUsers(Acme), b.CountUsers(Acme)), (7, 7));
    }

    [Fact]
    public async Task A_report_replaces_the_nodes_earlier_one_at_once()
    {
        var a = await DirectoryOfAsync(_a);

        a.ReportUsers(_a, Acme, 3);
        a.ReportUsers(_a, Acme, 5);

        Assert.Equal(5, a.CountUsers(Acme));
    }

    [Fact]
    public async Task Zero_forgets_the_tenant()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));
        a.ReportUsers(_a, Acme, 3);
        b.ReportUsers(_b, Acme, 4);

        a.ReportUsers(_a, Acme, 0);
        a.ReportUsers(_a, Acme, 0);

        await EventuallyAsync(() => (a.CountUsers(Acme), b.CountUsers(Acme)), (4, 4));
    }

    [Fact]
    public async Task Tenants_are_counted_apart()
    {
        var a = await DirectoryOfAsync(_a);

        a.ReportUsers(_a, Acme, 3);
        a.ReportUsers(_a, Globex, 1);

        Assert.Equal((3, 1, 0), (a.CountUsers(Acme), a.CountUsers(Globex), a.CountUsers(new TenantId("nobody"))));
    }

    // Numbers of other nodes may be late, so there is nothing to wait for but the number itself.
    private static async Task EventuallyAsync<T>(Func<T> read, T expected)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!Equals(read(), expected) && TimeProvider.System.GetElapsedTime(deadline) < Patience)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, read());
    }
}
