using System.Threading.Channels;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Authorization;
using Realtime.Testing;

namespace Realtime.Postgres.Tests.Authorization;

public sealed class SharedEvaluationsTests
{
    private static readonly ChannelAuthorizationRequest Request =
        new(new TenantId("acme"), "room", "authenticated", null, "{}", "{}", ChannelPermissions.ReadBroadcast);

    private static readonly ChannelAuthorization Granted = new(ChannelPermissions.ReadBroadcast, ChannelAuthorizationError.None, null);
    private static readonly ChannelAuthorization Refused = new(ChannelPermissions.None, ChannelAuthorizationError.None, null);

    private readonly SharedEvaluations _evaluations = new();
    private readonly Channel<Evaluation> _begun = Channel.CreateUnbounded<Evaluation>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_that_wait_together_share_even_a_refusal()
    {
        var first = AskAsync();
        var second = AskAsync();

        var evaluation = await NextAsync();
        evaluation.Started();
        evaluation.Verdict.SetResult(Refused);

        Assert.Equal([Refused, Refused], await Task.WhenAll(first, second));
        Assert.False(_begun.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task Request_that_comes_while_the_database_works_shares_a_grant()
    {
        var first = AskAsync();
        var evaluation = await NextAsync();
        evaluation.Started();
        var late = AskAsync();

        evaluation.Verdict.SetResult(Granted);

        Assert.Equal([Granted, Granted], await Task.WhenAll(first, late));
        Assert.False(_begun.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task Requests_that_come_while_the_database_works_ask_again_together_after_a_refusal()
    {
        var first = AskAsync();
        var evaluation = await NextAsync();
        evaluation.Started();
        var (late, later) = (AskAsync(), AskAsync());

        evaluation.Verdict.SetResult(Refused);
        var second = await NextAsync();
        second.Verdict.SetResult(Granted);

        Assert.Equal([Refused, Granted, Granted], await Task.WhenAll(first, late, later));
    }

    [Fact]
    public async Task Nothing_is_remembered()
    {
        var first = AskAsync();
        (await NextAsync()).Verdict.SetResult(Granted);
        await first;

        var second = AskAsync();
        (await NextAsync()).Verdict.SetResult(Refused);

        Assert.Equal(Refused, await second);
    }

    [Fact]
    public async Task Caller_that_gives_up_takes_nobody_with_it()
    {
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var first = _evaluations.GetAsync(Request, EvaluateAsync, impatient.Token);
        var second = AskAsync();
        var evaluation = await NextAsync();

        await impatient.CancelAsync();
        evaluation.Verdict.SetResult(Granted);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(Granted, await second);
    }

    private Task<ChannelAuthorization> AskAsync() => _evaluations.GetAsync(Request, EvaluateAsync, Token);

    private Task<Evaluation> NextAsync() => Wait.ForAsync(_begun.Reader.ReadAsync(Token).AsTask(), "an evaluation", Token);

    private Task<ChannelAuthorization> EvaluateAsync(ChannelAuthorizationRequest request, Action started)
    {
        var evaluation = new Evaluation(started, new TaskCompletionSource<ChannelAuthorization>(TaskCreationOptions.RunContinuationsAsynchronously));
        _begun.Writer.TryWrite(evaluation);
        return evaluation.Verdict.Task;
    }

    private sealed record Evaluation(Action Started, TaskCompletionSource<ChannelAuthorization> Verdict);
}
