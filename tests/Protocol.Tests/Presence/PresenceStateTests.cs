using System.Text;
using Realtime.Protocol.Presence;

namespace Realtime.Protocol.Tests.Presence;

public sealed class PresenceStateTests
{
    [Fact]
    public void An_empty_state_is_an_empty_object()
    {
        var state = new PresenceState();

        Assert.Equal("{}", Text(state));
        Assert.Equal(default, state.Digest);
    }

    [Fact]
    public void Metas_of_one_key_stand_together_in_the_order_in_which_they_came()
    {
        var state = new PresenceState();
        var (a1, b, a2) = (Meta("a", """{"n":1}"""), Meta("b", "{}"), Meta("a", """{"n":2}"""));

        state.Apply(new PresenceDiff([a1, b, a2], []));

        Assert.Equal(
            $$$"""{"a":{"metas":[{"n":1,"phx_ref":"{{{a1.Ref}}}"},{"n":2,"phx_ref":"{{{a2.Ref}}}"}]},"b":{"metas":[{"phx_ref":"{{{b.Ref}}}"}]}}""",
            Text(state));
    }

    [Fact]
    public void A_replacement_takes_the_place_of_what_it_replaces_and_names_it()
    {
        var state = new PresenceState();
        var (first, other) = (Meta("a", """{"n":1}"""), Meta("a", "{}"));
        var second = first.ReplacedBy(Payload("""{"n":2}"""));
        state.Apply(new PresenceDiff([first, other], []));

        var effective = state.Apply(new PresenceDiff([second], [first]));

        Assert.Equal([second], effective.Joins);
        Assert.Equal([first], effective.Leaves);
        Assert.Equal(
            $$$"""{"a":{"metas":[{"n":2,"phx_ref":"{{{second.Ref}}}","phx_ref_prev":"{{{first.Ref}}}"},{"phx_ref":"{{{other.Ref}}}"}]}}""",
            Text(state));
    }

    [Fact]
    public void Applying_a_diff_again_changes_nothing()
    {
        var state = new PresenceState();
        var (a, b) = (Meta("a", "{}"), Meta("b", "{}"));
        state.Apply(PresenceDiff.Joined(a));
        var diff = new PresenceDiff([b], [a]);
        state.Apply(diff);
        var digest = state.Digest;

        Assert.True(state.Apply(diff).IsEmpty);
        Assert.Equal(digest, state.Digest);
    }

    [Fact]
    public void The_difference_to_a_target_leads_to_it_but_for_who_is_undecided()
    {
        var state = new PresenceState();
        var (stays, goes, comes, undecided) = (Meta("a", "{}"), Meta("b", "{}"), Meta("c", "{}"), Meta("d", "{}"));
        state.Apply(new PresenceDiff([stays, goes, undecided], []));

        var diff = state.DiffTo([stays, comes], reference => reference == undecided.Ref);

        Assert.Equal([comes], diff.Joins);
        Assert.Equal([goes], diff.Leaves);
    }

    [Fact]
    public void A_diff_has_both_members_and_escapes_keys()
    {
        var meta = Meta("a\"\\\u0001ö", "{}");

        var json = Encoding.UTF8.GetString(PresenceDiff.Left(meta).ToJson());

        Assert.Equal("{\"joins\":{},\"leaves\":{\"a\\\"\\\\\\u0001ö\":{\"metas\":[{\"phx_ref\":\"" + meta.Ref + "\"}]}}}", json);
    }

    [Fact]
    public void References_are_16_URL_safe_characters_and_read_back()
    {
        var references = Enumerable.Range(0, 10_000).Select(_ => PresenceRef.New()).ToHashSet();

        Assert.Equal(10_000, references.Count);
        Assert.All(references, reference =>
        {
            Assert.Matches("^[A-Za-z0-9_-]{16}$", reference.ToString());
            Assert.True(PresenceRef.TryParse(Encoding.ASCII.GetBytes(reference.ToString()), out var same));
            Assert.Equal(reference, same);
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("GD3p0Vj2kBLxqwK")]
    [InlineData("GD3p0Vj2kBLxqwKBA")]
    [InlineData("GD3p0Vj2kBLxqw+/")]
    [InlineData("GD3p0Vj2kBLxqwK ")]
    public void What_is_no_reference_is_refused(string text) =>
        Assert.False(PresenceRef.TryParse(Encoding.ASCII.GetBytes(text), out _));

    private static PresenceMeta Meta(string key, string json) => new(key, Payload(json), PresenceRef.New());

    private static PresencePayload Payload(string json)
    {
        Assert.True(PresencePayload.TryCreate(Encoding.UTF8.GetBytes(json), out var payload));
        return payload;
    }

    private static string Text(PresenceState state) => Encoding.UTF8.GetString(state.ToJson());
}
