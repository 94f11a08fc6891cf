using RewardKit.Conformance;
using RewardKit.Plugins.Tests.Decoding;
using RewardKit.Torch;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.Mod.Tests;

[TestFixture(Divergence.ReverseKl)]
[TestFixture(Divergence.ForwardKl)]
[TestFixture(Divergence.JsdExact)]
public sealed class ModConformance(Divergence divergence) : DecoderConformance
{
    protected override IDecoder Create() => new ModDecoder(new() { Divergence = divergence });
}

public sealed class ModDecoderTests
{
    private static readonly double[] Reference = [0.5, 0.3, 0.2];
    private static readonly double[] First = [0.7, 0.2, 0.1];
    private static readonly double[] Second = [0.2, 0.3, 0.5];

    private static double[] Next(Divergence divergence, double[] weights, params double[][] policies) =>
        new TabularDecoding(Table.Of(Reference), [.. policies.Select(policy => Table.Of(policy))]).Next(new ModDecoder(new() { Divergence = divergence }), weights);

    private static double[] Draw(int seed)
    {
        var random = new Random(seed);
        return Softmax([.. Enumerable.Range(0, 3).Select(_ => 4 * random.NextDouble() - 2)]);
    }

    [TestCase(Divergence.ReverseKl, new[] { 0.443996900, 0.290664201, 0.265338899 }, new[] { 0.605583206, 0.241066931, 0.153349863 })]
    [TestCase(Divergence.Jsd, new[] { 0.443996900, 0.290664201, 0.265338899 }, new[] { 0.605583206, 0.241066931, 0.153349863 })]
    [TestCase(Divergence.ForwardKl, new[] { 0.433436533, 0.334365325, 0.232198142 }, new[] { 0.583333333, 0.267857143, 0.148809524 })]
    [TestCase(Divergence.Alpha, new[] { 0.439408680, 0.313578280, 0.247013040 }, new[] { 0.597568599, 0.253662359, 0.148769042 })]
    [TestCase(Divergence.JsdExact, new[] { 0.443241866, 0.311863692, 0.244894441 }, new[] { 0.598917175, 0.252505740, 0.148577086 })]
    public void Worked_example(Divergence divergence, double[] even, double[] uneven) => Assert.Multiple(() =>
    {
        Assert.That(Next(divergence, [0.5, 0.5], First, Second), Is.EqualTo(even).Within(1e-6));
        Assert.That(Next(divergence, [0.8, 0.2], First, Second), Is.EqualTo(uneven).Within(1e-6));
    });

    [Test]
    public void Weights_that_do_not_sum_to_one_need_the_reference() => Assert.Multiple(() =>
    {
        double[] expected = [0.383561644, 0.273972603, 0.342465753];
        Assert.That(Next(Divergence.ReverseKl, [1, 1], First, Second), Is.EqualTo(expected).Within(1e-6));
        Assert.That(Next(Divergence.ReverseKl, [], First, Second), Is.EqualTo(expected).Within(1e-6), "1 each where none is stated");
        // Without it: 0.56, 0.24, 0.20.
        Assert.That(Next(Divergence.ReverseKl, [1, 1], First, Second), Is.Not.EqualTo((double[])[0.56, 0.24, 0.20]).Within(0.05));
    });

    // π_ref exp(Σ w_i r_i / β) / Z with r_i = β log(π_i / π_ref).
    [Property]
    public void Under_reverse_kl_it_is_the_regularised_optimum_of_the_weighted_rewards(int seed, byte first, byte second)
    {
        double[] weights = [first / 100.0, second / 100.0];
        double[][] policies = [Draw(seed), Draw(seed + 1)];
        double[] optimum = [.. Reference.Select((p, v) => p * policies.Zip(weights, (policy, w) => Math.Pow(policy[v] / p, w)).Aggregate((a, b) => a * b))];
        Assert.That(Next(Divergence.ReverseKl, weights, policies), Is.EqualTo(optimum.Select(p => p / optimum.Sum())).Within(1e-5));
    }

    [Test]
    public void One_policy_alone_is_that_policy([Values] Divergence divergence) => Assert.Multiple(() =>
    {
        Assert.That(Next(divergence, [1, 0], First, Second), Is.EqualTo(First).Within(1e-6));
        Assert.That(Next(divergence, [0, 1], First, Second), Is.EqualTo(Second).Within(1e-6));
    });

    [Property]
    public void Equal_policies_give_that_policy(int seed, byte share)
    {
        var w = share / 255.0;
        Assert.Multiple(() =>
        {
            foreach (var divergence in Enum.GetValues<Divergence>())
                Assert.That(Next(divergence, [w, 1 - w], Draw(seed), Draw(seed)), Is.EqualTo(Draw(seed)).Within(1e-5), $"{divergence}");
        });
    }

