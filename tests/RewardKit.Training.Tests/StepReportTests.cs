using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Training.Data;

namespace RewardKit.Training.Tests;

/// <summary>What the loop tells of each step, against the rewards that the loss itself saw.</summary>
public class StepReportTests
{
    private static readonly ModelSpec Spec = Small.Llama;

    // Every third pair is a tie. Two epochs of 8 and 3.
    private static readonly PreferenceExample[] Pairs = [.. HhRlhf.Load(new PairFile(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "data", "hh-rlhf", "harmless-base", "test.jsonl.gz"))).Examples.Take(11)
        .Select((p, i) => i % 3 == 0 ? p with { Relation = Relation.Tie } : p)];

    private static readonly TrainingOptions Options = new() { BatchSize = 8, Epochs = 2, WarmupRatio = 0 };

    [TestCase(null)]
    [TestCase(3)]
    public void Rewards_are_those_of_the_whole_step(int? microBatch)
    {
        var loss = new Seen();
        var reports = Train(loss, Pairs, Options with { MicroBatchSize = microBatch });
        Assert.That(reports.Select(r => r.Pairs), Is.EqualTo(new[] { 8, 11, 19, 22 }));
        Assert.That(reports.Select(r => r.Epoch), Is.EqualTo(new[] { 0.5, 1, 1.5, 2 }));
        foreach (var (report, step) in reports.Zip(loss.Rows.GroupBy(r => r.Step)))
        {
            var preferences = step.Where(r => !r.Tie).ToArray();
            var all = step.SelectMany(r => new[] { r.Chosen, r.Rejected }).ToArray();
            Assert.That(report.Rewards!.Accuracy, Is.EqualTo(preferences.Count(r => r.Chosen > r.Rejected) / (double)preferences.Length).Within(1e-12));
            Assert.That(report.Rewards.Margin, Is.EqualTo(preferences.Sum(r => r.Chosen - r.Rejected) / preferences.Length).Within(1e-9));
            Assert.That((report.Rewards.Min, report.Rewards.Max), Is.EqualTo((all.Min(), all.Max())));
            Assert.That(report.Rewards.Mean, Is.EqualTo(all.Sum() / all.Length).Within(1e-9));
        }
    }

    [Test]
    public void Tokens_count_each_prompt_once_and_both_responses_as_they_were_cut()
    {
        var encoder = PairEncoder.Create(Spec);
        var ofOneEpoch = Pairs.Sum(p =>
            encoder.EncodePrompt(p.Prompt).Ids.Length + encoder.EncodeResponse(p.Prompt, p.Chosen).Ids.Length + encoder.EncodeResponse(p.Prompt, p.Rejected).Ids.Length);
        var reports = Train(new BradleyTerryLoss(), Pairs, Options);
        Assert.That((reports[1].Tokens, reports[3].Tokens), Is.EqualTo((ofOneEpoch, 2 * ofOneEpoch)));
    }

    [Test]
    public void Of_ties_alone_there_is_neither_accuracy_nor_margin()
    {
        var rewards = Train(new Seen(), [.. Pairs.Where(p => p.Relation == Relation.Tie)], Options)[0].Rewards!;
        Assert.That((rewards.Accuracy, rewards.Margin), Is.EqualTo(((double?)null, (double?)null)));
        Assert.That(rewards.Max, Is.GreaterThan(rewards.Min));
    }

    [Test]
    public void A_loss_without_rewards_has_none_to_tell_of() =>
        Assert.That(Train(new LogProbs(), Pairs, Options).Select(r => r.Rewards), Is.All.Null);

    private static List<StepReport> Train(ILoss loss, IReadOnlyList<PreferenceExample> pairs, TrainingOptions options)
    {
        var reports = new List<StepReport>();
        using var model = RewardModel.Create(Spec, loss.Head, seed: 1);
        Trainer.Train(model, loss, pairs, PairEncoder.Create(Spec), options, seed: 1, new() { Progress = new Collect(reports) });
        return reports;
    }

    private sealed class Collect(List<StepReport> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value.Step!);
    }

    private sealed class Seen : ILoss
    {
        public List<(int Step, double Chosen, double Rejected, bool Tie)> Rows { get; } = [];

        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            for (var i = 0; i < batch.Pairs; i++)
                Rows.Add((batch.Step.Step, forward.Rewards[i, 0].item<float>(), forward.Rewards[i, 1].item<float>(), batch.Ties[i].item<bool>()));
            return new((forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1)).mean());
        }
    }

    private sealed class LogProbs : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

        public LossResult Compute(PairBatch batch, PairForward forward) => new(-forward.ResponseLogProbs.mean());
    }
}
