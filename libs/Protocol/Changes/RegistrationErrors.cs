namespace Realtime.Protocol.Changes;

/// <summary>The texts with which a valid subscription is refused when it is registered (protocol.md 7.3).</summary>
public static class RegistrationErrors
{
    private const string Start = "Unable to subscribe to changes with given parameters. ";

    /// <summary>No published table is meant by the entry.</summary>
    public static string NoPublishedTable(ChangeSubscription subscription) =>
        $"{Start}Please check Realtime is enabled for the given connect parameters: [{Parameters(subscription)}]";

    /// <summary>The database refused the entry.</summary>
    /// <param name="subscription">The entry.</param>
    /// <param name="databaseError">As <c>ERROR 22P02 (invalid_text_representation) …</c>.</param>
    public static string Refused(ChangeSubscription subscription, string databaseError) =>
        $"{Start}An exception happened so please check your connect parameters: [{Parameters(subscription)}]. Exception: {databaseError}";

    /// <summary><c>event: …, schema: …, table: …, filters: …, select: …</c>.</summary>
    public static string Parameters(ChangeSubscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var select = subscription.Select is { } columns ? DebugText.Strings(columns.AsSpan()) : "nil";
        return $"event: {subscription.Events.ToName()}, schema: {subscription.Schema}, table: {subscription.Table}, " +
            $"filters: {DebugText.Filter(subscription.Filter)}, select: {select}";
    }
}
