using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Odin.Tests;

public sealed class OdinLossTests : LossFixture
{
    // The first worked example, chosen and rejected in turn.
    private static readonly double[] Quality = [0.2, -0.1, 1.0, 0.3, 0.4, 0.8], Length = [0.5, 0.3, 0.9, 0.2, 0.1, 0.6];
    private static readonly long[] Lengths = [120, 60, 200, 90, 80, 150];

    [TestCase(Correlated.Apart, -0.1433526367 + 0.1534366635, 0.6553001165, (0.8386278694 + 0.9920645329) / 2)]
    [TestCase(Correlated.Together, -0.0302224189, 0.6149936707, 0.8994590815)]
    public void Values_of_the_worked_example(Correlated correlate, double correlation, double total, double quality)
    {
        var result = Compute(new() { Correlate = correlate, OrthogonalityWeight = 0 }, Preferences(3), Quality, Length);
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Metrics["loss.reward"]), Is.EqualTo(0.6452160896).Within(1e-9));
            Assert.That(Value(result.Metrics["loss.length"]), Is.EqualTo(correlation).Within(1e-9));
            Assert.That(Value(result.Metrics["corr.quality"]), Is.EqualTo(quality).Within(1e-9));
            Assert.That(Value(result.Loss), Is.EqualTo(total).Within(1e-9));
            // Of quality alone: 0.3, 0.7, −0.4; of the sum: 0.5, 1.4, −0.9.
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.EqualTo(2.0 / 3).Within(1e-12));
            Assert.That(Value(result.Metrics["acc.sum"]), Is.EqualTo(2.0 / 3).Within(1e-12));
            Assert.That(Value(result.Metrics["margin.scalar"]), Is.EqualTo(0.2).Within(1e-12));
        });
    }

    // The second: hidden states of two pairs, and the weights of both outputs. The code's total has 1 − ρ where the paper has −ρ.
    [TestCase(true, 0.24494712, -0.94188291, 0.73983141, 0.54371575, 0.99071437, 0.13253573, 2.12325010)]
    [TestCase(false, 0.58976882, -0.83074925, 0.75548852, 0.05129892, 0.71632847, 0.54166376, 2.25799223)]
    public void Values_of_the_worked_example_on_features(
        bool centred, double reward, double quality, double length, double orthogonality, double total, double sum, double code)
    {
        double[][] h = [[1, 0.5, -0.5, 2], [0.4, 0, 1, -0.5], [0.2, -1, 0.3, 0.1], [-0.3, 0.8, 0.6, 0.9]];
        double[][] w = [Normalised([0.6, -0.2, 0.4, 0.1], centred), Normalised([0.1, 0.3, -0.1, 0.7], centred)];
        double[] Output(int k) => [.. h.Select(row => row.Zip(w[k], (x, y) => x * y).Sum())];
        LossResult Of(OdinOptions options) => new OdinLoss(options with { Correlate = Correlated.Together }).Compute(
            Batch(Preferences(2), [120, 60, 80, 150]), Forward(Leaf(Output(0)), Leaf(Output(1)), torch.tensor((double[])[.. w[0], .. w[1]]).reshape(2, 4)));

        var (paper, official) = (Of(new()), Of(new() { SumWeight = 1 }));

        Assert.Multiple(() =>
        {
            Assert.That(Value(paper.Metrics["loss.reward"]), Is.EqualTo(reward).Within(1e-8));
            Assert.That(Value(paper.Metrics["corr.quality"]), Is.EqualTo(quality).Within(1e-8));
            Assert.That(Value(paper.Metrics["corr.length"]), Is.EqualTo(length).Within(1e-8));
            Assert.That(Value(paper.Metrics["corr.sum"]), Is.EqualTo(sum).Within(1e-8));
            Assert.That(Value(paper.Metrics["loss.orthogonality"]), Is.EqualTo(orthogonality).Within(1e-8));
            Assert.That(Value(paper.Loss), Is.EqualTo(total).Within(1e-8));
            Assert.That(Value(official.Loss) + 1, Is.EqualTo(code).Within(1e-8));
        });
    }

    [Test]
    public void Its_head_has_two_normalised_outputs() => Assert.Multiple(() =>
    {
        Assert.That(new OdinLoss(new()).Head, Is.EqualTo(new RewardHead(Outputs: 2, Norm: HeadNorm.Unit)));
        Assert.That(new OdinLoss(new() { Normalisation = Normalisation.CentredUnit }).Head.Norm, Is.EqualTo(HeadNorm.CentredUnit));
    });

    [Test]
    public void Without_weights_it_is_bradley_terry_on_the_sum()
    {
        var result = Compute(new() { LengthWeight = 0, OrthogonalityWeight = 0 }, [.. Preferences(2), Tie(3)], Quality, Length);
        double Softplus(double x) => Math.Log(1 + Math.Exp(x));
        Assert.That(Value(result.Loss), Is.EqualTo((Softplus(-0.5) + Softplus(-1.4) + (Softplus(-0.9) + Softplus(0.9)) / 2) / 3).Within(1e-12));
    }

    [Property]
    public void Every_term_keeps_its_bounds(sbyte[] seeds, bool together)
    {
        using var scope = torch.NewDisposeScope();
        double At(int i) => seeds.Length == 0 ? 0 : Math.Sin(seeds[i % seeds.Length] * (i + 1));
        double[] Row(int from) => [.. Enumerable.Range(from, 8).Select(At)];
        var weights = torch.tensor((double[])[.. Normalised([At(1), At(2), 1], false), .. Normalised([At(3), At(4), -1], false)]).reshape(2, 3);
        var loss = new OdinLoss(new() { Correlate = together ? Correlated.Together : Correlated.Apart });
        var metrics = loss.Compute(
            Batch(Preferences(4), [.. Row(30).Select(x => (long)(100 + 90 * x))]), Forward(Leaf(Row(0)), Leaf(Row(10)), weights)).Metrics;
        Assert.Multiple(() =>
        {
            var terms = together ? 1 : 2;
            Assert.That(Value(metrics["loss.length"]), Is.InRange(-terms - 1e-12, 2 * terms + 1e-12));
            Assert.That(Value(metrics["loss.orthogonality"]), Is.InRange(0, 1 + 1e-12));
            foreach (var name in (string[])["corr.quality", "corr.length", "corr.sum"]) Assert.That(Value(metrics[name]), Is.InRange(-1 - 1e-12, 1 + 1e-12), name);
        });
    }

    [Test]
    public void The_reward_loss_reaches_both_outputs_alike_and_the_length_loss_tells_them_apart()
    {
        var bare = new OdinOptions { LengthWeight = 0, OrthogonalityWeight = 0 };
        var (quality, length) = (Leaf(Quality), Leaf(Length));
        new OdinLoss(bare).Compute(Batch(Preferences(3), Lengths), Forward(quality, length)).Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Gradient(quality), Is.EqualTo(Gradient(length)).And.All.Not.Zero);
            Assert.That(Value(Compute(bare, Preferences(3), Length, Quality).Loss), Is.EqualTo(Value(Compute(bare, Preferences(3), Quality, Length).Loss)).Within(1e-12));
            Assert.That(
                Value(Compute(new(), Preferences(3), Length, Quality).Metrics["loss.length"]),
                Is.Not.EqualTo(Value(Compute(new(), Preferences(3), Quality, Length).Metrics["loss.length"])).Within(0.01));
        });
    }

    [Test]
    public void A_tie_is_neither_chosen_nor_rejected()
    {
        double Of(Correlated correlate, params double[] tie) => Value(new OdinLoss(new() { Correlate = correlate }).Compute(
            Batch([.. Preferences(3), Tie(4)], [.. Lengths, 40, 400]), Forward(Leaf([.. Quality, .. tie]), Leaf([.. Length, .. tie]))).Metrics["loss.length"]);
        Assert.That(Of(Correlated.Apart, 3, -3), Is.EqualTo(-0.1433526367 + 0.1534366635).Within(1e-9));
        Assert.That(Of(Correlated.Together, 3, -3), Is.Not.EqualTo(-0.0302224189).Within(0.01));
    }

    // What a batch may come to: constant rewards, equal lengths, ties alone, one pair.
    [Test]
    public void A_batch_that_has_no_correlation_leaves_the_other_terms([Values] Correlated correlate)
    {
        var loss = new OdinLoss(new() { Correlate = correlate, SumWeight = 1, OrthogonalityWeight = 0 });
        (PreferenceExample[] Examples, double[] Quality, long[] Lengths)[] batches =
        [
            (Preferences(2), [0.5, 0.5, 0.5, 0.5], [10, 20, 30, 40]),
            (Preferences(2), [0.5, 0.1, 0.2, 0.4], [30, 30, 30, 30]),
            ([Tie(1), Tie(2)], [0.5, 0.5, 0.5, 0.5], [30, 30, 30, 30]),
            (Preferences(1), [0.5, 0.5], [10, 10]),
        ];
        foreach (var (examples, quality, lengths) in batches)
        {
            var (first, second) = (Leaf(quality), Leaf(quality));
            var result = loss.Compute(Batch(examples, lengths), Forward(first, second));
            result.Loss.backward();
            Assert.That(Value(result.Loss), Is.EqualTo(Value(result.Metrics["loss.reward"])).Within(1e-12));
            Assert.That(Gradient(first), Is.EqualTo(Gradient(second)).Within(1e-12).And.All.Not.NaN);
        }
    }

    // Preferences follow quality plus length, both linear in what the model sees: the outputs are to part them.
    [TestCase(Correlated.Apart, Normalisation.Unit)]
    [TestCase(Correlated.Together, Normalisation.CentredUnit)]
    public void Training_parts_quality_from_length(Correlated correlate, Normalisation normalisation)
    {
        var loss = new OdinLoss(new() { Correlate = correlate, Normalisation = normalisation });
        var (train, test) = (new World(512, 1), new World(1024, 2));
        var raw = torch.sin(3 * torch.arange(12, dtype: torch.float64) + 1).reshape(2, 6).requires_grad_();
        for (var step = 0; step < 150; step++)
        {
            using var scope = torch.NewDisposeScope();
            if (raw.grad is { } old) old.zero_();
            loss.Compute(train.Batch, train.Forward(Normed(raw, normalisation))).Loss.backward();
            using var _ = torch.no_grad();
            raw.sub_(0.3 * raw.grad!);
        }
        var metrics = loss.Compute(test.Batch, test.Forward(Normed(raw, normalisation).detach())).Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(Math.Abs(Value(metrics["corr.quality"])), Is.LessThan(0.1));
            Assert.That(Value(metrics["corr.length"]), Is.GreaterThan(0.9));
            Assert.That(Value(metrics["loss.orthogonality"]), Is.LessThan(0.1));
            Assert.That(Value(metrics["acc.sum"]), Is.GreaterThan(0.9));
            Assert.That(test.AgreesOnQuality(Normed(raw, normalisation).detach()), Is.GreaterThan(0.9));
        });
    }

    [Test]
    public void No_tensor_outlives_its_scope([Values] Correlated correlate) => AssertLeavesNoTensor(
        new OdinLoss(new() { Correlate = correlate, SumWeight = 1 }), Batch([.. Preferences(2), Tie(3)], Lengths), Forward(Leaf(Quality), Leaf(Length)));

    private static LossResult Compute(OdinOptions options, PreferenceExample[] examples, double[] quality, double[] length) =>
        new OdinLoss(options).Compute(Batch(examples, Lengths), Forward(Leaf(quality), Leaf(length)));

    private static PairForward Forward(torch.Tensor quality, torch.Tensor length, torch.Tensor? weights = null) => new()
    {
        Rewards = quality,
        HeadRewards = torch.stack([quality, length], -1),
        HeadWeights = weights ?? torch.tensor((double[])[1, 0, 0, 1]).reshape(2, 2),
    };

    private static double[] Normalised(double[] row, bool centred)
    {
        var mean = centred ? row.Average() : 0;
        var norm = Math.Sqrt(row.Sum(x => (x - mean) * (x - mean)));
        return [.. row.Select(x => (x - mean) / norm)];
    }

    private static torch.Tensor Normed(torch.Tensor raw, Normalisation normalisation)
    {
        if (normalisation == Normalisation.CentredUnit) raw -= raw.mean([1], keepdim: true);
        return raw / raw.pow(2).sum(1, keepdim: true).sqrt();
    }

    /// <summary>Pairs of hidden states that hold quality, length in hundreds of tokens, and noise, each in some of six places.</summary>
    private sealed class World
    {
        private readonly torch.Tensor _features;
        private readonly double[][] _quality;

        public World(int pairs, int seed)
        {
            var random = new Random(seed);
            double Uniform() => 2 * random.NextDouble() - 1;
            var responses = Enumerable.Range(0, pairs)
                .Select(_ => ((double Quality, double Length)[])[(Uniform(), Uniform()), (Uniform(), Uniform())])
                .Select(pair => pair.OrderByDescending(r => r.Quality + r.Length).ToArray()).ToArray();
            _quality = [.. responses.Select(pair => pair.Select(r => r.Quality).ToArray())];
            _features = torch.tensor(responses.SelectMany(pair => pair).SelectMany(r =>
                (double[])[r.Quality, -r.Quality, r.Length, -r.Length, 0.1 * Uniform(), 0.1 * Uniform()]).ToArray()).reshape(pairs, 2, 6);
            Batch = Pairs.Batch(Preferences(pairs), [.. responses.SelectMany(pair => pair).Select(r => (long)(200 + 100 * r.Length))]);
        }

        public PairBatch Batch { get; }

        public PairForward Forward(torch.Tensor weights)
        {
            var outputs = _features.matmul(weights.t());
            return new() { Rewards = outputs.select(2, 0), HeadRewards = outputs, HeadWeights = weights };
        }

        /// <summary>In what share of pairs the reward and the true quality are of one mind.</summary>
        public double AgreesOnQuality(torch.Tensor weights)
        {
            var rewards = Forward(weights).Rewards;
            var margins = (rewards.select(1, 0) - rewards.select(1, 1)).data<double>().ToArray();
            return _quality.Zip(margins, (q, m) => (q[0] > q[1]) == (m > 0) ? 1.0 : 0).Average();
        }
    }
}
