using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.HafRm;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>What the settings beyond batch and learning rate do, on a small random Llama and real pairs.</summary>
public class TrainingOptionsTests
{
    private static readonly ModelSpec Spec = Small.Llama;

    private static readonly PreferenceExample[] Pairs = [.. Small.Pairs];

    private static readonly TrainingOptions Options = new() { BatchSize = 8, LearningRate = 1e-2, WarmupRatio = 0 };

    private sealed record Trained(TrainingLog Log, Dictionary<string, float[]> Weights, Dictionary<string, float[]> Start)
    {
        public IEnumerable<string> Moved => Weights.Where(w => !w.Value.SequenceEqual(Start[w.Key])).Select(w => w.Key);
    }

    private static Trained Train(TrainingOptions options, ILoss? loss = null, TrainingContext? context = null, ModelSpec? spec = null)
    {
        using var scope = torch.NewDisposeScope();
        loss ??= new BradleyTerryLoss();
        using var model = RewardModel.Create(spec ?? Spec, loss.Head, 1);
        var start = Weights(model);
        var log = Trainer.Train(model, loss, Pairs, PairEncoder.Create(Spec), options, 1, context);
        Assert.That(model.ActivationCheckpointing, Is.False);
        return new(log, Weights(model), start);
    }

    private static Dictionary<string, float[]> Weights(RewardModel model) =>
        model.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().data<float>().ToArray());

    [Test]
    public void Frozen_parameters_stay_and_the_others_move()
    {
        var trained = Train(Options with { Freeze = ["*embed_tokens*", "model.layers.0.*"] }, new HafRmLoss(new HafRmOptions()));
        Assert.That(trained.Moved, Has.None.Contains("embed_tokens").And.None.Contains("layers.0."));
        Assert.That(trained.Moved, Has.Some.EqualTo("score.weight").And.Some.StartsWith("model.layers.1."));
    }

    [Test]
    public void What_was_frozen_for_one_run_is_not_for_the_next()
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        Trainer.Train(model, new BradleyTerryLoss(), Pairs, PairEncoder.Create(Spec), Options with { Freeze = ["model.*"] }, 1);
        Assert.That(model.named_parameters().Select(p => p.parameter.requires_grad), Is.All.True);
    }

    [TestCase("model.layer.0.*", "freeze: \"model.layer.0.*\" fits no trained parameter")]
    [TestCase("*", "nothing is left to train")]
    public void A_name_that_fits_nothing_or_everything_is_refused(string pattern, string part)
    {
        var error = Assert.Throws<RewardKitException>(() => Train(Options with { Freeze = [pattern] }))!;
        Assert.That((error.ExitCode, error.Message), Is.EqualTo((2, error.Message)));
        Assert.That(error.Message, Does.Contain(part));
    }

    // After one step all had the same gradients, so that decay alone tells the runs apart.
    [Test]
    public void Weight_decay_spares_vectors_and_what_is_named()
    {
        var one = Options with { MaxSteps = 1, WarmupRatio = 0 };
        var none = Train(one);
        var decayed = Train(one with { WeightDecay = 1, NoDecay = ["*q_proj*"] });
        foreach (var (name, values) in decayed.Weights)
        {
            var spared = name.Contains("norm") || name.Contains("q_proj");
            Assert.That(values.SequenceEqual(none.Weights[name]), Is.EqualTo(spared), name);
        }
    }

    [Test]
    public void One_batch_of_eight_and_eight_batches_of_one_give_the_same_curve_and_weights()
    {
        var (whole, parts) = (Double(Options), Double(Options with { MicroBatchSize = 1 }));
        Assert.That(parts.Losses, Is.EqualTo(whole.Losses).Within(1e-9));
        Assert.That(parts.Weights, Is.EqualTo(whole.Weights).Within(1e-7));
        Assert.That(whole.Losses[^1], Is.LessThan(whole.Losses[0]));

        static (double[] Losses, double[] Weights) Double(TrainingOptions options)
        {
            using var scope = torch.NewDisposeScope();
            using var model = RewardModel.Create(Spec, new RewardHead(), 1);
            model.to(torch.float64);
            var log = Trainer.Train(model, new BradleyTerryLoss(), Pairs, PairEncoder.Create(Spec), options with { Epochs = 3 }, 1);
            return ([.. log.Steps.Select(s => s.Metrics["loss"])], [.. model.parameters().SelectMany(p => p.detach().data<double>().ToArray())]);
        }
    }

    [Test]
    public void Most_steps_and_warm_up_in_steps()
    {
        var log = Train(Options with { Epochs = 3, MaxSteps = 5, WarmupSteps = 4, Schedule = Schedule.Constant }).Log;
        Assert.That(log.Steps.Select(s => s.LearningRate), Is.EqualTo(new[] { 0, 0.0025, 0.005, 0.0075, 0.01 }).Within(1e-12));
    }

    [Test]
    public void Activation_checkpointing_changes_no_bit()
    {
        var loss = new HafRmLoss(new HafRmOptions());
        var plain = Train(Options, loss);
        var again = Train(Options with { ActivationCheckpointing = true }, loss);
        Assert.That(again.Weights, Is.EqualTo(plain.Weights));
        Assert.That(plain.Moved, Is.Not.Empty);
    }

    [Test]
    public void Activation_checkpointing_repeats_the_dropout_of_an_adapter()
    {
        var spec = new ModelSpec { Folder = Small.Stories, Lora = new() { Rank = 4, Dropout = 0.2 } };
        var plain = Train(Options, spec: spec);
        var again = Train(Options with { ActivationCheckpointing = true }, spec: spec);
        Assert.That(again.Weights, Is.EqualTo(plain.Weights));
    }

    [Test]
    public void Bfloat16_is_close_and_not_the_same_and_keeps_float32_weights_and_references()
    {
        var loss = new HafRmLoss(new HafRmOptions());
        var wide = Train(Options with { LearningRate = 1e-3 }, loss);
        var half = Train(Options with { LearningRate = 1e-3, Precision = Precision.BFloat16 }, loss);
        // The reference is computed in the same precision, so the policy starts where it is, exactly.
        Assert.That(half.Log.Steps[0].Metrics["loss.policy"], Is.EqualTo(Math.Log(2)).Within(1e-6));
        Assert.That(half.Log.Steps[^1].Metrics["loss"], Is.EqualTo(wide.Log.Steps[^1].Metrics["loss"]).Within(0.05));
        Assert.That(half.Weights, Is.Not.EqualTo(wide.Weights));
    }

    [Test]
    public void The_batch_that_broke_a_run_can_be_read_again()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-").FullName;
        try
        {
            var error = Assert.Throws<RewardKitException>(() => Train(Options, new BrokenLoss(), new() { Folder = folder }))!;
            var file = Path.Combine(folder, "diverged-step-2.jsonl");
            Assert.That(error.Message, Does.Contain("step 2 of 3").And.Contain(file));
            var read = PairFiles.Load(new PairFile(file) { Reading = new() }).Examples;
            Assert.That(read, Has.Count.EqualTo(8));
            Assert.That(Pairs.Select(p => (p.Prompt, p.Chosen, p.Rejected)), Is.SupersetOf(read.Select(p => (p.Prompt, p.Chosen, p.Rejected))));
            Assert.That(File.ReadLines(file), Is.All.Match("\"reward_chosen\":-?[0-9]"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Validation_changes_no_weight_and_measures_what_a_scorer_finds()
    {
        using var scope = torch.NewDisposeScope();
        var held = Pairs[16..];
        List<StepReport> reports = [];
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        Trainer.Train(
            model, new BradleyTerryLoss(), Pairs, PairEncoder.Create(Spec), Options with { Epochs = 3, ValidateEvery = 2 }, 1,
            new() { Validation = held, Progress = new Watch(reports) });
        Assert.That(Weights(model), Is.EqualTo(Train(Options with { Epochs = 3 }).Weights));
        Assert.That(reports.Where(r => r.Validation is not null).Select(r => r.Log.Step), Is.EqualTo(new[] { 2, 4, 6, 8, 9 }));

        var scores = new Scorer("model", model, PairEncoder.Create(Spec)).ScorePairs(held);
        var (last, metrics) = (reports[^1].Validation!, reports[^1].Log.Metrics);
        Assert.That(last.Samples.Select(s => s.Id), Is.EqualTo(held.Select(p => p.Id)));
        Assert.That(last.Samples.Select(s => s.Chosen), Is.EqualTo(scores.Select(s => s.Chosen)).Within(1e-5));
        Assert.That(metrics["eval/accuracy"], Is.EqualTo(scores.Average(s => s.Chosen > s.Rejected ? 1.0 : 0)));
        Assert.That(metrics["eval/loss"], Is.EqualTo(scores.Average(s => Math.Log(1 + Math.Exp(-s.Margin)))).Within(1e-5));
        Assert.That(reports[0].Log.Metrics.Keys, Has.None.StartsWith("eval/"));
    }

    [Test]
    public void Validation_leaves_dropout_out_and_its_random_numbers_alone()
    {
        var spec = new ModelSpec { Folder = Small.Stories, Lora = new() { Rank = 4, Dropout = 0.3 } };
        var plain = Train(Options, spec: spec);
        var tried = Train(Options with { ValidateEvery = 1 }, spec: spec, context: new() { Validation = Pairs[..4] });
        Assert.That(tried.Weights, Is.EqualTo(plain.Weights));
    }

    // Learnt the wrong way round, the held-out pairs get worse with every step.
    [Test]
    public void The_best_model_is_left_also_by_a_run_that_was_stopped_behind_it()
    {
        PreferenceExample[] held = [.. Pairs.Take(8).Select(p => p with { Chosen = p.Rejected, Rejected = p.Chosen })];
        var options = Options with { Epochs = 2, ValidateEvery = 2, Keep = KeepModel.LowestLoss, Schedule = Schedule.Constant };
        var folder = Directory.CreateTempSubdirectory("rewardkit-").FullName;
        try
        {
            TrainingCheckpoints Place(string name) => new(Path.Combine(folder, name), new() { Keep = 1 }, options.Keep);
            List<string> notices = [];
            var whole = Train(options, context: new() { Validation = held, Checkpoints = Place("whole"), Notice = notices.Add });
            Assert.That(whole.Log.KeptStep, Is.EqualTo(2));
            Assert.That(whole.Weights, Is.EqualTo(Train(options with { Keep = KeepModel.Last, MaxSteps = 2 }).Weights));
            Assert.That(notices, Is.EqualTo(new[] { "Leaves the model of step 2 of 6, the best on the validation pairs." }));

            using var stop = new CancellationTokenSource();
            var watch = new Watch([], step => { if (step.Log.Step == 5) stop.Cancel(); });
            Assert.Throws<TrainingStoppedException>(() => Train(
                options, context: new() { Validation = held, Checkpoints = Place("stopped"), Progress = watch, Cancellation = stop.Token }));
            var resumed = Train(options, context: new() { Validation = held, Checkpoints = Place("stopped") });
            Assert.That(resumed.Log.KeptStep, Is.EqualTo(2));
            Assert.That(resumed.Weights, Is.EqualTo(whole.Weights));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A policy loss on held-out pairs needs their reference, too: without it the first value would not be near ln 2.
    [Test]
    public void Validation_knows_the_reference_of_its_own_pairs()
    {
        var log = Train(
            Options with { LearningRate = 1e-9, ValidateEvery = 1 }, new HafRmLoss(new HafRmOptions()), new() { Validation = Pairs[..5] }).Log;
        Assert.That(log.Steps.Select(s => s.Metrics["eval/loss.policy"]), Is.All.EqualTo(Math.Log(2)).Within(1e-4));
    }

    [Test]
    public void Leaves_no_tensor_alive()
    {
        using var model = RewardModel.Create(Spec, new RewardHead(), 1);
        var options = Options with { ActivationCheckpointing = true, Precision = Precision.BFloat16, ValidateEvery = 1, Freeze = ["*embed_tokens*"] };
        void Run() => Trainer.Train(
            model, new HungryLoss(fits: 4), Pairs, PairEncoder.Create(Spec), options, 1, new() { Validation = Pairs[..6] });
        Run();
        model.zero_grad();
        var before = LiveTensors.Count;
        Run();
        model.zero_grad();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private sealed class Watch(List<StepReport> reports, Action<StepReport>? also = null) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step is not { } step) return;
            reports.Add(step);
            also?.Invoke(step);
        }
    }

    /// <summary>Bradley-Terry that asks for more memory than there is where a pass has more pairs than it can take.</summary>
    private sealed class BrokenLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward) =>
            new(forward.Rewards.sum() * (batch.Step.Step == 1 ? double.NaN : 1));
    }
}
