using FsCheck;
using FsCheck.Fluent;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.HhCleaning.Tests;

public sealed class CleaningTests
{
    private const Vote Yes = Vote.Agree, No = Vote.Disagree, Tie = Vote.Tie;

    [TestCase(new[] { Yes, Yes, Yes, No }, Cleaned.Keep, "confirmed")]
    [TestCase(new[] { No, No, No, Yes }, Cleaned.Swap, "inverted")]
    [TestCase(new[] { Yes, Yes, No, No }, Cleaned.Drop, "ambiguous")]
    [TestCase(new[] { No, No, No, No }, Cleaned.Swap, "inverted")]
    [TestCase(new[] { Yes, Yes, Yes, Yes }, Cleaned.Keep, "confirmed")]
    [TestCase(new[] { Yes, Yes, No }, Cleaned.Drop, "ambiguous")] // ⌈9/4⌉ is all three
    [TestCase(new[] { Yes, Yes, Yes, Yes, Tie }, Cleaned.Keep, "confirmed")] // ⌈15/4⌉ = 4 of 5
    [TestCase(new[] { Yes, Yes, Yes, Tie, Tie }, Cleaned.Drop, "ambiguous")]
    [TestCase(new[] { No, No }, Cleaned.Keep, "too few votes")]
    [TestCase(new Vote[0], Cleaned.Keep, "no votes")]
    public void Three_of_four_votes_settle_a_pair(Vote[] votes, Cleaned action, string category) =>
        Assert.That(Decide(votes), Is.EqualTo(new Outcome(action, category)));

    // 0.6 · 5 must not be rounded up to four.
    [Test]
    public void The_share_of_votes_is_an_option() =>
        Assert.That(Cleaning.Decide(Pairs.Preference(1), new([Yes, Yes, Yes, No, No]), 0.6).Action, Is.EqualTo(Cleaned.Keep));

    [Test]
    public void Toxicity_is_a_category_and_drops_only_where_both_sides_are()
    {
        Assert.That(Decide([Yes, Yes, Yes], Toxic.Both), Is.EqualTo(new Outcome(Cleaned.Drop, "both toxic")));
        Assert.That(Decide([Yes, Yes, Yes], Toxic.Chosen), Is.EqualTo(new Outcome(Cleaned.Keep, "chosen toxic")));
        Assert.That(Decide([No, No, No], Toxic.Rejected), Is.EqualTo(new Outcome(Cleaned.Swap, "rejected toxic")));
        Assert.That(Cleaning.Decide(Pairs.Preference(1), new([], Toxic.Chosen, "off topic"), 0.75), Is.EqualTo(new Outcome(Cleaned.Keep, "off topic")));
    }

    [Test]
    public void What_is_no_comparison_goes_whatever_the_votes()
    {
        var pair = Pairs.Preference(1);
        Conversation Turns(params string[] roles) => new(roles.Select(role => new Message(role, "text")));
        Assert.Multiple(() =>
        {
            Assert.That(Cleaning.Defect(pair), Is.Null);
            Assert.That(Cleaning.Defect(pair with { Rejected = Conversation.Assistant(" \n") }), Is.EqualTo("empty answer"));
            Assert.That(Cleaning.Defect(pair with { Chosen = Conversation.Assistant("bad 1 ") }), Is.EqualTo("identical answers"));
            Assert.That(Cleaning.Defect(pair with { Chosen = Turns("assistant", "user") }), Is.EqualTo("truncated dialogue"));
            Assert.That(Cleaning.Defect(pair with { Rejected = new([]) }), Is.EqualTo("truncated dialogue"));
            Assert.That(Cleaning.Defect(pair with { Prompt = new([]) }), Is.EqualTo("truncated dialogue"));
            Assert.That(Cleaning.Defect(pair with { Chosen = Turns("assistant", "user", "assistant") }), Is.EqualTo("prompt mismatch"));
            Assert.That(
                Cleaning.Decide(pair with { Rejected = Conversation.Assistant("") }, new([Yes, Yes, Yes]), 0.75), Is.EqualTo(new Outcome(Cleaned.Drop, "empty answer")));
        });
    }

    // H1.
    [Property]
    public bool Swapped_twice_a_pair_is_itself(int number, bool made, double margin)
    {
        var pair = Pairs.Preference(number) with { Margin = margin, SoftLabel = 0.9, Rewards = new(margin, 1) };
        if (made) pair = pair with { Id = "x+iqn", Provenance = pair.Provenance with { Augmentation = "iqn", Parent = pair.Id } };
        var swapped = Cleaning.Swap(pair);
        return swapped.Id != pair.Id && swapped.Chosen == pair.Rejected && swapped.Provenance.Parent is not null && Cleaning.Swap(swapped) == pair;
    }

    // H3.
    [Property]
    public bool The_order_of_votes_does_not_matter(Vote[] votes, int seed)
    {
        var shuffled = votes.ToArray();
        new System.Random(seed).Shuffle(shuffled);
        return Decide(shuffled) == Decide(votes);
    }

    // The label is right or wrong, or nobody knows: with every vote turned about, the decision is, too.
    [Property]
    public bool Opposite_votes_give_the_opposite(Vote[] votes)
    {
        if (votes.Length < Cleaning.FewestVotes) return true;
        Vote[] opposite = [.. votes.Select(v => v switch { Yes => No, No => Yes, _ => Tie })];
        return Decide(opposite).Action == Decide(votes).Action switch { Cleaned.Keep => Cleaned.Swap, Cleaned.Swap => Cleaned.Keep, var drop => drop };
    }

    private static Outcome Decide(Vote[] votes, Toxic toxic = Toxic.None) => Cleaning.Decide(Pairs.Preference(1), new(votes, toxic), 0.75);
}
