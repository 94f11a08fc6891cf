using System.Text;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>What a training on a small random model leaves to be looked at.</summary>
public class RunMetricsTests
{
    private static readonly string[] Names =
    [
        "step", "epoch", "loss", "accuracy", "margin", "min_reward", "mean_reward", "max_reward", "learning_rate", "grad_norm",
        "num_tokens", "loss/half", "seconds", "pairs_per_second", "tokens_per_second",
    ];

    private string _folder = "";

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("rewardkit-test-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    [Test]
    public void A_training_leaves_a_line_a_step_and_the_same_numbers_for_TensorBoard()
    {
        var started = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        var (log, lines) = Train("run");
        var ended = (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1) / 1000.0;

        Assert.That(lines, Has.Length.EqualTo(6));
        Assert.That(lines.Select(l => l.Keys), Is.All.EqualTo(Names));
        Assert.That(Column(lines, "step"), Is.EqualTo(new double[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(Column(lines, "epoch"), Is.EqualTo(new[] { 1 / 3.0, 2 / 3.0, 1, 4 / 3.0, 5 / 3.0, 2 }));
        Assert.That(Column(lines, "loss"), Is.EqualTo(log.Steps.Select(s => s.Metrics["loss"])));
        Assert.That(Column(lines, "loss/half"), Is.EqualTo(log.Steps.Select(s => s.Metrics["half"])));
        Assert.That(Column(lines, "learning_rate"), Is.EqualTo(log.Steps.Select(s => s.LearningRate)));
        Assert.That(Column(lines, "grad_norm"), Is.EqualTo(log.Steps.Select(s => s.GradNorm)));
        Assert.That(Column(lines, "num_tokens"), Is.Ordered.And.All.Positive);
        Assert.That(lines[5]["num_tokens"], Is.EqualTo(2 * lines[2]["num_tokens"]), "two epochs have twice the tokens of one");
        Assert.That(lines[0]["pairs_per_second"] * lines[0]["seconds"], Is.EqualTo(8).Within(1e-9));
        Assert.That(lines[5]["tokens_per_second"] * (lines[5]["seconds"] - lines[4]["seconds"]),
            Is.EqualTo(lines[5]["num_tokens"] - lines[4]["num_tokens"]).Within(1e-6));

        Assert.That(Events.Crc32C(Encoding.ASCII.GetBytes("123456789")), Is.EqualTo(0xe3069283), "the reader's checksum is the published one");
        var events = Events.Read(File.ReadAllBytes(Directory.GetFiles(Path.Combine(_folder, "run"), "events.out.tfevents.*").Single()));
        Assert.That(events[0].FileVersion, Is.EqualTo("brain.Event:2"));
        Assert.That(events.Skip(1).Select(e => e.Step), Is.EqualTo(new long[] { 1, 2, 3, 4, 5, 6 }));
        Assert.That(events.Select(e => e.WallTime), Is.All.InRange(started, ended));
        foreach (var (step, line) in events.Skip(1).Zip(lines))
            Assert.That(step.Scalars, Is.EqualTo(line.Skip(1).Select(v => KeyValuePair.Create("train/" + v.Key, (float)v.Value))));
    }

    [Test]
    public void The_same_seed_leaves_the_same_numbers_but_for_the_times()
    {
        Assert.That(WithoutTimes(Train("one").Lines), Is.EqualTo(WithoutTimes(Train("two").Lines)));

        static IEnumerable<string> WithoutTimes(IEnumerable<Dictionary<string, double>> lines) =>
            lines.Select(l => JsonSerializer.Serialize(l.Where(v => v.Key != "seconds" && !v.Key.EndsWith("_per_second", StringComparison.Ordinal))));
    }

    [Test]
    public void Every_step_is_in_both_files_as_soon_as_it_is_done()
    {
        using var metrics = new RunMetrics(_folder);
        Assert.That(Directory.GetFiles(_folder), Is.Empty, "before the first step");
        for (var step = 1; step <= 3; step++)
        {
            metrics.Add(Results.Step(step, loss: 0.5, accuracy: null));
            Assert.That(Lines(_folder), Has.Length.EqualTo(step));
            Assert.That(Events.Read(File.ReadAllBytes(Directory.GetFiles(_folder, "events.*").Single())), Has.Count.EqualTo(1 + step));
        }
        Assert.That(Lines(_folder)[0].Keys, Has.None.EqualTo("accuracy").And.Some.EqualTo("mean_reward"), "all pairs are ties");
    }

    [Test]
    public void What_held_out_pairs_gave_stands_apart_with_the_rewards_of_a_few()
    {
        using var metrics = new RunMetrics(_folder);
        var step = Results.Step(1, loss: 0.5, accuracy: 1);
        metrics.Add(step);
        var tried = new Dictionary<string, double> { ["loss"] = 0.5, ["eval/accuracy"] = 0.75 };
        metrics.Add(step with { Log = step.Log with { Step = 2, Metrics = tried }, Validation = new(tried, [new("pair-1", 0.5, -0.25)]) });

        Assert.That(Lines(_folder)[0].Keys, Has.None.StartsWith("eval/"));
        Assert.That(Lines(_folder)[1]["eval/accuracy"], Is.EqualTo(0.75));
        Assert.That(Events.Read(File.ReadAllBytes(Directory.GetFiles(_folder, "events.*").Single()))[2].Scalars, Has.Member(KeyValuePair.Create("eval/accuracy", 0.75f)));
        Assert.That(File.ReadAllLines(Path.Combine(_folder, "samples.jsonl")), Is.EqualTo(new[]
        {
            """{"step":2,"samples":[{"id":"pair-1","chosen":0.5,"rejected":-0.25}]}""",
        }));
    }

    [Test]
    public void What_goes_on_from_a_step_has_each_step_once_and_tells_TensorBoard_to_drop_the_steps_after_it()
    {
        using (var killed = new RunMetrics(_folder))
            for (var step = 1; step <= 5; step++) killed.Add(Results.Step(step, loss: 0.5, accuracy: 1));
        File.AppendAllText(Path.Combine(_folder, "metrics.jsonl"), "{\"step\":6,\"ep");
        using (var resumed = new RunMetrics(_folder))
        {
            resumed.Take("resume", Results.Step(3, loss: 0.5, accuracy: 1));
            Assert.That(Directory.GetFiles(_folder, "events.*"), Has.Length.EqualTo(1), "before the first step");
            resumed.Take("train", Results.Step(4, loss: 0.25, accuracy: 1));
            resumed.Take("train", Results.Step(5, loss: 0.25, accuracy: 1));
        }

        var lines = Lines(_folder);
        Assert.That(Column(lines, "step"), Is.EqualTo(new double[] { 1, 2, 3, 4, 5 }));
        Assert.That(Column(lines, "loss"), Is.EqualTo(new[] { 0.5, 0.5, 0.5, 0.25, 0.25 }));
        Assert.That(Column(lines, "tokens_per_second"), Is.All.EqualTo(200), "also of the first step after the one gone on from");
        var files = Directory.GetFiles(_folder, "events.*").Order(StringComparer.Ordinal).ToArray();
        Assert.That(files, Has.Length.EqualTo(2));
        var events = Events.Read(File.ReadAllBytes(files[1]));
        Assert.That(events[0].FileVersion, Is.EqualTo("brain.Event:2"));
        Assert.That(events.Skip(1).Select(e => (e.Step, e.IsStart)), Is.EqualTo(new[] { (4L, true), (4, false), (5, false) }));
    }

    [Test]
    public void What_begins_anew_leaves_nothing_of_what_was_there()
    {
        for (var time = 1; time <= 2; time++)
        {
            using var metrics = new RunMetrics(_folder);
            for (var step = 1; step <= 4 - time; step++) metrics.Add(Results.Step(step, loss: 0.5 / time, accuracy: 1));
        }
        Assert.That(Column(Lines(_folder), "loss"), Is.EqualTo(new[] { 0.25, 0.25 }));
        Assert.That(Events.Read(File.ReadAllBytes(Directory.GetFiles(_folder, "events.*").Single())).Skip(1).Select(e => e.Step), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void A_place_that_cannot_be_written_is_named()
    {
        var missing = Path.Combine(_folder, "missing");
        using var metrics = new RunMetrics(missing);
        Assert.That(() => metrics.Add(Results.Step(1, loss: 0.5, accuracy: 1)), Throws.InstanceOf<RewardKitException>().With.Message.Contains(missing));
    }

    private (TrainingLog Log, Dictionary<string, double>[] Lines) Train(string name)
    {
        var spec = new ModelSpec
        {
            Configuration = new()
            {
                VocabSize = 2048,
                HiddenSize = 16,
                IntermediateSize = 32,
                NumHiddenLayers = 1,
                NumAttentionHeads = 2,
                NumKeyValueHeads = 2,
                MaxPositionEmbeddings = 64,
            },
            Tokenizer = Path.Combine(TestContext.CurrentContext.TestDirectory, "tokenizer"),
        };
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 24).Select(i => Results.Pair($"{i}", $"question {i}", "No, I will not.", $"Sure, do {i}."))];
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        using var metrics = new RunMetrics(folder);
        var log = new TorchModels().Train(
            spec, new HalfMargin(), pairs, new TrainingOptions { Epochs = 2, BatchSize = 8 }, 1, Path.Combine(folder, "checkpoint"),
            new() { Progress = new Observer(metrics) });
        return (log, Lines(folder));
    }

    private static Dictionary<string, double>[] Lines(string folder)
    {
        var text = File.ReadAllText(Path.Combine(folder, "metrics.jsonl"));
        Assert.That(text, Does.EndWith("}\n"));
        return [.. text.TrimEnd().Split('\n').Select(l => JsonSerializer.Deserialize<Dictionary<string, double>>(l)!)];
    }

    private static IEnumerable<double> Column(Dictionary<string, double>[] lines, string name) => lines.Select(l => l[name]);

    private sealed class Observer(RunMetrics metrics) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => metrics.Add(value.Step!);
    }

    private sealed class HalfMargin : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Rewards;

        public LossResult Compute(PairBatch batch, PairForward forward)
        {
            var sides = forward.Rewards.unbind(1);
            var margin = sides[0] - sides[1];
            return new(
                -TorchSharp.torch.nn.functional.logsigmoid(margin).mean(),
                new Dictionary<string, TorchSharp.torch.Tensor> { ["half"] = margin.detach().mean() / 2 });
        }
    }
}
