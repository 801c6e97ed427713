using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tokens;

/// <summary>Tokens of operators: for the management API and for metrics (http-api.md 3.2 and 3.3). No claim is required.</summary>
/// <remarks>Without a configured secret every token is refused. Thread-safe.</remarks>
public sealed class OperatorTokens(TokenSettings settings, TokenVerifier verifier)
{
    private const string Scheme = "Bearer ";

    private readonly Purpose _management = new([settings.ApiSecret, settings.ApiSecretNext], settings.ApiBlocklist);
    private readonly Purpose _metrics = new([settings.MetricsSecret], settings.MetricsBlocklist);

    /// <summary>Whether the request may use the management API.</summary>
    /// <param name="authorization">All values of the request's header <c>Authorization</c>.</param>
    public bool AcceptsManagement(StringValues authorization) => Accepts(authorization, _management);

    /// <summary>Whether the request may read metrics.</summary>
    /// <param name="authorization">All values of the request's header <c>Authorization</c>.</param>
    public bool AcceptsMetrics(StringValues authorization) => Accepts(authorization, _metrics);

    private bool Accepts(StringValues authorization, Purpose purpose)
    {
        if (authorization is not [{ } value] || !value.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }

        var token = value[Scheme.Length..];
        return !purpose.Blocks(token)
            && purpose.Keys.Any(keys => verifier.Verify(token, keys, requireRoleAndExp: false).IsVerified);
    }

    /// <summary>What one kind of operator token is verified with.</summary>
    private sealed class Purpose(string?[] secrets, IReadOnlyList<string> blocklist)
    {
        private readonly FrozenSet<string> _blocklist = blocklist.ToFrozenSet(StringComparer.Ordinal);

        public TokenKeys[] Keys { get; } =
            [.. secrets.Where(secret => !string.IsNullOrEmpty(secret)).Select(secret => TokenKeys.Create(secret, jwksJson: null))];

        /// <summary>Looks at the prepared text, so that added blanks and percent-encoding do not get a token past the list.</summary>
        public bool Blocks(ReadOnlySpan<char> token) =>
            _blocklist.Count > 0 && TokenText.Prepare(token) is { } prepared && _blocklist.Contains(prepared);
    }
}
