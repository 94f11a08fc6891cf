using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Training.Tests.Checkpoints;

/// <summary>What is written comes back, and what is damaged is found.</summary>
public class TrainingCheckpointsTests
{
    private string _folder = "";
    private DisposeScope _scope = null!;

    [SetUp]
    public void SetUp()
    {
        _folder = Path.Combine(Directory.CreateTempSubdirectory("rewardkit-checkpoints-").FullName, "checkpoints");
        _scope = NewDisposeScope();
    }

    [TearDown]
    public void TearDown()
    {
        _scope.Dispose();
        Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);
    }

    [Test]
    public void The_whole_state_comes_back_to_the_last_bit()
    {
        manual_seed(5);
        var (model, optimizer) = Trained(steps: 3);
        var state = State(3) with
        {
            Seconds = 0.1 + 0.2,
            MicroBatchSize = 7,
            MicroBatchTokens = 900,
        };
        New().Save(state, model, optimizer);
        var drawn = Numbers(randn(8));

        manual_seed(6);
        var (other, fresh) = Trained(steps: 1);
        var back = New().Restore(other, fresh, CPU)!;

        Assert.That(Numbers(randn(8)), Is.EqualTo(drawn), "the generator goes on where it was");
        Assert.That(StateOf(other, fresh), Is.EqualTo(StateOf(model, optimizer)));
        Assert.That((back.Step, back.Pairs, back.Tokens, back.Seconds, back.MicroBatchSize, back.MicroBatchTokens), Is.EqualTo((3, 24, 300, state.Seconds, 7, 900)));
        Assert.That(back.Log.Select(s => (s.Step, s.LearningRate, s.GradNorm)), Is.EqualTo(state.Log.Select(s => (s.Step, s.LearningRate, s.GradNorm))));
        Assert.That(back.Log.Select(s => s.Metrics), Is.EqualTo(state.Log.Select(s => s.Metrics)));
    }

    [Test]
    public void A_buffer_comes_back_and_a_frozen_weight_is_none_of_it()
    {
        using var model = new Counting();
        using var optimizer = FusedAdamW.Over(model.named_parameters(), 0);
        using (no_grad()) model.get_buffer("count")!.fill_(5);
        New().Save(State(1), model, optimizer);
        using var other = new Counting();
        using var second = FusedAdamW.Over(other.named_parameters(), 0);
        using (no_grad()) other.get_parameter("frozen")!.fill_(3);
        New().Restore(other, second, CPU);
        Assert.That(Numbers(other.get_buffer("count")!), Is.EqualTo(new[] { 5f }));
        Assert.That(Numbers(other.get_parameter("frozen")!), Is.EqualTo(new[] { 3f }));
    }

    [TestCase("weights.safetensors", "cut", "weights.safetensors has 20 bytes instead of ")]
    [TestCase("optimizer.safetensors", "changed", "optimizer.safetensors is not as it was written")]
    [TestCase("state.json", "changed", "state.json is not as it was written")]
    [TestCase("log.jsonl", "gone", "log.jsonl is missing")]
    [TestCase("files.json", "cut", "files.json is not as it was written")]
    [TestCase("files.json", "gone", "files.json is missing")]
    public void A_damaged_checkpoint_falls_back_to_the_one_before_and_says_so(string file, string what, string message)
    {
        var (model, optimizer) = Trained(steps: 2);
        var checkpoints = New();
        checkpoints.Save(State(1), model, optimizer);
        checkpoints.Save(State(2), model, optimizer);
        Damage("step-000002", file, what);

        var notices = new List<string>();
        Assert.That(New().Restore(model, optimizer, CPU, notices.Add)!.Step, Is.EqualTo(1));
        Assert.That(notices.Single(), Does.StartWith($"The checkpoint of step 2 is damaged and not used: {message}"));

        Damage("step-000001", "weights.safetensors", "cut");
        notices.Clear();
        Assert.That(New().Restore(model, optimizer, CPU, notices.Add), Is.Null);
        Assert.That(notices, Has.Count.EqualTo(3).And.Exactly(1).EqualTo("No checkpoint is sound: the training begins anew."));
    }

    [Test]
    public void The_last_ones_are_kept_and_the_best()
    {
        var (model, optimizer) = Trained(steps: 1);
        var checkpoints = New(new() { Keep = 2 }, KeepModel.BestAccuracy);
        foreach (var step in Enumerable.Range(1, 6)) checkpoints.Save(State(step, 0.5, 0.9, 0.6, 0.9, 0.7, 0.8), model, optimizer);
        Assert.That(Names(), Is.EqualTo(new[] { "step-000002", "step-000005", "step-000006" }));
        New(new() { Keep = 1 }, KeepModel.LowestLoss).Save(State(7, 0.5, 0.9, 0.6, 0.9, 0.4, 0.8, double.NaN), model, optimizer);
        Assert.That(Names(), Is.EqualTo(new[] { "step-000005", "step-000007" }));
    }

    [Test]
    public void A_damaged_best_one_is_had_again_by_going_on_from_before_it()
    {
        var (model, optimizer) = Trained(steps: 1);
        var checkpoints = New(new() { Keep = 3 }, KeepModel.BestAccuracy);
        foreach (var step in Enumerable.Range(1, 3)) checkpoints.Save(State(step, 0.5, 0.9, 0.6), model, optimizer);
        Damage("step-000002", "weights.safetensors", "cut");
        var notices = new List<string>();
        Assert.That(() => New(new(), KeepModel.BestAccuracy).TakeBest(model, State(3, 0.5, 0.9, 0.6).Log), Throws.InstanceOf<RewardKitException>().With.Message.Contains("step-000002"));
        Assert.That(New(new(), KeepModel.BestAccuracy).Restore(model, optimizer, CPU, notices.Add)!.Step, Is.EqualTo(1));
        Assert.That(notices, Has.Count.EqualTo(2).And.Some.Contains("step 2, the best so far, is damaged").And.Some.StartsWith("The checkpoint of step 2 is damaged"));
    }

    [Test]
    public void What_lies_behind_the_step_that_was_gone_on_from_is_deleted_with_the_next_checkpoint()
    {
        var (model, optimizer) = Trained(steps: 1);
        var checkpoints = New();
        checkpoints.Save(State(10), model, optimizer);
        checkpoints.Save(State(20), model, optimizer);
        Damage("step-000020", "state.json", "gone");
        var after = New();
        after.Restore(model, optimizer, CPU);
        after.Save(State(15), model, optimizer);
        Assert.That(Names(), Is.EqualTo(new[] { "step-000010", "step-000015" }));
    }

    [Test]
    public void What_cannot_be_written_leaves_the_earlier_ones_intact_and_nothing_half_written()
    {
        var (model, optimizer) = Trained(steps: 1);
        New().Save(State(1), model, optimizer);
        File.WriteAllText(Path.Combine(_folder, "step-000002.tmp"), "in the way");
        Assert.That(() => New().Save(State(2), model, optimizer), Throws.InstanceOf<RewardKitException>()
            .With.Message.StartsWith($"Cannot write the checkpoint of step 2 to {_folder}: ").And.Property("ExitCode").EqualTo(1));
        Assert.That(New().Restore(model, optimizer, CPU)!.Step, Is.EqualTo(1));
    }

    [Test]
    public void What_was_interrupted_is_no_checkpoint_and_is_swept()
    {
        var (model, optimizer) = Trained(steps: 1);
        New().Save(State(1), model, optimizer);
        foreach (var left in new[] { "step-000002.tmp", "step-000001.old.tmp" }) Directory.CreateDirectory(Path.Combine(_folder, left));
        Assert.That(New().Restore(model, optimizer, CPU)!.Step, Is.EqualTo(1));
        TrainingCheckpoints.Sweep(_folder);
        Assert.That(Names(), Is.EqualTo(new[] { "step-000001" }));
        Assert.That(() => TrainingCheckpoints.Sweep(Path.Combine(_folder, "none")), Throws.Nothing);
    }

    [Test]
    public void They_are_due_by_steps_by_time_or_not_at_all()
    {
        Assert.That(new[] { 1, 2, 3, 4 }.Select(step => New(new() { Steps = 2, Minutes = null }).IsDue(step)), Is.EqualTo(new[] { false, true, false, true }));
        var soon = New(new() { Minutes = 1e-12 });
        // Some clocks tick no faster.
        Thread.Sleep(1);
        Assert.That(soon.IsDue(1), Is.True);
        Assert.That(New(new() { Minutes = 1e6 }).IsDue(1, validated: true), Is.False);
        Assert.That(New(new(), KeepModel.BestAccuracy).IsDue(1, validated: true), Is.True);
    }

    private TrainingCheckpoints New(CheckpointPolicy? policy = null, KeepModel keep = KeepModel.Last) => new(_folder, policy ?? new(), keep);

    private string[] Names() => [.. Directory.GetFileSystemEntries(_folder).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    private void Damage(string checkpoint, string file, string what)
    {
        var path = Path.Combine(_folder, checkpoint, file);
        var bytes = File.ReadAllBytes(path);
        bytes[^2] ^= 1;
        if (what == "gone") File.Delete(path);
        else File.WriteAllBytes(path, what == "cut" ? bytes[..20] : bytes);
    }

    private static (nn.Module Model, FusedAdamW Optimizer) Trained(int steps)
    {
        var model = nn.Linear(3, 2);
        var optimizer = FusedAdamW.Over(model.named_parameters(), 0.1);
        for (var i = 0; i < steps; i++)
        {
            model.call(randn(4, 3)).pow(2).sum().backward();
            optimizer.Step(0.1);
            optimizer.ZeroGrad();
        }
        return (model, optimizer);
    }

    private static Dictionary<string, double[]> StateOf(nn.Module model, FusedAdamW optimizer) =>
        model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)).Concat(optimizer.StateDict().Select(s => (s.Key, s.Value)))
            .ToDictionary(s => s.Item1, s => s.Item2.detach().to(ScalarType.Float64).data<double>().ToArray());

    private static float[] Numbers(Tensor tensor) => tensor.detach().data<float>().ToArray();

    /// <summary>A state after some steps; each was tried on held-out pairs where a number is given.</summary>
    private static TrainingState State(int steps, params double[] tried) => new()
    {
        Log = [.. Enumerable.Range(1, steps).Select(i => new StepLog(i, 1e-3 / i, 0.1 * i, Metrics(i, i <= tried.Length ? tried[i - 1] : null)))],
        Pairs = 8 * steps,
        Tokens = 100 * steps,
        Seconds = 1,
        MicroBatchSize = 4,
        MicroBatchTokens = 2048,
        Generators = new Dictionary<string, byte[]> { ["cpu"] = GeneratorState.Read(CPU) },
    };

    private static Dictionary<string, double> Metrics(int step, double? tried)
    {
        var metrics = new Dictionary<string, double> { ["loss"] = 1 / (3.0 * step), ["bad"] = double.PositiveInfinity };
        if (tried is { } value) metrics["eval/accuracy"] = metrics["eval/loss"] = value;
        return metrics;
    }

    private sealed class Counting : nn.Module
    {
        public Counting() : base(nameof(Counting))
        {
            register_parameter("weight", nn.Parameter(zeros(1)));
            register_parameter("frozen", nn.Parameter(zeros(1), requires_grad: false));
            register_buffer("count", zeros(1));
        }
    }
}
