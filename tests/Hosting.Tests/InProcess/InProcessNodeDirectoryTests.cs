using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Hosting.InProcess;

namespace Realtime.Hosting.Tests.InProcess;

public sealed class InProcessNodeDirectoryTests : NodeDirectorySpecification
{
    private readonly InProcessNodeDirectory _directory = new();

    protected override ValueTask<INodeDirectory> DirectoryOfAsync(NodeId node) => ValueTask.FromResult<INodeDirectory>(_directory);
}
