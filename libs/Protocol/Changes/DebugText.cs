using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Realtime.Protocol.Changes;

/// <summary>
/// The notation of values in error texts (protocol.md 7.1 and 7.3): <c>["a", nil]</c>, <c>{"id", "eq", "1", false}</c>,
/// <c>%{"k" =&gt; 1}</c>, broken over lines where it is wider than 80 columns.
/// </summary>
internal static class DebugText
{
    private const int Width = 80;

    /// <summary>A list of strings, <c>["a", "b"]</c>.</summary>
    public static string Strings(params ReadOnlySpan<string> values)
    {
        var items = new List<Term>(values.Length);
        foreach (var value in values)
        {
            items.Add(String(value));
        }

        return Render(List(items));
    }

    /// <summary>The conditions of a filter as a list of tuples.</summary>
    public static string Filter(FilterGroup filter) => Render(List([.. filter.Members.Select(Expression)]));

    /// <summary>An object in map notation, keys sorted.</summary>
    public static string Map(JsonElement value) => Render(Json(value));

    private static Term Expression(FilterExpression expression) => expression switch
    {
        FilterCondition c => Tuple(String(c.Column), String(c.Operator.ToName()), String(c.Value), Boolean(c.Negated)),
        FilterGroup g => Tuple(String(g.Any ? "or" : "and"), List([.. g.Members.Select(Expression)]), Boolean(g.Negated)),
        _ => throw new ArgumentOutOfRangeException(nameof(expression)),
    };

    private static Term Json(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => new Term("%{", "}", Fill: false, [.. SafeJson.Members(value)
            .Select(m => Json(m.Value) with { Label = $"{Quote(m.Key)} => " })]),
        JsonValueKind.Array => List([.. value.EnumerateArray().Select(Json)]),
        JsonValueKind.String => String(SafeJson.Text(value)),
        JsonValueKind.Null => new Term("nil"),
        _ => new Term(value.GetRawText()),
    };

    private static Term Boolean(bool value) => new(value ? "true" : "false");

    private static Term String(string value) => new(Quote(value));

    private static Term List(IReadOnlyList<Term> items) => Container("[", "]", items);

    private static Term Tuple(params IReadOnlyList<Term> items) => Container("{", "}", items);

    // Lines are filled where no item is a container itself; otherwise each item gets a line.
    private static Term Container(string open, string close, IReadOnlyList<Term> items) =>
        new(open, close, Fill: items.All(i => i.Items is null), items);

    private static string Quote(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}"),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }

    private static string Render(Term term)
    {
        var page = new Page();
        page.Write(term, indent: 0, after: "");
        return page.ToString();
    }

    /// <summary>A scalar, or a container when <paramref name="Items"/> is given.</summary>
    private sealed record Term(string Open, string Close = "", bool Fill = false, IReadOnlyList<Term>? Items = null)
    {
        public string Label { get; init; } = "";

        public string Flat => Items is null ? Label + Open : $"{Label}{Open}{string.Join(", ", Items.Select(i => i.Flat))}{Close}";
    }

    private sealed class Page
    {
        private readonly StringBuilder _text = new();
        private int _column;

        public override string ToString() => _text.ToString();

        // `after` is what must stand on the same line behind the term.
        public void Write(Term term, int indent, string after)
        {
            var flat = term.Flat;
            if (term.Items is not { Count: > 0 } items || _column + flat.Length <= Width)
            {
                Append(flat);
                Append(after);
                return;
            }

            Append(term.Label + term.Open);
            var inner = indent + (term.Fill ? 1 : 2);
            for (var i = 0; i < items.Count; i++)
            {
                var next = i < items.Count - 1 ? "," : term.Fill ? term.Close + after : "";
                if (!term.Fill || (i > 0 && _column + 1 + items[i].Flat.Length + next.Length > Width))
                {
                    Break(inner);
                }
                else if (i > 0)
                {
                    Append(" ");
                }

                Write(items[i], inner, next);
            }

            if (!term.Fill)
            {
                Break(indent);
                Append(term.Close + after);
            }
        }

        private void Append(string text)
        {
            _text.Append(text);
            _column += text.Length;
        }

        private void Break(int indent)
        {
            _text.Append('\n').Append(' ', indent);
            _column = indent;
        }
    }
}
