using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using RewardKit.Training;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>Experiments of real models whose arms train policies, by the shipped losses and scorer.</summary>
public class PolicyExperimentTests
{
    private static readonly ModelSpec Random = new()
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

    private static readonly PreferenceExample[] Pairs =
        [.. Enumerable.Range(0, 12).Select(i => Results.Pair($"{i}", $"question {i}", "No, I will not.", $"Sure, do {i}."))];

    private static readonly PluginUse Implicit = Results.Use(PluginKind.Composer, "implicit-reward", ("beta", 0.25));

    private PluginSession _plugins = null!;
    private TorchModels _models = null!;
    private string _folder = "";

    [SetUp]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("rewardkit-policies-").FullName;
        _plugins = new PluginHost(PluginCatalog.Of(typeof(PolicyExperimentTests).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "ShippedPlugins").Value!)).Open();
        _models = new();
        File.WriteAllLines(Path.Combine(_folder, "pairs.jsonl"), Pairs.Select(p => new JsonObject
        {
            ["prompt"] = p.Prompt.LastContent,
            ["chosen"] = p.Chosen.LastContent,
            ["rejected"] = p.Rejected.LastContent,
        }.ToJsonString()));
    }

    [TearDown]
    public void TearDown()
    {
        _plugins.Dispose();
        Directory.Delete(_folder, true);
    }

    [Test]
    public void A_policy_is_a_plain_language_model_that_scores_by_what_it_gained_over_its_start([Values] bool lora)
    {
        var start = Random;
        if (lora)
        {
            var folder = Path.Combine(_folder, "start");
            using (var random = CausalModel.Create(Random, 7)) random.Save(folder, PairEncoder.Create(Random));
            start = new() { Folder = folder, Lora = new() { Rank = 2 } };
        }
        var spec = Spec(Dpo("dpo")) with { Model = start };

        var run = Run(spec).Runs.Single();

        var checkpoint = CheckpointOf("dpo");
        using var before = CausalModel.Create(start with { Lora = null }, 1);
        using var after = CausalModel.Create(new() { Folder = checkpoint }, 1);
        var encoder = PairEncoder.Create(start);
        var samples = run.Samples["pair-accuracy"];
        Assert.That(samples, Has.Count.EqualTo(Pairs.Length));
        foreach (var (pair, score) in samples)
        {
            Assert.That(score.Chosen, Is.EqualTo(0.25 * (ByHand(after, encoder, pair.Prompt, pair.Chosen) - ByHand(before, encoder, pair.Prompt, pair.Chosen))).Within(1e-5));
            Assert.That(score.Rejected, Is.EqualTo(0.25 * (ByHand(after, encoder, pair.Prompt, pair.Rejected) - ByHand(before, encoder, pair.Prompt, pair.Rejected))).Within(1e-5));
        }
        Assert.That(run.Measurements["pair-accuracy/accuracy"].Value, Is.EqualTo(1), "it has learnt what it was trained on");
        Assert.That(samples.Max(s => s.Score.Margin), Is.GreaterThan(0.05));

        if (!lora)
        {
            var config = JsonNode.Parse(File.ReadAllText(Path.Combine(checkpoint, "config.json")))!;
            Assert.That(config["architectures"]!.ToJsonString(), Is.EqualTo("[\"LlamaForCausalLM\"]"));
        }
        using var reader = SafetensorsReader.Open(lora ? Path.Combine(checkpoint, "adapter_model.safetensors") : checkpoint);
        Assert.That(reader.Entries.Select(e => e.Name), Has.None.Contains("score"));

        // Judged anew, from its folder and from what is kept of its start, it has the same rewards to the last bit.
        Assert.That(Run(spec).Runs.Single().Reused, Is.True);
        var again = Run(spec with { Evaluations = [spec.Evaluations[0] with { Evaluator = Results.Use(PluginKind.Evaluator, "pair-accuracy", ("ties", "half")) }] }).Runs.Single();
        Assert.That(again.Samples["pair-accuracy"].Select(s => s.Score), Is.EqualTo(samples.Select(s => s.Score)));
    }

    [Test]
    public void Two_arms_on_the_same_data_have_one_set_of_references()
    {
        var alone = Run(Spec(Dpo("hinge", ("form", "hinge"))) with { OutputFolder = Path.Combine(_folder, "alone") }).Runs.Single();
        Run(Spec(Dpo("dpo")));
        var kept = Kept();
        var both = Run(Spec(Dpo("dpo"), Dpo("hinge", ("form", "hinge")))).Runs;
        Assert.That(kept, Is.GreaterThan(0));
        Assert.That(Kept(), Is.EqualTo(kept), "neither the training nor the scoring of the second arm computes a reference");
        Assert.That(both.Select(r => r.Reused), Is.EqualTo(new[] { true, false }));
        Assert.That(Weights("hinge"), Is.EqualTo(Weights("hinge", "alone")));
        Assert.That(both[1].Samples["pair-accuracy"].Select(s => s.Score), Is.EqualTo(alone.Samples["pair-accuracy"].Select(s => s.Score)));
    }

    [Test]
    public void Another_seed_of_random_weights_has_references_of_its_own_and_a_folder_has_the_same_for_all()
    {
        Run(Spec(Dpo("dpo")));
        var kept = Kept();
        Run(Spec(Dpo("dpo")) with { Seeds = [1, 2] });
        Assert.That(Kept(), Is.EqualTo(2 * kept));

        var folder = Path.Combine(_folder, "start");
        using (var random = CausalModel.Create(Random, 7)) random.Save(folder, PairEncoder.Create(Random));
        Run(Spec(Dpo("dpo")) with { Model = new() { Folder = folder }, Seeds = [1, 2], OutputFolder = Path.Combine(_folder, "second") });
        Assert.That(Kept("second"), Is.EqualTo(kept));
    }

    [Test]
    public void Stopped_in_its_training_a_policy_ends_with_the_same_weights()
    {
        Run(Spec(Dpo("dpo")) with { OutputFolder = Path.Combine(_folder, "whole") });
        using var stop = new CancellationTokenSource();
        var spec = Spec(Dpo("dpo")) with { Checkpoints = new() { Steps = 1 } };
        Assert.That(() => Run(spec, new StopAt(stop, "train", 2), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Run(spec).Runs.Single().Reused, Is.False);
        Assert.That(Weights("dpo"), Is.EqualTo(Weights("dpo", "whole")));
    }

    [Test]
    public void An_evaluator_of_what_a_model_writes_needs_no_reward_and_hears_each_answer_once()
    {
        var reader = new ReadingEvaluator();
        var spec = Spec(Sft()) with { Evaluations = [new(new InlineUse(PluginKind.Evaluator, "reader", reader, "0123456789abcdef"), PairsFile)] };

        var result = Run(spec);

        using var model = CausalModel.Create(new() { Folder = CheckpointOf("sft") }, 1);
        var encoder = PairEncoder.Create(new ModelSpec { Folder = CheckpointOf("sft") });
        var expected = new LanguageModel("sft", model, encoder, LanguageModel.EndTokensOf(CheckpointOf("sft"), encoder.Tokenizer))
            .Generate([Pairs[0].Prompt], ReadingEvaluator.Options).Single().Text;
        Assert.That(reader.Heard, Is.EqualTo(new[] { expected }));
        Assert.That(result.Runs.Single().Measurements["reader/letters"].Value, Is.EqualTo(expected.Length));
        Assert.That(result.Trivial.SelectMany(r => r.Measurements), Is.Empty, "a trivial baseline writes nothing");

        var kept = Kept();
        Run(spec with { Evaluations = [spec.Evaluations[0] with { Evaluator = new InlineUse(PluginKind.Evaluator, "reader", reader, "fedcba9876543210") }] });
        Assert.That((reader.Heard, Kept()), Is.EqualTo((new[] { expected, expected }, kept)));
    }

    [Test]
    public void An_augmenter_asks_the_start_and_named_models_and_each_answer_is_kept()
    {
        var previous = Path.Combine(_folder, "previous");
        using (var random = CausalModel.Create(Random, 9)) random.Save(previous, PairEncoder.Create(Random));
        var asking = new AskingAugmenter();
        ArmSpec Arm(string name) => Dpo(name, ("beta", name == "first" ? 0.1 : 0.2)) with
        {
            Augmenters = [new InlineUse(PluginKind.Augmenter, "asking", asking, "0123456789abcdef")],
            Policies = new Dictionary<string, ModelSpec> { ["previous"] = new() { Folder = previous } },
        };

        Run(Spec(Arm("first")));

        using var start = CausalModel.Create(Random, 1);
        using var named = CausalModel.Create(new() { Folder = previous }, 1);
        var encoder = PairEncoder.Create(Random);
        Assert.That(asking.Found, Has.Count.EqualTo(Pairs.Length));
        foreach (var (pair, found) in Pairs.Zip(asking.Found))
        {
            Assert.That(found.Start, Is.EqualTo(ByHand(start, encoder, pair.Prompt, pair.Chosen)).Within(1e-4));
            Assert.That(found.Previous, Is.EqualTo(ByHand(named, encoder, pair.Prompt, pair.Chosen)).Within(1e-4));
        }
        var (kept, first) = (Kept(), asking.Found.ToArray());
        asking.Found.Clear();
        Run(Spec(Arm("first"), Arm("second")));
        Assert.That(asking.Found, Is.EqualTo(first));
        Assert.That(Kept(), Is.EqualTo(kept));
    }

    private ExperimentResult Run(ExperimentSpec spec, IExperimentProgress? progress = null, CancellationToken cancellation = default) =>
        new ExperimentRunner(_plugins, _models).Run(spec, new(), progress ?? new Silent(), cancellation);

    private ExperimentSpec Spec(params ArmSpec[] arms) => new()
    {
        Name = "policies",
        Model = Random,
        Train = PairsFile,
        Arms = arms,
        Evaluations = [new(Results.Use(PluginKind.Evaluator, "pair-accuracy"), PairsFile)],
        Training = new() { BatchSize = 4, Epochs = 4, LearningRate = 1e-2 },
        Seeds = [1],
        OutputFolder = Path.Combine(_folder, "out"),
    };

    private static ArmSpec Dpo(string name, params (string, object)[] options) => new(name, Results.Use(PluginKind.Loss, "dpo", options), []) { Composer = Implicit };

    private static ArmSpec Sft() => new("sft", Results.Use(PluginKind.Loss, "sft"), []);

    private PairFile PairsFile => new(Path.Combine(_folder, "pairs.jsonl")) { Reading = new() };

    private string CheckpointOf(string arm, string folder = "out") => Path.Combine(_folder, folder, arm, "seed-1", "checkpoint");

    private Dictionary<string, byte[]> Weights(string arm, string folder = "out")
    {
        using var scope = torch.NewDisposeScope();
        using var reader = SafetensorsReader.Open(CheckpointOf(arm, folder));
        return reader.Entries.ToDictionary(e => e.Name, e => reader.Read(e.Name).bytes.ToArray());
    }

    // How many answers and passes are kept.
    private long Kept(string folder = "out")
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, folder, "generated.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM answers";
        return (long)command.ExecuteScalar()!;
    }

    private static double ByHand(CausalModel model, PairEncoder encoder, Conversation prompt, Conversation response)
    {
        using var scope = torch.NewDisposeScope();
        using var gradients = torch.no_grad();
        int[] before = encoder.EncodePrompt(prompt).Ids, after = encoder.EncodeResponse(prompt, response).Ids;
        using var text = new PackedBatch([new([.. before, .. after], [[]])]);
        var logProbs = model.Logits(text).to(torch.ScalarType.Float64).log_softmax(-1);
        return after.Select((token, i) => logProbs[before.Length + i - 1, token].item<double>()).Sum();
    }

    private sealed class ReadingEvaluator : IEvaluator
    {
        public static readonly GenerationOptions Options = new() { MaxTokens = 6, Temperature = 0 };

        public List<string> Heard { get; } = [];

        public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

        public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
        {
            Heard.Add((await context.Writer.GenerateAsync([new(context.Pairs[0].Prompt, Options)], cancellation))[0].Text);
            return new(new Dictionary<string, Measurement> { ["letters"] = new(Heard[^1].Length) }, []);
        }
    }

    private sealed class AskingAugmenter : IAugmenter
    {
        public List<(double Start, double Previous)> Found { get; } = [];

        public AugmenterNeeds Needs => AugmenterNeeds.Policies;

        public IReadOnlyList<string> Policies => ["previous"];

        public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await foreach (var example in examples.WithCancellation(cancellation))
            {
                ScoreRequest[] asked = [new(example.Prompt, example.Chosen)];
                Found.Add((context.Policy(AugmentationContext.Start).LogProbs(asked, cancellation)[0].LogProb, context.Policy("previous").LogProbs(asked, cancellation)[0].LogProb));
                yield return example;
            }
        }
    }

    private sealed class StopAt(CancellationTokenSource stop, string stage, int step) : IExperimentProgress
    {
        public void Started(string arm, int seed) { }
        public void Advanced(string arm, int seed, TrainingProgress progress)
        {
            if (progress.Stage == stage && progress.Step?.Log.Step == step) stop.Cancel();
        }
        public void Finished(RunResult run) { }
        public void Failed(RunFailure failure) { }
        public void Noted(string arm, int seed, string sentence) { }
    }
}
