using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Realtime.Postgres.Values;

namespace Realtime.Postgres.Filters;

/// <summary>The constant of a condition, ready to be compared with the texts of values exactly as the database would.</summary>
internal abstract class Comparand
{
    /// <summary>Compares a value with the constant.</summary>
    /// <param name="value">Text of the value.</param>
    /// <param name="order">Below, at or above zero like the value in relation to the constant.</param>
    /// <returns>False when only the database can tell.</returns>
    public abstract bool TryCompare(ReadOnlySpan<byte> value, out int order);

    /// <summary>The text that exactly the equal values have; null when equal values can have different texts.</summary>
    public virtual EqualityKey? Key => null;

    /// <summary>The comparand for a constant, or null when comparing is the database's task.</summary>
    /// <param name="column">The column compared with.</param>
    /// <param name="ordered">Whether the order matters and not only equality.</param>
    /// <param name="constant">The constant as the database prints it after reading it as the column's type.</param>
    public static Comparand? TryCreate(FilterColumn column, bool ordered, string constant)
    {
        var storage = column.Type.Storage;
        var bytes = Encoding.UTF8.GetBytes(constant);
        return storage.Oid switch
        {
            WellKnownTypes.Int2 or WellKnownTypes.Int4 or WellKnownTypes.Int8 or WellKnownTypes.Oid => IntegerComparand.TryCreate(bytes),
            WellKnownTypes.Boolean or WellKnownTypes.Uuid or WellKnownTypes.Time or WellKnownTypes.MacAddress or WellKnownTypes.MacAddress8 =>
                new BytesComparand(bytes, padded: false),
            WellKnownTypes.TimeTz or WellKnownTypes.Bit or WellKnownTypes.VarBit when !ordered => new BytesComparand(bytes, padded: false),
            WellKnownTypes.Text or WellKnownTypes.VarChar or WellKnownTypes.Name or WellKnownTypes.BlankPadded
                when (ordered ? column.OrderIsBytewise : column.EqualityIsBytewise) =>
                new BytesComparand(bytes, padded: storage.Oid == WellKnownTypes.BlankPadded),
            WellKnownTypes.Numeric => new NumericComparand(bytes),
            WellKnownTypes.Float4 or WellKnownTypes.Float8 => FloatComparand.TryCreate(bytes),
            WellKnownTypes.Date or WellKnownTypes.Timestamp or WellKnownTypes.TimestampTz => TimestampComparand.TryCreate(bytes),
            _ when !storage.Labels.IsEmpty => ordered ? EnumComparand.TryCreate(storage, constant) : new BytesComparand(bytes, padded: false),
            _ => null,
        };
    }

    private sealed class IntegerComparand(long constant, byte[] text) : Comparand
    {
        public override EqualityKey? Key => new(text, Padded: false);

        public static IntegerComparand? TryCreate(byte[] text) => TryParse(text, out var constant) ? new(constant, text) : null;

        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            var parsed = TryParse(value, out var number);
            order = number.CompareTo(constant);
            return parsed;
        }

        private static bool TryParse(ReadOnlySpan<byte> text, out long number) =>
            Utf8Parser.TryParse(text, out number, out var used) && used == text.Length;
    }

    /// <param name="constant">The bytes.</param>
    /// <param name="padded">Whether trailing spaces do not count, as in <c>char(n)</c>.</param>
    private sealed class BytesComparand(byte[] constant, bool padded) : Comparand
    {
        private readonly byte[] _constant = padded ? constant.AsSpan().TrimEnd((byte)' ').ToArray() : constant;

        public override EqualityKey? Key => new(_constant, padded);

        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            order = (padded ? value.TrimEnd((byte)' ') : value).SequenceCompareTo(_constant);
            return true;
        }
    }

    private sealed class NumericComparand(byte[] constant) : Comparand
    {
        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            order = 0;
            if (NumberText.IsSpecial(constant))
            {
                // NaN is above everything; infinities and NaN never come as values.
                order = constant[0] == '-' ? 1 : -1;
                return true;
            }

            return NumberText.IsNumber(value) && DecimalText.TryCompare(value, constant, out order);
        }
    }

    private sealed class FloatComparand(double constant) : Comparand
    {
        public static FloatComparand? TryCreate(byte[] text) => TryParse(text, out var constant) ? new(constant) : null;

        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            var parsed = TryParse(value, out var number);
            order = double.IsNaN(constant) ? -1 : number.CompareTo(constant);
            return parsed;
        }

        private static bool TryParse(ReadOnlySpan<byte> text, out double number)
        {
            number = text switch
            {
                [(byte)'I', ..] => double.PositiveInfinity,
                [(byte)'-', (byte)'I', ..] => double.NegativeInfinity,
                _ => double.NaN,
            };
            return NumberText.IsSpecial(text)
                || (NumberText.IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number));
        }
    }

    private sealed class TimestampComparand(Int128 constant) : Comparand
    {
        public static TimestampComparand? TryCreate(byte[] text) => TimestampText.TryParse(text, out var constant) ? new(constant) : null;

        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            var parsed = TimestampText.TryParse(value, out var number);
            order = number.CompareTo(constant);
            return parsed;
        }
    }

    /// <summary>Labels are ordered as they were declared. One that was added later sends the question to the database.</summary>
    private sealed class EnumComparand(ColumnType type, int constant) : Comparand
    {
        public static EnumComparand? TryCreate(ColumnType type, string constant) =>
            type.Labels.IndexOf(constant) is var position and >= 0 ? new(type, position) : null;

        public override bool TryCompare(ReadOnlySpan<byte> value, out int order)
        {
            var position = type.Labels.IndexOf(Encoding.UTF8.GetString(value));
            order = position.CompareTo(constant);
            return position >= 0;
        }
    }
}

/// <summary>The bytes by which all values equal to a constant are found.</summary>
/// <param name="Text">The bytes.</param>
/// <param name="Padded">Whether trailing spaces of a value must be cut first.</param>
internal sealed record EqualityKey(byte[] Text, bool Padded);
