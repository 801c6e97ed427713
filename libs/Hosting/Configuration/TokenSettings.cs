using System.Text;
using System.Text.Json;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Configuration;

/// <summary>Secrets that verify tokens of operators, and rules for all tokens (operations.md 1.2.3).</summary>
public sealed record TokenSettings
{
    /// <summary><c>API_JWT_SECRET</c>: verifies management tokens; null refuses all of them.</summary>
    public string? ApiSecret { get; init; }

    /// <summary><c>API_JWT_SECRET_NEXT</c>: second accepted management secret, for rotation.</summary>
    public string? ApiSecretNext { get; init; }

    /// <summary><c>API_TOKEN_BLOCKLIST</c>: management tokens refused verbatim.</summary>
    public IReadOnlyList<string> ApiBlocklist { get; init; } = [];

    /// <summary><c>METRICS_JWT_SECRET</c>: verifies metrics tokens; null refuses all of them.</summary>
    public string? MetricsSecret { get; init; }

    /// <summary><c>METRICS_TOKEN_BLOCKLIST</c>: metrics tokens refused verbatim.</summary>
    public IReadOnlyList<string> MetricsBlocklist { get; init; } = [];

    /// <summary><c>JWT_CLAIM_VALIDATORS</c>: claims that must be strictly equal when present, name to JSON value.</summary>
    public IReadOnlyDictionary<string, JsonElement> ClaimValidators { get; init; } = new Dictionary<string, JsonElement>();

    internal static TokenSettings Read(SettingsReader reader) => new()
    {
        ApiSecret = reader.Text("API_JWT_SECRET"),
        ApiSecretNext = reader.Text("API_JWT_SECRET_NEXT"),
        ApiBlocklist = reader.List("API_TOKEN_BLOCKLIST"),
        MetricsSecret = reader.Text("METRICS_JWT_SECRET"),
        MetricsBlocklist = reader.List("METRICS_TOKEN_BLOCKLIST"),
        ClaimValidators = ReadValidators(reader),
    };

    private static Dictionary<string, JsonElement> ReadValidators(SettingsReader reader)
    {
        if (reader.Text("JWT_CLAIM_VALIDATORS") is not { } text)
        {
            return [];
        }

        // They are compared with claims, so they are held to the same rules: one object, of valid text.
        var json = Encoding.UTF8.GetBytes(text);
        if (!TokenClaims.TryRead(json, out _))
        {
            reader.AddError("env JWT_CLAIM_VALIDATORS: JWT claim validators is not a valid JSON object, e.g. {\"iss\":\"acme\"}");
            return [];
        }

        var validators = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var validator in JsonElement.Parse(json).EnumerateObject())
        {
            validators[validator.Name] = validator.Value;
        }

        return validators;
    }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("ClaimValidators = ").Append(ClaimValidators.Count);
        return true;
    }
}
