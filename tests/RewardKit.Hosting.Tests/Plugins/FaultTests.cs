using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Tests.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>Real plugins that throw, in an experiment with sound ones.</summary>
public class FaultTests
{
    private static readonly PluginUse Good = Fixture.Loss("good");
    private Fixture _fixture = null!;

    [SetUp]
    public void Make() => _fixture = new();

    [TearDown]
    public void Clean() => _fixture.Dispose();

    [TestCase("throwing", "the loss \"throwing\" (Throwing 0.1.0) threw in its constructor: InvalidOperationException: the moon is in the wrong phase", "ThrowingLoss.cs")]
    [TestCase("static", "the loss \"static\" (Throwing 0.1.0) threw in its static initialiser: MoonException: no phase on day 3", "ThrowingLoss.cs")]
    [TestCase("computing", "the loss \"computing\" (Throwing 0.1.0) threw in Compute: MoonException: no phase on day 5", "ThrowingLoss.cs")]
    [TestCase("impatient", "the loss \"impatient\" (Throwing 0.1.0) threw in Compute: TaskCanceledException: timed out", "ThrowingLoss.cs")]
    public void A_loss_that_throws_fails_its_own_arm(string id, string what, string file)
    {
        var result = Run(new ArmSpec("broken", Fixture.Loss(id), []));
        var failure = result.Failures.Single();
        Assert.That(failure.Arm, Is.EqualTo("broken"));
        Assert.That(failure.Message, Does.StartWith("The arm \"broken\" ").And.Contain(what + "\n  at ").And.Match($@"/{file}:\d+$"));
        Assert.That(failure.Details, Does.Contain(failure.Message).And.Contain("   at Throwing."));
        Assert.That(result.Runs.Select(r => r.Arm), Is.EqualTo(new[] { "good", "also good" }));
        Assert.That(result.Trivial, Has.Count.EqualTo(2));
    }

    [Test]
    public void An_augmenter_that_throws_in_its_stream_fails_its_own_arm_and_those_that_filter_with_it()
    {
        var result = Run(
            new ArmSpec("broken", Good, [Fixture.Use(PluginKind.Augmenter, "throwing"), Fixture.Use(PluginKind.Augmenter, "good")]),
            new ArmSpec("dependent", Good, [], Baseline: "broken"));
        Assert.That(result.Failures.Select(f => f.Message), Has.Some.StartsWith(
            "The arm \"broken\" with seed 1 failed: the augmenter \"throwing\" (Throwing 0.1.0) threw in AugmentAsync: one was enough\n  at ")
            .And.Some.EqualTo("The arm \"dependent\" with seed 1 was not run: its baseline \"broken\" failed."));
        Assert.That(result.Runs.Select(r => r.Arm), Is.EqualTo(new[] { "good", "also good" }));
    }

    [Test]
    public void An_evaluator_that_throws_fails_the_run_that_it_judged()
    {
        var result = Run([Fixture.Use(PluginKind.Evaluator, "throwing")], new ArmSpec("bad", Good, []));
        Assert.That(result.Failures.Single().Message, Does.StartWith(
            "The arm \"bad\" with seed 1 failed: the evaluator \"throwing\" (Throwing 0.1.0) threw in EvaluateAsync: MoonException: no moon\n  at "));
        Assert.That(result.Runs, Has.Count.EqualTo(2));
    }

    [Test]
    public void What_failed_is_gone_all_the_same_while_the_result_stays()
    {
        var others = AssemblyLoadContext.All.ToHashSet();
        var result = Run(new ArmSpec("static", Fixture.Loss("static"), []), new ArmSpec("computing", Fixture.Loss("computing"), []));
        for (var i = 0; i < 20 && Left(others) > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.That(Left(others), Is.Zero);
        Assert.That(result.Failures, Has.Count.EqualTo(2));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Left(HashSet<AssemblyLoadContext> others) =>
        AssemblyLoadContext.All.Count(c => c.Name is "Throwing" or "Good" && !others.Contains(c));

    private ExperimentResult Run(params ArmSpec[] arms) => Run([Fixture.Use(PluginKind.Evaluator, "good")], arms);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ExperimentResult Run(PluginUse[] evaluators, params ArmSpec[] arms)
    {
        var data = Path.Combine(_fixture.Root, "pairs.jsonl");
        File.WriteAllText(data, """{"chosen": "\n\nHuman: q\n\nAssistant: yes", "rejected": "\n\nHuman: q\n\nAssistant: no"}""");
        var model = Directory.CreateDirectory(Path.Combine(_fixture.Root, "model")).FullName;
        var spec = new ExperimentSpec
        {
            Name = "faults",
            Model = new ModelSpec { Folder = model },
            Train = new PairFile(data),
            Arms = [new("good", Good, []), .. arms, new("also good", Fixture.Loss("fsharp"), [])],
            Evaluations = [.. evaluators.Select(e => new EvaluationSpec(e, new PairFile(data)))],
            Seeds = [1],
            OutputFolder = Path.Combine(_fixture.Root, "out"),
        };
        var catalog = PluginCatalog.Of(Fixture.Folder("Good"), Fixture.Folder("GoodFSharp"), Fixture.Folder("Throwing"));
        using var session = new PluginHost(catalog, new Clock()).Open();
        return new ExperimentRunner(session, new OneStep()).Run(spec, new(), new Silent());
    }

    private sealed class Clock : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(TimeProvider) ? TimeProvider.System : null;
    }

    /// <summary>Asks the loss once, and trains nothing.</summary>
    private sealed class OneStep : IModelWork
    {
        public IReadOnlyDictionary<string, string> Versions => new Dictionary<string, string>();

        public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>();

        public TrainingLog Train(
            ModelSpec model, ILoss loss, IReadOnlyList<PreferenceExample> examples, TrainingOptions options, int seed, string checkpoint,
            TrainingContext context)
        {
            using var scope = torch.NewDisposeScope();
            loss.Compute(null!, new() { Rewards = torch.zeros(1, 2, requires_grad: true) });
            Directory.CreateDirectory(checkpoint);
            return new([], 0, 0, 0);
        }

        public ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress) => new Zero(name);
    }

    private sealed class Zero(string name) : ITrainedModel
    {
        public string Name => name;

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) => new double[requests.Count];

        public void Dispose() { }
    }
}
