using System.Reflection;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// Methods tried out in the <see cref="World"/>, by the pipeline that users have: plugins as published, the experiment runner,
/// a tokenizer, a tiny Llama with random weights. All arms take equally many steps.
/// </summary>
internal sealed class Trials : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rewardkit-trials-").FullName;
    private readonly PluginHost _host = new(PluginCatalog.Of(
        typeof(Trials).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ShippedPlugins").Value!));

    /// <summary>The tests that each arm is judged on, in this order.</summary>
    public enum Test
    {
        /// <summary>Pairs as those of the training.</summary>
        Same,

        /// <summary>Politeness goes along with the worse answers.</summary>
        Shifted,

        /// <summary>Politeness says nothing.</summary>
        Balanced,
    }

    /// <summary>A loss of an installed plugin, with the options that differ from its defaults.</summary>
    public static PluginUse Loss(string id, params (string Name, object Value)[] options) => Use(PluginKind.Loss, id, options);

    /// <summary>A scorer composer of an installed plugin, with the options that differ from its defaults.</summary>
    public static PluginUse Composer(string id, params (string Name, object Value)[] options) => Use(PluginKind.Composer, id, options);

    /// <summary>An augmenter of an installed plugin, with the options that differ from its defaults.</summary>
    public static PluginUse Augmenter(string id, params (string Name, object Value)[] options) => Use(PluginKind.Augmenter, id, options);

    private static PluginUse Use(PluginKind kind, string id, params (string Name, object Value)[] options) =>
        new(kind, id, options.ToDictionary(option => option.Name, option => option.Value));

    /// <summary>Where files go, until this is disposed.</summary>
    public string Folder => _folder;

    /// <summary>The tiny Llama, with random weights.</summary>
    public static ModelSpec Model { get; } = new()
    {
        Configuration = new()
        {
            VocabSize = 2048,
            HiddenSize = 32,
            IntermediateSize = 96,
            NumHiddenLayers = 2,
            NumAttentionHeads = 4,
            NumKeyValueHeads = 4,
            MaxPositionEmbeddings = 64,
            TieWordEmbeddings = true,
            InitializerRange = 0.1,
        },
        Tokenizer = Path.Combine(TestContext.CurrentContext.TestDirectory, "tokenizer"),
        MaxPromptTokens = 24,
        MaxResponseTokens = 40,
    };

    /// <summary>Runs an experiment to its end, without a failure.</summary>
    /// <param name="spec">The experiment.</param>
    public ExperimentResult Run(ExperimentSpec spec)
    {
        using var session = _host.Open();
        var result = new ExperimentRunner(session, new TorchModels()).Run(spec, new(), new Silence());
        Assert.That(result.Failures.Select(f => f.Message), Is.Empty);
        return result;
    }

    /// <summary>Trains and judges arms.</summary>
    /// <param name="seeds">How often each, seeds 1 and up.</param>
    /// <param name="arms">The arms.</param>
    public ExperimentResult Run(int seeds, params ArmSpec[] arms)
    {
        PairFile[] tests =
        [
            World.Write(_folder, "same", 200, Politeness.OfTheBetter, seed: 2),
            World.Write(_folder, "shifted", 200, Politeness.OfTheWorse, seed: 3),
            World.Write(_folder, "balanced", 200, Politeness.OfAny, seed: 4),
        ];
        var spec = new ExperimentSpec
        {
            Name = "world",
            Model = Model,
            Train = World.Write(_folder, "train", 600, Politeness.OfTheBetter, seed: 1),
            Validation = tests[(int)Test.Balanced],
            Arms = arms,
            Evaluations = [.. tests.Select(pairs => new EvaluationSpec(Use(PluginKind.Evaluator, "pair-accuracy"), pairs))],
            Seeds = [.. Enumerable.Range(1, seeds)],
            Training = new() { Epochs = 1000, MaxSteps = 600, BatchSize = 32, LearningRate = 5e-3, WarmupRatio = 0.05, WeightDecay = 0.01, ValidateEvery = 600 },
            Generator = WorldOracle.Spec,
            Checkpoints = null,
            OutputFolder = Path.Combine(_folder, "runs"),
        };
        var result = Run(spec);
        TestContext.Progress.WriteLine(string.Join(Environment.NewLine, Summary.Of(result).Rows
            .Where(row => !row.Trivial && row.Metric.EndsWith("accuracy", StringComparison.Ordinal))
            .Select(row => FormattableString.Invariant($"{row.Arm}, {row.Metric}: {row.Mean:F3}, {row.Interval!.Value.Low:F3} to {row.Interval!.Value.High:F3}"))));
        return result;
    }

    /// <summary>The name of a test's accuracy in the results.</summary>
    public static string Accuracy(Test test) => test == 0 ? "pair-accuracy/accuracy" : FormattableString.Invariant($"pair-accuracy#{(int)test + 1}/accuracy");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Silence : IExperimentProgress
    {
        public void Started(string arm, int seed) { }

        public void Advanced(string arm, int seed, TrainingProgress progress) { }

        public void Noted(string arm, int seed, string sentence) { }

        public void Finished(RunResult run) { }

        public void Failed(RunFailure failure) { }
    }
}
