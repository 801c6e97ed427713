using System.Globalization;
using Grpc.Core;
using Realtime.Hosting.Dapr.Sidecars;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>The records of all processes in the state store.</summary>
/// <remarks>All throw <see cref="RpcException"/> when the store cannot be asked.</remarks>
internal sealed class NodeRecords(Sidecar sidecar, DaprSettings settings)
{
    private readonly Dictionary<string, int> _slots = Enumerable.Range(0, settings.Slots).ToDictionary(NodeRecord.KeyOf, slot => slot);

    /// <summary>The slots that are taken.</summary>
    public async Task<List<StoredNode>> ReadAsync(CancellationToken cancellationToken)
    {
        var found = new List<StoredNode>();
        foreach (var item in await sidecar.ReadStatesAsync(_slots.Keys, cancellationToken))
        {
            if (item.Error.Length > 0)
            {
                // Half an answer would look like nodes that left.
                throw new RpcException(new Status(StatusCode.Unavailable, string.Create(CultureInfo.InvariantCulture, $"{item.Key}: {item.Error}")));
            }

            if (item.Data.Length > 0 && _slots.TryGetValue(item.Key, out var slot))
            {
                found.Add(new StoredNode(slot, item.Etag, NodeRecord.Read(item.Data.Span)));
            }
        }

        return found;
    }

    /// <summary>Takes a free slot, or renews the one that still has the etag.</summary>
    /// <returns>False when somebody else was there first.</returns>
    public async Task<bool> TryWriteAsync(int slot, NodeRecord record, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            await sidecar.WriteStateAsync(NodeRecord.KeyOf(slot), record.ToJson(), etag, settings.Lease, cancellationToken);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Aborted || (etag is null && e.StatusCode == StatusCode.Internal))
        {
            return false; // Redis tells a taken key from a failure only when there is an etag.
        }
    }

    /// <summary>Gives a slot back.</summary>
    public Task DeleteAsync(int slot, string etag, CancellationToken cancellationToken) =>
        sidecar.DeleteStateAsync(NodeRecord.KeyOf(slot), etag, cancellationToken);
}
