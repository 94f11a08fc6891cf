using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class TrivialBaselinesTests
{
    private static readonly string[] Words =
        ["time", "people", "water", "house", "money", "garden", "paper", "music", "river", "kitchen", "window", "school"];

    [Test]
    public void Longer_wins()
    {
        var scores = new LengthScorer().ScorePairs([Results.Pair("1", "?", "four", "sixsix")]);
        Assert.That(scores.Single(), Is.EqualTo(new PairScore(4, 6)));
    }

    [Test]
    public void Bigrams_learn_word_order_from_noisy_pairs_and_beat_chance_on_new_ones()
    {
        var scorer = BigramScorer.Train(Pairs(200, seed: 1));
        var margins = scorer.ScorePairs(Pairs(200, seed: 2)).Select(s => s.Margin).ToArray();
        var right = margins.Count(m => m > 0);
        // Labels are wrong one time in five, so 80 % is the best there is.
        Assert.That(Statistics.Wilson(right / 200.0, 200).Low, Is.GreaterThan(0.6));
    }

    [Test]
    public void The_same_pairs_give_the_same_scores_to_the_last_bit()
    {
        var pairs = Pairs(50, seed: 3);
        var first = BigramScorer.Train(pairs).ScorePairs(pairs);
        Assert.That(BigramScorer.Train(pairs).ScorePairs(pairs), Is.EqualTo(first));
    }

    [Test]
    public void One_pair_has_the_weights_of_the_closed_form()
    {
        // φ(chosen) − φ(rejected) has one +1 and one −1. By symmetry w = (a, −a) with a = σ(−2a).
        var score = BigramScorer.Train([Results.Pair("1", "?", "yes", "no")]).ScorePairs([Results.Pair("2", "?", "Yes!", "no")]).Single();
        Assert.That(score.Chosen, Is.EqualTo(1 / (1 + Math.Exp(2 * score.Chosen))).Within(1e-9));
        Assert.That(score.Rejected, Is.EqualTo(-score.Chosen).Within(1e-12));
    }

    [Test]
    public void Ties_teach_nothing()
    {
        var tie = Results.Pair("1", "?", "yes", "no") with { Relation = Relation.Tie };
        Assert.That(BigramScorer.Train([tie]).ScorePairs([tie]).Single(), Is.EqualTo(new PairScore(0, 0)));
    }

    // The better answer says "not safe" and the worse one "safe, not", so that words alone cannot tell them apart.
    private static PreferenceExample[] Pairs(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            string good = Sentence("not safe"), bad = Sentence("safe not");
            return random.Next(5) == 0 ? Results.Pair($"{i}", "?", bad, good) : Results.Pair($"{i}", "?", good, bad);
        })];

        string Sentence(string middle) => $"{Word()} {Word()} {Word()} {middle} {Word()} {Word()}";
        string Word() => Words[random.Next(Words.Length)];
    }
}
