using FsCheck.NUnit;
using RewardKit.Conformance;
using RewardKit.Plugins.BradleyTerry;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Plugins.DataSmoothing.Tests;

public sealed class DataSmoothingConformance : LossConformance
{
    protected override ILoss Create() => new DataSmoothingLoss(new());
}

public sealed class DataSmoothingLossTests
{
    // One comparison, a reward for either response, α = 0.5, β = 0.7.
    [Test]
    public void Labels_move_after_the_step()
    {
        var steps = Tabular(new(), 0.5, 5, [0, 0], [Pair("one", 0, 1)]);
        Assert.Multiple(() =>
        {
            Assert.That(steps.Select(s => s.Loss), Is.EqualTo((double[])[0.693147181, 0.606216218, 0.632244187, 0.640673415, 0.642758664]).Within(1e-8));
            Assert.That(steps.Select(s => s.Rewards[0] - s.Rewards[1]), Is.EqualTo((double[])[0, 0.5, 0.613262201, 0.639373282, 0.645428452]).Within(1e-8));
            Assert.That(steps.Select(s => s.Label), Is.EqualTo((double[])[1, 0.735721532, 0.674795676, 0.660666946, 0.657385759]).Within(1e-8));
        });
        var last = Tabular(new(), 0.5, 200, [0, 0], [Pair("one", 0, 1)])[^1];
        Assert.That((last.Rewards[0] - last.Rewards[1], last.Label), Is.EqualTo((0.647260230, 0.656392796)).Using<(double, double)>((a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-8));
    }

    [Test]
    public void Labels_move_with_the_same_model_and_the_gap_and_the_label_have_a_constant_sum()
    {
        var steps = Tabular(new() { Move = Move.SameModel }, 0.5, 200, [0, 0], [Pair("one", 0, 1)]);
        double Gap(int step) => steps[step].Rewards[0] - steps[step].Rewards[1];
        Assert.Multiple(() =>
        {
            Assert.That((double[])[Gap(1), steps[1].Label, Gap(2), steps[2].Label], Is.EqualTo((double[])[0.5, 0.65, 0.527540669, 0.630721532]).Within(1e-8));
            Assert.That(Enumerable.Range(0, 200).Select(step => 0.7 * Gap(step) + steps[step].Label), Is.All.EqualTo(1).Within(1e-8));
            Assert.That(Gap(199), Is.EqualTo(0.529482334).Within(1e-8));
        });
    }

    [TestCase(100, 4.589246190)]
    [TestCase(1000, 6.905010796)]
    public void Without_smoothing_the_gap_grows_without_end(int steps, double gap)
    {
        var last = Tabular(new() { Beta = 0 }, 0.5, steps + 1, [0, 0], [Pair("one", 0, 1)])[^1];
        Assert.That(last.Rewards[0] - last.Rewards[1], Is.EqualTo(gap).Within(1e-7));
    }

    // 700 wins and 300 losses of arm 1 over arm 2, and one win of arm 3 over arm 1, which plain training ends by putting first.
    [TestCase(0, 100, 0.393417089, -0.452492296, 0.059075207)]
    [TestCase(0, 1000, 0.170847443, -0.675456119, 0.504608675)]
    [TestCase(0.01, 100, 0.398968659, -0.436449640, 0.037480981)]
    [TestCase(0.01, 1000, 0.388693119, -0.446742930, 0.058049811)]
    public void One_comparison_does_not_overrule_a_thousand(double beta, int steps, double first, double second, double third)
    {
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 1001).Select(i => i < 700 ? Pair($"{i}", 0, 1) : i < 1000 ? Pair($"{i}", 1, 0) : Pair($"{i}", 2, 0))];
        var last = Tabular(new() { Beta = beta }, 1, steps + 1, [0, 0, 0], pairs)[^1];
        Assert.That(last.Rewards, Is.EqualTo((double[])[first, second, third]).Within(1e-7));
    }

    [Test]
    public void A_soft_label_by_hand()
    {
        using var scope = NewDisposeScope();
        var rewards = tensor(new[] { 0.5, 0.0 }, [1, 2], requires_grad: true);
        var loss = Compute(new(new()), [Pair("one", 0, 1) with { SoftLabel = 0.8 }], rewards, 0).Loss;
        loss.backward();
        Assert.That(loss.item<double>(), Is.EqualTo(0.574076984).Within(1e-9));
        Assert.That(rewards.grad!.data<double>()[0], Is.EqualTo(-0.177540669).Within(1e-9));
    }

    [Test]
    public void Temperature_divides_the_difference_in_the_loss_and_in_what_labels_move_to()
    {
        using var scope = NewDisposeScope();
        var loss = new DataSmoothingLoss(new() { Beta = 1, Temperature = 2 });
        LossResult At(int step) => Compute(loss, [Pair("one", 0, 1)], tensor(new[] { 3.0, 1.0 }, [1, 2], requires_grad: true), step);
        Assert.That(At(0).Loss.item<double>(), Is.EqualTo(Math.Log(1 + Math.Exp(-1))).Within(1e-12));
        Assert.That(At(1).Metrics["label"].item<double>(), Is.EqualTo(1 / (1 + Math.Exp(-1))).Within(1e-12));
    }

    // The gap of their labels is (1 − β)ᵗ, whatever the model does.
    [Property(MaxTest = 30)]
    public void Two_copies_of_a_pair_with_opposite_labels_meet(byte share, short[] rewards)
    {
        using var scope = NewDisposeScope();
        var beta = share / 255.0;
        var loss = new DataSmoothingLoss(new() { Beta = beta });
        for (var t = 0; t < rewards.Length; t++)
        {
            var (one, other) = (Label(Pair("one", 0, 1), t), Label(Pair("other", 0, 1) with { SoftLabel = 0 }, t));
            Assert.That(one - other, Is.EqualTo(Math.Pow(1 - beta, t)).Within(1e-12));
            Assert.That((one, other), Is.EqualTo((Math.Clamp(one, 0, 1), Math.Clamp(other, 0, 1))), "labels stay probabilities");
        }

        double Label(PreferenceExample pair, int t) => Compute(loss, [pair], tensor(new[] { rewards[t] / 10000.0, 0 }, [1, 2], requires_grad: true), t).Metrics["label"].item<double>();
    }

    [Test]
    public void Without_smoothing_it_is_bradley_and_terrys_loss_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        PreferenceExample[] pairs = [Pair("one", 0, 1), Pair("two", 1, 0) with { Relation = Relation.Tie }, Pair("three", 0, 1) with { SoftLabel = 0.3 }];
        var loss = new DataSmoothingLoss(new() { Beta = 0 });
        for (var step = 0; step < 3; step++)
        {
            var (mine, theirs) = (randn([3, 2], requires_grad: true), zeros(3, 2));
            theirs = mine.detach().clone().requires_grad_();
            var (smoothed, plain) = (Compute(loss, pairs, mine, step).Loss, new BradleyTerryLoss().Compute(Batch(pairs, step), new() { Rewards = theirs }).Loss);
            smoothed.backward();
            plain.backward();
            Assert.That(smoothed.item<float>(), Is.EqualTo(plain.item<float>()));
            Assert.That(mine.grad!.data<float>().ToArray(), Is.EqualTo(theirs.grad!.data<float>().ToArray()));
        }
    }

    [Test]
    public void Held_out_pairs_are_judged_by_their_own_labels_and_move_none()
    {
        using var scope = NewDisposeScope();
        var loss = new DataSmoothingLoss(new());
        PreferenceExample[] pairs = [Pair("one", 0, 1)];
        Compute(loss, pairs, tensor(new[] { 0.0, 0.0 }, [1, 2], requires_grad: true), 0);
        var before = loss.Save();
        using (no_grad())
            Assert.That(Compute(loss, pairs, tensor(new[] { 0.0, 3.0 }, [1, 2]), 1).Loss.item<double>(), Is.EqualTo(Math.Log(1 + Math.Exp(3))).Within(1e-12));
        Assert.That(loss.Save(), Is.EqualTo(before));
    }

    [Test]
    public void It_leaves_no_tensor()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (NewDisposeScope()) Compute(new(new()), [Pair("one", 0, 1)], randn([1, 2], requires_grad: true), 0);
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }

    private sealed record State(double Loss, double Label, double[] Rewards);

    // Gradient descent on a reward for each arm, the whole data a step; each step as it was before it.
    private static List<State> Tabular(DataSmoothingOptions options, double rate, int steps, double[] start, PreferenceExample[] pairs)
    {
        var loss = new DataSmoothingLoss(options);
        var (rewards, states) = (start, new List<State>());
        long[] arms = [.. pairs.SelectMany(pair => new[] { pair.Chosen, pair.Rejected }).Select(response => long.Parse(response.LastContent, null))];
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var table = tensor(rewards, requires_grad: true);
            var result = Compute(loss, pairs, table.index_select(0, tensor(arms)).reshape(pairs.Length, 2), step);
            result.Loss.backward();
            states.Add(new(result.Loss.item<double>(), result.Metrics["label"].item<double>(), rewards));
            rewards = [.. rewards.Zip(table.grad!.data<double>().ToArray(), (reward, gradient) => reward - rate * gradient)];
        }
        return states;
    }

    private static LossResult Compute(DataSmoothingLoss loss, PreferenceExample[] pairs, Tensor rewards, int step) => loss.Compute(Batch(pairs, step), new() { Rewards = rewards });

    private static PairBatch Batch(PreferenceExample[] pairs, int step) => new(
        pairs, tensor(pairs.Select(pair => pair.Relation == Relation.Tie).ToArray()), ones([pairs.Length, 2], ScalarType.Int64), new(step, 1000, 1));

    private static PreferenceExample Pair(string id, int better, int worse) =>
        new(id, Conversation.User("which?"), Conversation.Assistant($"{better}"), Conversation.Assistant($"{worse}"), new("test", 1));
}
