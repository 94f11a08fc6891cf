using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.DataSmoothing;
using RewardKit.Plugins.HafRm;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;
using RewardKit.Training.Tests.Checkpoints;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Several processes against one, at the same batch. Threads stand in for processes.</summary>
public class DataParallelTests
{
    private static readonly ModelSpec Spec = Small.Pairwise;

    private static readonly TrainingOptions Options = new() { BatchSize = 8, Epochs = 2, LearningRate = 1e-3, WarmupRatio = 0 };

    private static readonly TestCaseData[] s_trainings =
    [
        new TestCaseData((Func<ILoss>)(() => new BradleyTerryLoss()), Options, 2).SetArgDisplayNames("Bradley-Terry"),
        new TestCaseData((Func<ILoss>)(() => new BradleyTerryLoss()), Options with { MicroBatchSize = 3 }, 3).SetArgDisplayNames("accumulated, three processes"),
        new TestCaseData((Func<ILoss>)(() => new HafRmLoss(new HafRmOptions())), Options with { MicroBatchSize = 2 }, 2).SetArgDisplayNames("HAF-RM"),
        new TestCaseData((Func<ILoss>)(() => new PairwiseLoss(new())), Options with { MicroBatchSize = 2 }, 2).SetArgDisplayNames("pairwise"),
        new TestCaseData((Func<ILoss>)(() => new HafRmLoss(new HafRmOptions())), Options with { ActivationCheckpointing = true }, 2).SetArgDisplayNames("checkpointed activations"),
    ];

    private sealed record Result(TrainingLog Log, IReadOnlyList<TrainingProgress> Reports, Dictionary<string, float[]> Weights);

    private static Result Train(ILoss loss, TrainingOptions options, ProcessGroup? group, int seed = 1)
    {
        using var scope = torch.NewDisposeScope();
        // The first process's weights are everyone's.
        using var model = RewardModel.Create(Spec.For(loss.Needs), loss.Head, seed + (group?.Rank ?? 0));
        var reports = new List<TrainingProgress>();
        // Of two epochs of three steps the third has a single row: one process has none.
        var log = Trainer.Train(model, loss, [.. Small.Pairs.Take(17)], PairEncoder.Create(Spec.For(loss.Needs)), options, seed, new()
        {
            Group = group,
            Validation = [.. Small.Pairs.Skip(17)],
            Progress = new Watcher(reports.Add),
        });
        return new(log, reports, model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray()));
    }

    [TestCaseSource(nameof(s_trainings))]
    public void Processes_give_the_curve_of_one(Func<ILoss> loss, TrainingOptions options, int size)
    {
        var alone = Train(loss(), options, null);
        var together = Ranks.Run(size, group => Train(loss(), options, group));
        foreach (var result in together)
        {
            Assert.That(result.Weights, Is.EqualTo(together[0].Weights), "the same weights to the last bit in each");
            Assert.That(result.Log.Steps, Has.Count.EqualTo(6));
        }
        foreach (var (expected, step) in alone.Log.Steps.Zip(together[0].Log.Steps))
        {
            Assert.That(step.Metrics.Keys, Is.EquivalentTo(expected.Metrics.Keys));
            // Before the first step policy and reference are the same, and whether one is above the other is a matter of rounding.
            foreach (var (name, value) in expected.Metrics.Where(m => m.Key != "acc.implicit" || step.Step > 1))
                Assert.That(step.Metrics[name], Is.EqualTo(value).Within(1e-5), $"{name} at step {step.Step}");
            Assert.That(step.GradNorm, Is.EqualTo(expected.GradNorm).Within(1e-5 * (1 + expected.GradNorm)), $"gradient norm at step {step.Step}");
        }
        foreach (var (expected, report) in Steps(alone).Zip(Steps(together[0])))
        {
            Assert.That((report.Pairs, report.Tokens), Is.EqualTo((expected.Pairs, expected.Tokens)));
            Assert.That(report.Rewards!.Mean, Is.EqualTo(expected.Rewards!.Mean).Within(1e-5));
            Assert.That((report.Rewards.Min, report.Rewards.Max), Is.EqualTo((expected.Rewards.Min, expected.Rewards.Max)).Within(1e-5));
            Assert.That(report.Validation?.Samples.Select(s => s.Id), Is.EqualTo(expected.Validation?.Samples.Select(s => s.Id)));
        }

        static StepReport[] Steps(Result result) => [.. result.Reports.Where(r => r.Stage == "train").Select(r => r.Step!)];
    }

    [Test]
    public void A_batch_is_dealt_out_whole_and_evenly()
    {
        int[] batch = [3, 1, 4, 5, 9, 2, 6, 8];
        var hands = Ranks.Run(3, group =>
        {
            // Nobody leaves before all have come.
            group.Barrier();
            return new DataParallel(group, 1).Deal(batch, i => i);
        });
        Assert.That(hands[1], Is.EqualTo(hands[0]));
        Assert.That(hands[0].SelectMany(h => h), Is.EquivalentTo(batch));
        Assert.That(hands[0].Select(h => h.Sum()), Is.All.InRange(12, 14));
        Assert.That(hands[0].Select(h => h.Select(i => Array.IndexOf(batch, i))), Has.All.Ordered);
    }

    [Test]
    public void A_stopped_training_goes_on_in_all_processes()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var whole = Ranks.Run(2, group => Trainings.HafRm.Run(group: group));
            var stopped = Ranks.Run(2, group => Trainings.HafRm.Run(Kept(group), 4, group));
            Assert.That(stopped.Select(s => s.Log), Has.All.Empty);
            var rest = Ranks.Run(2, group => Trainings.HafRm.Run(Kept(group), group: group));
            Assert.That(rest.Select(r => r.Log), Is.EqualTo(whole.Select(w => w.Log)));
            Assert.That(rest.Select(r => r.Weights), Is.EqualTo(whole.Select(w => w.Weights)));
            Assert.That(rest[0].Reports.Count(r => r.Stage == "train"), Is.EqualTo(2));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        TrainingCheckpoints Kept(ProcessGroup group) => new(folder, new() { Steps = 2 }) { ReadsOnly = group.Rank > 0 };
    }

    [Test]
    public void Processes_with_different_checkpoints_are_refused()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Trainings.HafRm.Run(new TrainingCheckpoints(folder, new() { Steps = 2 }), stopAfter: 3);
            Assert.That(
                () => Ranks.Run(2, group => Trainings.HafRm.Run(group.Rank == 0 ? new TrainingCheckpoints(folder, new()) : null, group: group)),
                Throws.InstanceOf<RewardKitException>().With.Message.Contains("must all see the same folder"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_loss_that_needs_its_batch_whole_is_refused() => Assert.That(
        () => Ranks.Run(2, group => Train(new Whole(), Options, group)),
        Throws.InstanceOf<RewardKitException>().With.Message.Contains("cannot be shared by 2 processes"));

    [Test]
    public void A_loss_that_remembers_pairs_is_refused() => Assert.That(
        () => Ranks.Run(2, group => Train(new DataSmoothingLoss(new()), Options, group)),
        Throws.InstanceOf<RewardKitException>().With.Message.Contains("remembers something of each pair, of which each of 2 processes sees a part"));

    [Loss("whole", Traits = PluginTraits.WholeBatch)]
    private sealed class Whole : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward) => new(forward.Rewards.std());
    }

    private sealed class Watcher(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
