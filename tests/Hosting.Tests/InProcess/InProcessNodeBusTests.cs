using Microsoft.Extensions.Logging.Abstractions;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Hosting.InProcess;

namespace Realtime.Hosting.Tests.InProcess;

public sealed class InProcessNodeBusTests : NodeBusSpecification
{
    private readonly InProcessNodeBus _bus = new(NullLogger<InProcessNodeBus>.Instance);

    protected override ValueTask<INodeBus> BusOfAsync(NodeId node) => ValueTask.FromResult<INodeBus>(_bus);
}
