using TorchSharp;

namespace RewardKit.Plugins.Tests;

/// <summary>Small examples, batches and forward passes, made by hand.</summary>
public static class Pairs
{
    /// <summary>A preference whose prompt and responses are told apart by their number.</summary>
    public static PreferenceExample Preference(int number, string? prompt = null) => new(
        $"data:{number}", Conversation.User(prompt ?? $"question {number}"),
        Conversation.Assistant($"good {number}"), Conversation.Assistant($"bad {number}"), new("data", number));

    public static PreferenceExample Tie(int number) => Preference(number) with { Relation = Relation.Tie };

    public static PreferenceExample[] Preferences(int count) => [.. Enumerable.Range(1, count).Select(i => Preference(i))];

    public static PairBatch Batch(params PreferenceExample[] examples) => Batch(examples, [.. examples.SelectMany(_ => new long[] { 1, 1 })]);

    /// <summary>A batch with response lengths, chosen and rejected in turn.</summary>
    public static PairBatch Batch(PreferenceExample[] examples, long[] lengths, int step = 0) => new(
        examples,
        torch.tensor(examples.Select(e => e.Relation == Relation.Tie).ToArray()),
        torch.tensor(lengths).reshape(examples.Length, 2),
        new(step, 100, 50));

    /// <summary>A leaf of shape [pairs, 2], chosen and rejected in turn, float64 with gradient.</summary>
    public static torch.Tensor Leaf(params double[] values) => Fixed(values).requires_grad_();

    /// <summary>The same without gradient.</summary>
    public static torch.Tensor Fixed(params double[] values) => torch.tensor(values).reshape(values.Length / 2, 2);

    public static double[] Gradient(torch.Tensor leaf) => leaf.grad!.data<double>().ToArray();

    public static double Value(torch.Tensor scalar) => scalar.item<double>();

    /// <summary>Asserts that what a loss makes is gone with its dispose scope.</summary>
    public static void AssertLeavesNoTensor(ILoss loss, PairBatch batch, PairForward forward)
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (torch.NewDisposeScope())
        {
            var result = loss.Compute(batch, forward);
            result.Loss.backward();
            Assert.That(result.Loss.shape, Is.Empty, "the loss is a scalar");
            foreach (var (name, metric) in result.Metrics)
            {
                Assert.That(metric.shape, Is.Empty, name);
                Assert.That(metric.requires_grad, Is.False, name);
            }
        }
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before));
    }
}