    [Property]
    public void The_order_of_the_policies_does_not_matter(int seed, byte first, byte second)
    {
        var (a, b) = (0.1 + first / 200.0, second / 200.0);
        Assert.Multiple(() =>
        {
            foreach (var divergence in Enum.GetValues<Divergence>())
                Assert.That(Next(divergence, [a, b], Draw(seed), Draw(seed + 1)), Is.EqualTo(Next(divergence, [b, a], Draw(seed + 1), Draw(seed))).Within(1e-5), $"{divergence}");
        });
    }

    // The reference takes part as one more policy would.
    [Test]
    public void What_the_weights_leave_to_one_is_the_references([Values(Divergence.ReverseKl, Divergence.ForwardKl, Divergence.Alpha, Divergence.JsdExact)] Divergence divergence) =>
        Assert.That(Next(divergence, [0.3, 0.2], First, Second), Is.EqualTo(Next(divergence, [0.3, 0.2, 0.5], First, Second, Reference)).Within(1e-6));

    [Test]
    public void Of_means_a_sum_above_one_is_as_if_divided_by_it([Values(Divergence.ForwardKl, Divergence.Alpha, Divergence.JsdExact)] Divergence divergence) =>
        Assert.That(Next(divergence, [1.6, 0.4], First, Second), Is.EqualTo(Next(divergence, [0.8, 0.2], First, Second)).Within(1e-6));

    [Test]
    public void Only_models_with_weight_are_run([Values] Divergence divergence)
    {
        var (reference, first, second) = (Table.Of(Reference), Table.Of(First), Table.Of(Second));
        (int, int, int) Asked(params double[] weights)
        {
            (reference.Asked, first.Asked, second.Asked) = (0, 0, 0);
            new TabularDecoding(reference, first, second).Next(new ModDecoder(new() { Divergence = divergence }), weights);
            return (reference.Asked, first.Asked, second.Asked);
        }

        var exact = divergence == Divergence.JsdExact ? 1 : 0;
        Assert.Multiple(() =>
        {
            Assert.That(Asked(1, 0), Is.EqualTo((exact, 1, 0)));
            Assert.That(Asked(0.2, 0.8), Is.EqualTo((exact, 1, 1)));
            Assert.That(Asked(0, 0.5), Is.EqualTo((1, 0, 1)));
            Assert.That(Asked(0, 0), Is.EqualTo((1, 0, 0)));
        });
    }

    [Test]
    public void Weights_of_zero_are_the_base_to_the_last_bit([Values] Divergence divergence)
    {
        var decoding = new TabularDecoding(new(3, -1, 2), Table.Of(First), Table.Of(Second));
        decoding.Next(new ModDecoder(new() { Divergence = divergence }), [0.0, 0.0]);
        Assert.That(decoding.Scores[0], Is.EqualTo(new[] { 3.0, -1, 2 }));
    }

    [Test]
    public void Rows_get_beside_others_what_they_get_alone([Values] Divergence divergence)
    {
        // The second policy cannot give the first token.
        var decoding = new TabularDecoding(Table.Of(Reference), Table.Of(First), Table.Of(0, 0.4, 0.6));
        var decoder = new ModDecoder(new() { Divergence = divergence });
        double[][] weights = [[1, 0], [0.5, 0.5], [0.2, 0.3], [0, 1]];
        var rows = decoding.Next(decoder, weights);
        Assert.Multiple(() =>
        {
            for (var i = 0; i < weights.Length; i++) Assert.That(rows[i], Is.EqualTo(decoding.Next(decoder, weights[i])).Within(1e-12), $"row {i}");
            Assert.That(rows.Select(row => row[0]), Is.EqualTo((double[])[0.7, 0, 0, 0]).Within(1e-6), "impossible under a policy that has weight");
        });
    }

    // Where a policy is far above the reference, 2 − e^y is all but zero.
    [Test]
    public void The_exact_divergence_survives_extreme_ratios()
    {
        var p = new TabularDecoding(new(0, 60, 0), new Table(60, 0, 0), new Table(50, 0, 0)).Next(new ModDecoder(new() { Divergence = Divergence.JsdExact }), [0.5, 0.5]);
        Assert.That(p, Has.All.Matches<double>(double.IsFinite));
        Assert.That(p[0], Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void Leaves_no_tensor([Values] Divergence divergence)
    {
        var before = LiveTensors.Count;
        Next(divergence, [0.5, 0.2], First, Second);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }
}
