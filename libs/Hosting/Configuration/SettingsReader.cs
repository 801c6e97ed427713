using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Realtime.Hosting.Configuration;

/// <summary>Reads the environment names of the reference server and collects every mistake, so that one start shows them all.</summary>
/// <remarks>A variable that is set but empty counts as unset. Error texts are those of operations.md 1.1.</remarks>
public sealed class SettingsReader(IConfiguration configuration)
{
    private readonly List<string> _errors = [];

    /// <summary>Everything that is wrong so far, one line each.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Adds a mistake that only a reader of several values can see.</summary>
    public void AddError(string error) => _errors.Add(error);

    /// <summary>The text, or null when unset or empty.</summary>
    public string? Text(string name) => configuration[name] is { Length: > 0 } text ? text : null;

    /// <summary>The text, or <paramref name="fallback"/> when unset or empty.</summary>
    public string Text(string name, string fallback) => Text(name) ?? fallback;

    /// <summary>A whole decimal number within the range.</summary>
    public int Number(string name, int fallback, int min = int.MinValue, int max = int.MaxValue)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            _errors.Add($"env {name} expected a Integer, got \"{text}\"");
            return fallback;
        }

        if (value < min || value > max)
        {
            _errors.Add($"env {name} must be between {min} and {max}, got {value}");
            return fallback;
        }

        return (int)value;
    }

    /// <summary>A duration given in milliseconds.</summary>
    public TimeSpan Milliseconds(string name, int fallback, int min = 0) =>
        TimeSpan.FromMilliseconds(Number(name, fallback, min));

    /// <summary><c>true</c>, <c>1</c>, <c>false</c> or <c>0</c>, in any case and with blanks around.</summary>
    public bool Boolean(string name, bool fallback)
    {
        switch (Text(name)?.Trim().ToLowerInvariant())
        {
            case null:
                return fallback;
            case "true" or "1":
                return true;
            case "false" or "0":
                return false;
            default:
                _errors.Add($"env {name} expected a boolean or 0/1 values, got \"{Text(name)}\"");
                return fallback;
        }
    }

    /// <summary>Parts between commas, trimmed.</summary>
    public IReadOnlyList<string> List(string name) =>
        Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <exception cref="InvalidConfigurationException">At least one mistake was found; the message lists all.</exception>
    public void ThrowIfInvalid()
    {
        if (_errors.Count > 0)
        {
            throw new InvalidConfigurationException(_errors);
        }
    }
}
