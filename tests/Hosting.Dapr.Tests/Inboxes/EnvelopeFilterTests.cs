using Microsoft.Extensions.Time.Testing;
using Realtime.Hosting.Dapr.Inboxes;

namespace Realtime.Hosting.Dapr.Tests.Inboxes;

public sealed class EnvelopeFilterTests
{
    private static readonly Guid Self = Guid.NewGuid();
    private static readonly Guid Publisher = Guid.NewGuid();

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly EnvelopeFilter _filter;

    public EnvelopeFilterTests() => _filter = new EnvelopeFilter(Self, TimeSpan.FromSeconds(10), _time);

    [Fact]
    public void Envelopes_in_sequence_are_accepted()
    {
        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(1));
        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(2));
    }

    [Fact]
    public void A_gap_is_counted_and_accepted()
    {
        Assert.Equal((EnvelopeVerdict.Accepted, 2), Judge(3));
        Assert.Equal((EnvelopeVerdict.Accepted, 3), Judge(7));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    [InlineData(0)]
    [InlineData(long.MinValue)]
    public void An_envelope_that_is_not_newer_is_a_duplicate(long sequence)
    {
        Judge(5);

        Assert.Equal((EnvelopeVerdict.Duplicate, 0), Judge(sequence));
    }

    [Fact]
    public void A_publisher_that_counts_anew_is_believed_and_its_old_count_is_not()
    {
        Judge(5);

        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(1, epoch: 2));
        Assert.Equal((EnvelopeVerdict.Duplicate, 0), Judge(6, epoch: 1));
        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(2, epoch: 2));
    }

    [Fact]
    public void Publishers_have_sequences_of_their_own()
    {
        Judge(5);

        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(1, publisher: Guid.NewGuid()));
    }

    [Fact]
    public void What_was_left_for_another_owner_of_the_inbox_is_misdirected() =>
        Assert.Equal((EnvelopeVerdict.Misdirected, 0), Judge(1, target: Guid.NewGuid()));

    [Fact]
    public void Own_envelopes_are_probes_or_ignored()
    {
        Assert.Equal((EnvelopeVerdict.Probe, 0), Judge(0, publisher: Self));
        Assert.Equal((EnvelopeVerdict.Own, 0), Judge(1, publisher: Self));
    }

    [Fact]
    public void An_envelope_that_travelled_too_long_is_stale()
    {
        Assert.Equal((EnvelopeVerdict.Accepted, 0), Judge(1, age: TimeSpan.FromSeconds(9)));
        Assert.Equal((EnvelopeVerdict.Stale, 0), Judge(2, age: TimeSpan.FromSeconds(11)));
        Assert.Equal((EnvelopeVerdict.Stale, 0), Judge(2, age: TimeSpan.FromDays(365 * 200)));
    }

    [Fact]
    public void Too_many_publishers_are_refused_until_some_fall_silent()
    {
        for (var i = 0; i < EnvelopeFilter.MaxPublishers; i++)
        {
            Assert.Equal(EnvelopeVerdict.Accepted, Judge(1, publisher: Guid.NewGuid()).Verdict);
        }

        Assert.Equal(EnvelopeVerdict.Stale, Judge(1).Verdict);

        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(EnvelopeVerdict.Accepted, Judge(1).Verdict);
    }

    private (EnvelopeVerdict Verdict, long Lost) Judge(
        long sequence, Guid? publisher = null, Guid? target = null, TimeSpan age = default, long epoch = 1)
    {
        var verdict = _filter.Judge(
            new EnvelopeHeader(target ?? Self, publisher ?? Publisher, epoch, sequence, (_time.GetUtcNow() - age).ToUnixTimeMilliseconds()), out var lost);
        return (verdict, lost);
    }
}
