namespace Realtime.Contracts.Changes;

/// <summary>What became of a registration.</summary>
public enum ChangeSubscribeOutcome
{
    /// <summary>Registered: tell the client <c>Subscribed to PostgreSQL</c>.</summary>
    Subscribed,

    /// <summary>The request itself is wrong: tell the client the message and do not try again.</summary>
    Rejected,

    /// <summary>The database cannot serve it now: tell the client the message, if there is one, and try again in 5 to 10 s (without one: 1 to 3 s).</summary>
    Retry,
}

/// <summary>The answer to a registration of change subscriptions (protocol.md 7.4).</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Message">Text of the <c>system</c> message for the client; null for none.</param>
public readonly record struct ChangeSubscribeResult(ChangeSubscribeOutcome Outcome, string? Message)
{
    /// <summary>Registered.</summary>
    public static ChangeSubscribeResult Subscribed { get; } = new(ChangeSubscribeOutcome.Subscribed, ChangeFeedNotice.Subscribed);

    /// <summary>Refused for good.</summary>
    public static ChangeSubscribeResult Rejected(string message) => new(ChangeSubscribeOutcome.Rejected, message);

    /// <summary>Not possible now.</summary>
    public static ChangeSubscribeResult Retry(string? message) => new(ChangeSubscribeOutcome.Retry, message);
}
