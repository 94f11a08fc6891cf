using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Tests.Experiments;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>Every plugin under plugins/, as its build published it: loaded, used, and gone without a trace.</summary>
public class ShippedPluginsTests
{
    private static readonly PluginCatalog Catalog = PluginCatalog.Of(Told("ShippedPlugins"));

    // What a plugin must be given to read, from its own tests.
    private static readonly Dictionary<string, string> Inputs = new()
    {
        ["arc"] = "Reasoning.Tests/data/arc-challenge.jsonl.gz",
        ["best-of-n-gsm8k"] = "BestOfN.Tests/data/example_model_solutions.jsonl",
        ["best-of-n-safety"] = "BestOfN.Tests/data/safety.jsonl",
        ["best-of-n-win-rate"] = "BestOfN.Tests/data/responses.jsonl",
        ["gsm8k"] = "Reasoning.Tests/data/gsm8k.jsonl",
        ["judge-agreement"] = "../../scripts/data/pandalm/testset-v1.json.gz",
        ["judge-bench"] = "JudgeBench.Tests/data",
        ["llm-bar"] = "LlmBar.Tests/data/LLMBar",
        ["openbookqa"] = "Reasoning.Tests/data/openbookqa.jsonl.gz",
        ["reward-bench"] = "RewardBench.Tests/data/made-up.jsonl",
        ["reward-bench-2"] = "RewardBench.Tests/data/made-up-2.jsonl",
        ["reword-bench"] = "RewardBench.Tests/data/made-up.jsonl",
        ["reward-math"] = "RewardMath.Tests/data/RewardMATH_direct.json",
        ["rm-bench"] = "RmBench.Tests/data",
    };

    // One answer in which each plugin that asks a language model finds what it asked for.
    private const string Written = """
        {
          "Attributes": {"a": 0.2, "b": 0.2, "c": 0.2, "d": 0.2, "e": 0.2},
          "a": [{"element": "1", "impact": "x"}, {"element": "2", "impact": "x"}, {"element": "3", "impact": "x"}, {"element": "4", "impact": "x"}, {"element": "5", "impact": "x"}],
          "differences": [{"attribute": "a", "difference": "d", "analysis": {"Response_1": "x", "Response_2": "y"}}],
          "Final Response": "other content of quite some length"
        }
        Verdict: Pass
        Paraphrase: in other words
        Rewritten answer: another answer, and a longer one than any before
        """;

    // Lives on while plugins come and go, as in a host that stays.
    private static readonly TorchModels Models = new();

    private static readonly PreferenceExample[] Examples =
        [.. Enumerable.Range(1, 4).Select(i => Results.Pair($"pair-{i}", $"question {i}", $"a longer answer {i}", $"short {i}") with
        {
            Rewards = new(2, 1),
            ChosenSteps = new([new(8, 1), new(17, 1)]),
            RejectedSteps = new([new(7, 0)]),
        })];

