using CsCheck;
using Realtime.Protocol.Presence;

namespace Realtime.Protocol.Tests.Presence;

public sealed class PresenceDiffMergerTests
{
    [Fact]
    public void Who_came_and_went_is_not_mentioned()
    {
        var (merger, meta) = (new PresenceDiffMerger(), Meta("a"));

        merger.Add(PresenceDiff.Joined(meta));
        merger.Add(PresenceDiff.Left(meta));

        Assert.True(merger.IsEmpty);
        Assert.True(merger.Take().IsEmpty);
    }

    [Fact]
    public void Who_went_and_came_back_unchanged_is_not_mentioned()
    {
        var (merger, meta) = (new PresenceDiffMerger(), Meta("a"));

        merger.Add(PresenceDiff.Left(meta));
        merger.Add(PresenceDiff.Joined(meta));

        Assert.True(merger.Take().IsEmpty);
    }

    [Fact]
    public void A_chain_of_replacements_collapses()
    {
        var merger = new PresenceDiffMerger();
        var first = Meta("a");
        var second = first.ReplacedBy(PresencePayload.Empty);
        var third = second.ReplacedBy(PresencePayload.Empty);

        merger.Add(new PresenceDiff([second], [first]));
        merger.Add(new PresenceDiff([third], [second]));

        var merged = merger.Take();
        Assert.Equal([third], merged.Joins);
        Assert.Equal([first], merged.Leaves);
        Assert.True(merger.IsEmpty);
    }

    [Fact]
    public void Merged_diffs_have_the_effect_of_the_diffs_they_were_made_of()
    {
        // Steps of eight members under three keys: track, untrack, come back as before; or send what was merged so far.
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 4]).Array[0, 60].Sample(steps =>
        {
            var (merger, state, sent) = (new PresenceDiffMerger(), new PresenceState(), new PresenceState());
            var (precise, merged) = (new ClientPresence(), new ClientPresence());
            var (current, last) = (new PresenceMeta?[8], new PresenceMeta?[8]);
            foreach (var (member, action) in steps)
            {
                if (action == 4)
                {
                    Send();
                    continue;
                }

                var diff = state.Apply(DiffOf(member, action, current, last));
                merger.Add(diff);
                precise.Apply(diff.ToJson());
                Assert.Equal(precise.Text, StateText(state));
            }

            Send();
            Assert.Equal(precise.Text, merged.Text);

            void Send()
            {
                var diff = merger.Take();
                sent.Apply(diff);
                merged.Apply(diff.ToJson());
                Assert.Equal(precise.Text, merged.Text);
                Assert.Equal(StateText(sent), merged.Text);
                Assert.Equal(state.Digest, sent.Digest);
                Assert.Empty(diff.Joins.Select(meta => meta.Ref).Intersect(diff.Leaves.Select(meta => meta.Ref)));
            }
        });
    }

    private static PresenceDiff DiffOf(int member, int action, PresenceMeta?[] current, PresenceMeta?[] last)
    {
        var before = current[member];
        last[member] = before ?? last[member];
        current[member] = action switch
        {
            0 or 1 => before?.ReplacedBy(PresencePayload.Empty) ?? Meta($"k{member % 3}"),
            2 => null,
            _ => before ?? last[member],
        };
        var after = current[member];
        return before == after ? PresenceDiff.Empty : new PresenceDiff(after is null ? [] : [after], before is null ? [] : [before]);
    }

    private static PresenceMeta Meta(string key) => new(key, PresencePayload.Empty, PresenceRef.New());

    private static string StateText(PresenceState state)
    {
        var client = new ClientPresence();
        client.Sync(state.ToJson());
        return client.Text;
    }
}
