using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.GenArm.Tests;

/// <summary>What holds of the rule for any models, over random tables of seven tokens.</summary>
public sealed class GenArmDecoderTests
{
    private const int Tokens = 7;

    private static readonly GenArmDecoder Rule = new(new());

    private static double[] Draw(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Tokens).Select(_ => 6 * random.NextDouble() - 3)];
    }

    private static double[] LogProbs(double[] logits) => [.. Softmax(logits).Select(p => Math.Log(p))];

    private static double[] Next(double[] @base, params (double[] Guide, double Weight)[] guides) =>
        new TabularDecoding(new(@base), [.. guides.Select(guide => new Table(guide.Guide))]).Next(Rule, [.. guides.Select(guide => guide.Weight)]);

    [Test]
    public void Weight_zero_is_the_base_to_the_last_bit_and_runs_no_guide()
    {
        var guide = new Table(Draw(2));
        var decoding = new TabularDecoding(new(Draw(1)), guide);
        decoding.Next(Rule, [0.0]);
        Assert.Multiple(() =>
        {
            Assert.That(decoding.Scores[0], Is.EqualTo(Draw(1).Select(logit => (double)(float)logit)));
            Assert.That(guide.Asked, Is.Zero);
        });
    }

    [Test]
    public void A_row_without_weight_is_the_base_beside_rows_with_some()
    {
        double[] impossible = [double.NegativeInfinity, 0, 1, 0, 0, 0, 0];
        var rows = new TabularDecoding(new(Draw(1)), new Table(impossible)).Next(Rule, [[0.0], [1.0], []]);
        Assert.Multiple(() =>
        {
            Assert.That(rows[0], Is.EqualTo(Softmax([.. Draw(1).Select(logit => (double)(float)logit)])).Within(1e-12));
            Assert.That(rows[1][0], Is.Zero);
            Assert.That(rows[2], Is.EqualTo(rows[1]), "no weight stated: 1");
        });
    }

    [Property]
    public void A_uniform_guide_changes_nothing(int seed, byte weight) =>
        Assert.That(Next(Draw(seed), (new double[Tokens], weight / 16.0)), Is.EqualTo(Softmax(Draw(seed))).Within(1e-6));

    [Property]
    public void The_base_as_its_own_guide_lowers_the_temperature(int seed, byte weight) => Assert.That(
        Next(Draw(seed), (Draw(seed), weight / 64.0)), Is.EqualTo(Softmax([.. Draw(seed).Select(logit => logit * (1 + weight / 64.0))])).Within(1e-5));

    [Property]
    public void A_constant_added_to_a_models_logits_changes_nothing(int seed, sbyte ofBase, sbyte ofGuide) => Assert.That(
        Next([.. Draw(seed).Select(logit => logit + ofBase / 8.0)], ([.. Draw(seed + 1).Select(logit => logit + ofGuide / 8.0)], 1.3)),
        Is.EqualTo(Next(Draw(seed), (Draw(seed + 1), 1.3))).Within(1e-5));

    [Property]
    public void More_weight_gives_no_less_reward_and_no_less_divergence(int seed)
    {
        var (@base, guide) = (Draw(seed), Draw(seed + 1));
        var steps = new[] { 0, 0.1, 0.5, 1, 2, 5 }.Select(weight => Next(@base, (guide, weight))).ToArray();
        double Reward(double[] p) => p.Zip(LogProbs(guide), (share, reward) => share * reward).Sum();
        double Divergence(double[] p) => p.Zip(LogProbs(@base), (share, of) => share * (Math.Log(share) - of)).Sum();
        Assert.Multiple(() =>
        {
            foreach (var (less, more) in steps.Zip(steps.Skip(1)))
            {
                Assert.That(Reward(more), Is.GreaterThanOrEqualTo(Reward(less) - 1e-6));
                Assert.That(Divergence(more), Is.GreaterThanOrEqualTo(Divergence(less) - 1e-6));
            }
        });
    }

    // At each prefix the rule maximises E[log π_r] − β KL(· ‖ π_base); the maximum is β log Σ π_base π_r^(1/β).
    [Property]
    public void No_distribution_does_better_in_one_step(int seed, byte scale)
    {
        var beta = 0.25 + scale / 64.0;
        var (@base, guide) = (LogProbs(Draw(seed)), LogProbs(Draw(seed + 1)));
        double Objective(double[] p) => p.Select((share, id) => share * (guide[id] - beta * (Math.Log(share) - @base[id]))).Sum();
        var best = Objective(Next(Draw(seed), (Draw(seed + 1), 1 / beta)));
        Assert.Multiple(() =>
        {
            Assert.That(best, Is.EqualTo(beta * Math.Log(@base.Zip(guide, (b, g) => Math.Exp(b + g / beta)).Sum())).Within(1e-5));
            for (var other = 2; other < 12; other++) Assert.That(Objective(Softmax(Draw(seed + other))), Is.LessThanOrEqualTo(best + 1e-6));
        });
    }

    [Property]
    public void Greedy_takes_the_largest_sum_of_log_probabilities_at_any_temperature(int seed)
    {
        var best = LogProbs(Draw(seed)).Zip(LogProbs(Draw(seed + 1)), (b, g) => b + 0.8 * g).ToArray();
        int Taken(double temperature) => new TabularDecoding(new(Draw(seed)), new Table(Draw(seed + 1))) { Options = new() { Temperature = temperature } }
            .Next(Rule, [0.8]).Index().MaxBy(token => token.Item).Index;
        Assert.Multiple(() =>
        {
            Assert.That(Taken(1), Is.EqualTo(Array.IndexOf(best, best.Max())));
            Assert.That(Taken(0.4), Is.EqualTo(Taken(1)));
            Assert.That(Taken(2.5), Is.EqualTo(Taken(1)));
        });
    }

    [Test]
    public void A_second_guide_of_weight_zero_is_not_run_and_leaves_no_trace()
    {
        var unused = new Table(Draw(3));
        var two = new TabularDecoding(new(Draw(1)), new Table(Draw(2)), unused).Next(Rule, [0.7, 0]);
        Assert.Multiple(() =>
        {
            Assert.That(two, Is.EqualTo(Next(Draw(1), (Draw(2), 0.7))));
            Assert.That(unused.Asked, Is.Zero);
        });
    }

    [Property]
    public void Weights_of_one_guide_named_twice_add(int seed, byte first, byte second)
    {
        var (a, b) = (first / 64.0, second / 64.0);
        Assert.That(Next(Draw(seed), (Draw(seed + 1), a), (Draw(seed + 1), b)), Is.EqualTo(Next(Draw(seed), (Draw(seed + 1), a + b))).Within(1e-5));
    }

    [Property]
    public void The_released_codes_route_gives_the_rule_at_its_temperature(int seed, byte first, byte second)
    {
        double[] weights = [first / 64.0, second / 64.0];
        double[] Of(bool normalise, double temperature) =>
            new TabularDecoding(new(Draw(seed)), new Table(Draw(seed + 1)), new Table(Draw(seed + 2))) { Options = new() { Temperature = temperature } }
                .Next(new GenArmDecoder(new() { Normalise = normalise }), weights);
        Assert.That(Of(true, 0.9 / (1 + weights.Sum())), Is.EqualTo(Of(false, 0.9)).Within(1e-5));
    }

    [Property]
    public void What_is_impossible_under_either_model_stays_impossible(int seed, byte weight)
    {
        var (@base, guide) = (Draw(seed), Draw(seed + 1));
        (@base[1], guide[4]) = (double.NegativeInfinity, double.NegativeInfinity);
        var p = Next(@base, (guide, 0.01 + weight / 16.0));
        Assert.Multiple(() =>
        {
            Assert.That(p.Sum(), Is.EqualTo(1).Within(1e-9));
            Assert.That((p[1], p[4]), Is.EqualTo((0.0, 0.0)));
            Assert.That(p.Where((_, id) => id is not (1 or 4)), Has.All.GreaterThan(0));
        });
    }

    [Test]
    public void Leaves_no_tensor()
    {
        var before = LiveTensors.Count;
        new TabularDecoding(new(Draw(1)), new Table(Draw(2))).Next(Rule, [[0.5], [0.0]]);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