    private static string Told(string key) =>
        typeof(ShippedPluginsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;

    private static IEnumerable<TestCaseData> Plugins() =>
        Catalog.Plugins.Select(p => new TestCaseData(p.Description).SetArgDisplayNames(p.Description.Label));

    [TestCaseSource(nameof(Plugins))]
    public void A_plugin_is_gone_after_use_every_time(PluginDescription plugin)
    {
        var host = new PluginHost(Catalog);
        for (var round = 1; round <= 5; round++)
        {
            var context = Use(host, plugin);
            Assert.That(host.WaitForUnload().Select(s => s.Message), Is.Empty, $"round {round}");
            Assert.That(context.IsAlive, Is.False, $"round {round}");
        }
    }

    [Test]
    public void All_plugins_are_gone_after_an_experiment_while_its_results_stay()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            for (var round = 1; round <= 2; round++)
            {
                var (result, contexts) = Run(folder);
                Collect([.. contexts]);
                Assert.That(contexts, Has.Count.EqualTo(5).And.All.Property(nameof(WeakReference.IsAlive)).False, $"round {round}");
                Assert.That(result.Runs.Select(r => r.Arm), Is.EqualTo(new[] { "bradley-terry", "haf-rm", "crome", "pairwise crome", "pairwise rrm" }));
                Assert.That(result.Runs[3].Samples["pair-accuracy"], Has.All.Matches<EvaluationSample>(s => s.Score.Chosen == -s.Score.Rejected), "half of the log-odds each");
                Assert.That(result.Runs[4].Log!.Steps[^1].Metrics, Contains.Key("mass.labels"));
                Assert.That(result.Runs, Has.All.Property(nameof(RunResult.Reused)).False);
                Assert.That(result.Runs[2].Counts["iqn.made"], Is.EqualTo(4));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase(null, "The evaluator \"reward-math\" needs the option \"file\": the path of a file to read.")]
    [TestCase("", "The evaluator \"reward-math\" needs the option \"file\": the path of a file to read.")]
    [TestCase("/nowhere/a.json", "The evaluator \"reward-math\": option \"file\" is \"/nowhere/a.json\", but there is no such file.")]
    [TestCase(3, "The evaluator \"reward-math\": option \"file\" is 3, but must be the path of a file.")]
    public void What_a_plugin_reads_must_be_given_and_be_there(object? path, string expected)
    {
        using var session = new PluginHost(Catalog).Open();
        var options = path is null ? [] : new Dictionary<string, object> { ["file"] = path };
        Assert.That(() => session.Complete(new(PluginKind.Evaluator, "reward-math", options)),
            Throws.TypeOf<RewardKitException>().With.Message.EqualTo(expected).And.Property("ExitCode").EqualTo(2));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Use(PluginHost host, PluginDescription plugin)
    {
        using var session = host.Open();
        // With every option spelled out, so that each is bound.
        var inputs = plugin.Options.Where(o => o.MustBeGiven).ToDictionary(o => o.Name, _ => (object)Path.Combine(Told("PluginTests"), Inputs[plugin.Id]));
        var use = session.Complete(new(plugin.Kind, plugin.Id, inputs));
        object made = plugin.Kind switch
        {
            PluginKind.Loss => Use(session.CreateLoss(use)),
            PluginKind.Augmenter => Use(session.CreateAugmenter(use)),
            PluginKind.Evaluator => Use(session.CreateEvaluator(use)),
            PluginKind.Composer => Use(session.CreateComposer(use)),
            PluginKind.Decoder => Use(session.CreateDecoder(use)),
            PluginKind.Merger => Use(session.CreateMerger(use)),
            var other => throw new NotSupportedException($"How to use a {other} is not written here yet."),
        };
        var context = AssemblyLoadContext.GetLoadContext(made.GetType().Assembly)!;
        Assert.That(context.IsCollectible);
        return new(context);
    }

    private static ILoss Use(ILoss loss)
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor Given(float start) => torch.arange(start, start + 8, torch.float32).view(4, 2).requires_grad_();
        var (rewards, logProbs) = (Given(0), Given(-20));
        PreferenceExample[] examples = [.. Examples[..3], Examples[3] with { Relation = Relation.Tie }];
        var batch = new PairBatch(
            examples, torch.tensor(new[] { false, false, false, true }), torch.ones(4, 2, torch.int64), new(9, 10, 5))
        {
            StepLabels = torch.tensor((double[])[1, 0, 1, 0, 1, 0, 1, 0]),
            StepCounts = torch.ones(4, 2, torch.int64),
        };
        var result = loss.Compute(batch, new()
        {
            Rewards = rewards,
            ResponseLogProbs = logProbs,
            ReferenceLogProbs = logProbs.detach() - 1,
            Features = torch.zeros(4, 2, 3),
            HeadRewards = torch.stack([rewards, rewards * 2], -1),
            HeadWeights = torch.ones(2, 3),
            Preferences = rewards - 20,
            TiePreference = torch.full(4, -21.0),
            LastTurnLogProbs = logProbs,
            TokenRewards = rewards.view(8),
            StepRewards = rewards.view(8),
        });
        result.Loss.backward();
        Assert.That(result.Loss.item<float>(), Is.GreaterThan(0));
        Assert.That(result.Metrics.Values.Select(m => (double)m.item<float>()), Has.All.Not.NaN);
        Assert.That(new[] { rewards, logProbs }.Sum(given => given.grad?.abs().sum().item<float>() ?? 0), Is.GreaterThan(0));
        Assert.That(loss.Needs, Is.Not.EqualTo(ForwardNeeds.None));
        Assert.That(loss.Head, Is.Not.Null);
        Assert.That(loss.Weight(batch), Is.GreaterThan(0));
        return loss;
    }

    private static IAugmenter Use(IAugmenter augmenter)
    {
        var counts = new Dictionary<string, long>();
        var context = new AugmentationContext(
            7, new ByLength(), counts.Add, ScriptedGenerator.Of(Answer), new ScriptedGenerator(Sample),
            augmenter.Policies.Prepend(AugmentationContext.Start).ToDictionary(name => name, IPolicy (name) => new ByLengthAndName(name)));
        var made = augmenter.AugmentAsync(Examples.ToAsyncEnumerable(), context, default).ToBlockingEnumerable().ToArray();
        var traits = augmenter.GetType().GetCustomAttribute<AugmenterAttribute>()!.Traits;
        var originals = traits.HasFlag(PluginTraits.ReplacesExamples) ? 0 : 4;
        Assert.That(made.Take(originals), Is.EqualTo(Examples.Take(originals)));
        Assert.That(made, Has.Length.GreaterThan(traits.HasFlag(PluginTraits.DropsExamples) ? 0 : originals));
        Assert.That(counts, Is.Not.Empty);
        return augmenter;
    }

    // A critic's prompts show the form of a score.
    private static string Answer(string prompt) =>
        !prompt.Contains("Rating: [[", StringComparison.Ordinal) ? Written : prompt.Contains("a longer answer", StringComparison.Ordinal) ? "Good. [[9]]" : "Bad. [[3]]";

    // Another answer for another seed, and where a grade is asked for, another grade.
    private static TextReply Sample(TextRequest request) => new(
        request.Prompt.LastContent.Contains("Score:", StringComparison.Ordinal) ? $"Score: {request.Options.Seed % 6}" : new string('a', (int)(request.Options.Seed % 60)) + " b",
        FinishReason.StopToken, PromptTokens: 5);

    private static IScorerComposer Use(IScorerComposer composer)
    {
        var generator = ScriptedGenerator.Of(Answer);
        var member = new ScorerMember(new ByLength()) { Writer = generator, Policy = new ByLength(), Reference = new ByLength() };
        var alone = composer.GetType().GetCustomAttribute<ComposerAttribute>()!.Traits.HasFlag(PluginTraits.NoMembers);
        var scorer = composer.Compose(alone ? [] : [member], new([.. Examples.SelectMany(example => (ScoreRequest[])[new(example.Prompt, example.Chosen), new(example.Prompt, example.Rejected)])], 7, generator), default);
        Assert.That(scorer.ScorePairs(Examples).Select(score => score.Margin), Is.Not.Empty.And.All.Not.NaN);
        return composer;
    }

    private static IDecoder Use(IDecoder decoder)
    {
        var requests = Examples.Select((example, i) => new DecodingRequest(example.Prompt, i, [])).ToArray();
        var context = Decoding.Value;
        var answers = decoder.Decode(requests, context, default);
        Assert.That(answers.Select(answer => answer.Ids.Count), Has.Exactly(4).Items.And.All.InRange(1, 4));
        return decoder;
    }

    private static IWeightMerger Use(IWeightMerger merger)
    {
        using var scope = torch.NewDisposeScope();
        var merged = merger.Merge([new(new Numbers("one", 1), 0.5), new(new Numbers("three", 3), 0.5)]);
        Assert.That(merged.Weights.Select(weight => merged.Make(weight)[0].item<float>()), Is.EqualTo(new[] { 2f }));
        return merger;
    }

    // Small models of random weights over one tokenizer, made once for all decoders.
    private static readonly Lazy<ModelDecoding> Decoding = new(() =>
    {
        var spec = SmallModel();
        var encoder = PairEncoder.Create(spec);
        LanguageModel Model(int seed) => new($"model {seed}", CausalModel.Create(spec, seed), encoder, []);
        var reward = RewardModel.Create(spec, new(), seed: 4);
        return new(Model(1), [Model(2), Model(3)], new() { MaxTokens = 4, Temperature = 1 }, new ByLength(), new PrefixScorer("reward", reward, encoder));
    });

    private static IEvaluator Use(IEvaluator evaluator)
    {
        var writer = ScriptedGenerator.Of(_ => Written);
        var report = evaluator.EvaluateAsync(new(new ByLength(), Examples, 7, writer, writer), default).GetAwaiter().GetResult();
        Assert.That(report.Metrics.Values.Select(m => m.Value), Is.Not.Empty.And.All.Not.NaN);
        return evaluator;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (ExperimentResult, List<WeakReference>) Run(string folder)
    {
        PluginUse Of(PluginKind kind, string id, params (string, object)[] options) => Results.Use(kind, id, options);
        var data = Path.Combine(folder, "pairs.jsonl");
        File.WriteAllLines(data, Examples.Select(e => System.Text.Json.JsonSerializer.Serialize(new
        {
            chosen = $"\n\nHuman: {e.Prompt.LastContent}\n\nAssistant: {e.Chosen.LastContent}",
            rejected = $"\n\nHuman: {e.Prompt.LastContent}\n\nAssistant: {e.Rejected.LastContent}",
        })));
        var spec = new ExperimentSpec
        {
            Name = "unload",
            Model = SmallModel().WithPairs(new() { First = "T", Second = "S", Tie = "B" }),
            Train = new PairFile(data),
            Arms =
            [
                new("bradley-terry", Of(PluginKind.Loss, "bradley-terry"), []),
                new("haf-rm", Of(PluginKind.Loss, "haf-rm", ("policyLoss", "hinge")), []),
                new("crome", Of(PluginKind.Loss, "crome"), [Of(PluginKind.Augmenter, "crome-neutral", ("filterThreshold", 0.0))], "bradley-terry"),
                new("pairwise crome", Of(PluginKind.Loss, "crome", ("form", "pairwise")), [Of(PluginKind.Augmenter, "crome-neutral", ("filterThreshold", 0.0))], "bradley-terry"),
                new("pairwise rrm", Of(PluginKind.Loss, "pairwise", ("ties", "third-label")), [Of(PluginKind.Augmenter, "rrm", ("filterThreshold", 0.01))], "pairwise crome"),
            ],
            Evaluations = [new(Of(PluginKind.Evaluator, "pair-accuracy", ("ties", "half")), new PairFile(data))],
            Training = new() { BatchSize = 2 },
            Seeds = [1],
            OutputFolder = Path.Combine(folder, "out"),
        };
        var others = AssemblyLoadContext.All.ToHashSet();
        using var session = new PluginHost(Catalog).Open();
        var result = new ExperimentRunner(session, Models).Run(spec, new(Fresh: true), new Silent());
        return (result, [.. AssemblyLoadContext.All.Except(others).Select(c => new WeakReference(c))]);
    }

    private static ModelSpec SmallModel()
    {
        var tokenizer = Path.Combine(TestContext.CurrentContext.TestDirectory, "tokenizer");
        return new()
        {
            Configuration = new()
            {
                VocabSize = Tokenizer.Load(tokenizer).VocabSize,
                HiddenSize = 8,
                IntermediateSize = 16,
                NumHiddenLayers = 1,
                NumAttentionHeads = 2,
                NumKeyValueHeads = 2,
                MaxPositionEmbeddings = 128,
            },
            Tokenizer = tokenizer,
        };
    }

    private static void Collect(params WeakReference[] contexts)
    {
        for (var i = 0; i < 20 && contexts.Any(c => c.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private sealed class ByLength : IPlaceScorer, IPolicy
    {
        public string Name => "length";

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(request => request.Ends.Select(end => 0.5 * end).ToArray())];

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => 0.5 * r.Response.LastContent.Length)];

        public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => new ResponseLogProb(-r.Response.LastContent.Length, r.Response.LastContent.Length))];
    }

    private sealed class ByLengthAndName(string name) : IPolicy
    {
        public string Name => name;

        public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => new ResponseLogProb(-name.Length * r.Response.LastContent.Length, r.Response.LastContent.Length))];
    }

    /// <summary>One tensor of one number.</summary>
    private sealed class Numbers(string name, float value) : IModelWeights
    {
        public string Name => name;

        public IReadOnlyList<ModelWeight> Weights { get; } = [new("model.norm.weight", [2], torch.ScalarType.Float32, WeightRole.Body)];

        public IReadOnlyList<string> Tokens => [];

        public torch.Tensor Read(string tensor) => torch.tensor([value, value]);
    }
}
