using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Values;

namespace Realtime.Cdc.Delivery;

/// <summary>Values of one batch that only the database can turn into JSON, all asked for in one statement.</summary>
/// <remarks>Not thread-safe. A value that the database refuses is written as a string of its text.</remarks>
internal sealed class ValueConversions
{
    private const int TimeoutSeconds = 10;

    private readonly Dictionary<(ColumnType Type, string Text), byte[]?> _values = [];
    private readonly List<(ColumnType Type, string Text)> _pending = [];

    /// <summary>Whether <see cref="ExecuteAsync"/> has something to do.</summary>
    public bool IsPending => _pending.Count > 0;

    /// <summary>Writes a value that was converted; otherwise notes it and writes nothing of use.</summary>
    public bool TryWrite(IBufferWriter<byte> output, ColumnType type, ReadOnlyMemory<byte> text)
    {
        var key = (type, Encoding.UTF8.GetString(text.Span));
        if (_values.TryGetValue(key, out var json))
        {
            output.Write(json ?? "null"u8);
            return json is not null;
        }

        output.Write("null"u8);
        _values.Add(key, null);
        _pending.Add(key);
        return false;
    }

    /// <summary>Asks for everything noted.</summary>
    public async Task ExecuteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var type in _pending.GroupBy(p => p.Type))
        {
            string[] texts = [.. type.Select(p => p.Text)];
            if (!await TryConvertAsync(connection, type.Key, texts, cancellationToken))
            {
                // One bad value must not cost the others their form.
                foreach (var text in texts)
                {
                    if (!await TryConvertAsync(connection, type.Key, [text], cancellationToken))
                    {
                        _values[(type.Key, text)] = AsString(text);
                    }
                }
            }
        }

        _pending.Clear();
    }

    /// <summary>Gives up on what is still pending: writes it as strings.</summary>
    public void Abandon()
    {
        foreach (var key in _values.Where(v => v.Value is null).Select(v => v.Key).ToArray())
        {
            _values[key] = AsString(key.Text);
        }

        _pending.Clear();
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _values.Clear();
        _pending.Clear();
    }

    private async Task<bool> TryConvertAsync(NpgsqlConnection connection, ColumnType type, string[] texts, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand(
                string.Create(CultureInfo.InvariantCulture,
                    $"select v.n::int, pg_catalog.to_jsonb(v.t::{type.QuotedName})::text from pg_catalog.unnest($1) with ordinality as v(t, n)"),
                connection)
            {
                CommandTimeout = TimeoutSeconds,
                Parameters = { new() { Value = texts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text } },
            };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                _values[(type, texts[reader.GetInt32(0) - 1])] = reader.IsDBNull(1) ? "null"u8.ToArray() : Encoding.UTF8.GetBytes(reader.GetString(1));
            }

            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    private static byte[] AsString(string text) =>
        [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
}
