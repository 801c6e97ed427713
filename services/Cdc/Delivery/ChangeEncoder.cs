using System.Buffers;
using Realtime.Postgres.Replication;

namespace Realtime.Cdc.Delivery;

/// <summary>Encodes changes once for each projection of their audience. For one thread.</summary>
/// <param name="maxRecordBytes">Size from which values are left out.</param>
internal sealed class ChangeEncoder(int maxRecordBytes)
{
    private const int KeptBytes = 1_048_576;

    private readonly Dictionary<Projection, List<int>> _byProjection = [];
    private readonly List<(Projection, List<int>)> _parts = [];
    private ArrayBufferWriter<byte> _json = new(4_096);

    /// <summary>Values that only the database can convert.</summary>
    public ValueConversions Conversions { get; } = new();

    /// <summary>The listeners of a change by what they see. Valid until the next call.</summary>
    public IReadOnlyList<(Projection Projection, List<int> Listeners)> Partition(MatchedChange matched)
    {
        _parts.Clear();
        _byProjection.Clear();
        Projection? last = null;
        List<int>? current = null;
        foreach (var listener in matched.Listeners)
        {
            var projection = matched.Audience.Listeners[listener].Projection;
            if (!ReferenceEquals(projection, last))
            {
                if (!_byProjection.TryGetValue(projection, out current))
                {
                    _byProjection.Add(projection, current = []);
                    _parts.Add((projection, current));
                }

                last = projection;
            }

            current!.Add(listener);
        }

        return _parts;
    }

    /// <summary>The <c>data</c> object. What was not converted before appears as a string.</summary>
    public byte[] Encode(Projection projection, in WalChange change)
    {
        _json.ResetWrittenCount();
        while (!ChangeJson.TryWrite(_json, projection, change, maxRecordBytes, Conversions))
        {
            Conversions.Abandon();
            _json.ResetWrittenCount();
        }

        var data = _json.WrittenSpan.ToArray();
        if (_json.Capacity > KeptBytes)
        {
            _json = new ArrayBufferWriter<byte>(4_096);
        }

        return data;
    }

    /// <summary>Notes the values of a change that only the database can convert.</summary>
    public void FindConversions(MatchedChange matched)
    {
        foreach (var (projection, _) in Partition(matched))
        {
            _json.ResetWrittenCount();
            ChangeJson.TryWrite(_json, projection, matched.Change, maxRecordBytes, Conversions);
        }
    }
}
