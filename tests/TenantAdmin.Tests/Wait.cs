using System.Diagnostics;

namespace Realtime.TenantAdmin.Tests;

/// <summary>Waits for something that happens in the background.</summary>
internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"Waited in vain: {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
