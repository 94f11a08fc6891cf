using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public sealed class PairInspectionTests
{
    [Test]
    public void Counts_by_hand()
    {
        var found = new PairInspection(Pairs(("p", "a", "b"), ("p", "b", "a"), ("long 😀", "c", "def"), ("q", "x", "yz")), seed: 1);
        Assert.Multiple(() =>
        {
            Assert.That((found.Prompts, found.Contradicting, found.Ties, found.Duplicates), Is.EqualTo((3, 2, 0, 0)));
            Assert.That(found.Lengths, Is.EqualTo(new[]
            {
                ("prompt", new LengthSpread(1, 1, 6, 6, 6)), ("chosen", new LengthSpread(1, 1, 1, 1, 1)), ("rejected", new LengthSpread(1, 1.5, 3, 3, 3)),
            }));
            Assert.That(found.Samples, Is.EqualTo(found.Pairs.Examples));
        });
    }

    [Test]
    public void Labels_of_steps_are_counted_once_for_each_response()
    {
        var pairs = Pairs(("p", "good", "bad"), ("p", "good", "worse"));
        var labelled = pairs with
        {
            Examples = [.. pairs.Examples.Select(pair => pair with { ChosenSteps = new([new(2, 1), new(4, 1)]), RejectedSteps = new([new(1, 0.5), new(3, 0)]) })],
        };
        var (count, right) = new PairInspection(labelled, seed: 1).Steps;
        Assert.That((count, right), Is.EqualTo((6, (2 + 0.5 + 0.5) / 6)));
        Assert.That(new PairInspection(pairs, seed: 1).Steps, Is.EqualTo((0, 0.0)));
    }

    [Test]
    public void Percentiles_are_lengths_that_occur() =>
        Assert.That(LengthSpread.Of(Enumerable.Range(1, 200).Reverse()), Is.EqualTo(new LengthSpread(1, 100.5, 180, 198, 200)));

    [Test]
    public void The_seed_chooses_five_samples()
    {
        var pairs = Pairs([.. Enumerable.Range(0, 100).Select(i => ($"p{i}", "a", "b"))]);
        var samples = new PairInspection(pairs, 1).Samples;
        Assert.That(samples, Has.Count.EqualTo(5).And.Unique);
        Assert.That(new PairInspection(pairs, 1).Samples, Is.EqualTo(samples));
        Assert.That(new PairInspection(pairs, 2).Samples, Is.Not.EqualTo(samples));
    }

    [Test]
    public void Prompts_of_both_files_are_counted_once_each() => Assert.That(
        PairInspection.SharedPrompts(Pairs(("p", "a", "b"), ("p", "c", "d"), ("q", "a", "b")), Pairs(("p", "e", "f"), ("r", "a", "b"))), Is.EqualTo(1));

    private static LoadedPairs Pairs(params (string Prompt, string Chosen, string Rejected)[] texts) => new(
        [.. texts.Select((t, i) => new PreferenceExample(
            $"{i}", Conversation.User(t.Prompt), Conversation.Assistant(t.Chosen), Conversation.Assistant(t.Rejected), new("made", i + 1)))], []);
}
