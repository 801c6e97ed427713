using System.Buffers;
using System.Text;
using Realtime.Protocol.Json;

namespace Realtime.Protocol.Presence;

/// <summary>Writes metas grouped by key, the shape of everything about presence on the wire (protocol.md 6.3, 6.4).</summary>
public static class PresenceJson
{
    /// <summary>Writes <c>{key:{"metas":[…]},…}</c>; keys and the metas of a key stay in their order.</summary>
    public static void WriteByKey(IBufferWriter<byte> output, IEnumerable<PresenceMeta> metas)
    {
        output.Write("{"u8);
        var isFirstKey = true;
        foreach (var (key, metasOfKey) in GroupByKey(metas))
        {
            output.Write(isFirstKey ? default : ","u8);
            JsonText.WriteString(output, Encoding.UTF8.GetBytes(key));
            output.Write(":{\"metas\":["u8);
            var isFirstMeta = true;
            foreach (var meta in metasOfKey)
            {
                output.Write(isFirstMeta ? default : ","u8);
                meta.WriteTo(output);
                isFirstMeta = false;
            }

            output.Write("]}"u8);
            isFirstKey = false;
        }

        output.Write("}"u8);
    }

    // An OrderedDictionary keeps the order of insertion by contract.
    private static OrderedDictionary<string, List<PresenceMeta>> GroupByKey(IEnumerable<PresenceMeta> metas)
    {
        var keys = new OrderedDictionary<string, List<PresenceMeta>>(StringComparer.Ordinal);
        foreach (var meta in metas)
        {
            if (!keys.TryGetValue(meta.Key, out var metasOfKey))
            {
                keys.Add(meta.Key, metasOfKey = new List<PresenceMeta>(1));
            }

            metasOfKey.Add(meta);
        }

        return keys;
    }
}
