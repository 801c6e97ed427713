namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>The control tables' notion of time: UTC in whole seconds, without a zone (control-database.md section 2).</summary>
internal static class ControlClock
{
    /// <summary>Now, as the columns hold it.</summary>
    public static DateTime Now(TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return DateTime.SpecifyKind(now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)), DateTimeKind.Unspecified);
    }
}
