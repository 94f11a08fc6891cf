using static RewardKit.Worlds.Tests.Trials;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// Does CREAM keep a model that trains on its own, noisy judgements from spoiling them? Both arms lose from round to round, for
/// nothing tells them the truth; CREAM must lose less. It does so in its first round above all, in which the origin's likelihood
/// agrees with the model's ranking no better than chance: with C near ½ it stays where it is.
/// </summary>
public class SelfRewardingInTheWorldTests
{
    private const int Seeds = 4;
    private const double Noise = 0.25;
    private const double TwoSided95 = 3.182; // Student's t, 3 degrees of freedom

    [Test]
    public void In_the_third_round_its_pairs_are_in_the_right_order_more_often_than_those_of_plain_self_rewarding()
    {
        using var trials = new Trials();
        var judgement = new SelfJudgement(trials, Noise);
        var differences = new List<double>();
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var plain = judgement.Run("srlm", seed, Augmenter("cream", ("rate", 1.0), ("maxTokens", 16)));
            var cream = judgement.Run("cream", seed, Augmenter("cream", ("maxTokens", 16)));
            foreach (var (name, rounds) in new[] { ("srlm", plain), ("cream", cream) })
                TestContext.Progress.WriteLine($"{name}, seed {seed}: " + string.Join("; ", rounds.Select(r => FormattableString.Invariant($"right {r.Right:F3}, consistency {r.Consistency:F3}"))));
            Assert.That(plain[0], Is.EqualTo(cream[0]), "the same answers of the same start");
            Assert.That(plain[0].Right, Is.EqualTo(1 - Noise).Within(0.15), "about as noisy as planted");
            differences.Add(cream[2].Right - plain[2].Right);
        }
        var mean = differences.Average();
        var half = TwoSided95 * Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (Seeds - 1) / Seeds);
        TestContext.Progress.WriteLine(FormattableString.Invariant($"difference in the third round: {mean:F3}, {mean - half:F3} to {mean + half:F3}"));
        Assert.That(mean - half, Is.Positive);
    }
}
