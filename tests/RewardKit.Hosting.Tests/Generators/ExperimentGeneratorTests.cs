using System.Runtime.CompilerServices;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Tests.Experiments;
using RewardKit.Models;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Generators;

public class ExperimentGeneratorTests
{
    private const string Hash = "0123456789abcdef";
    private string _folder = "";
    private FakeModels _models = new();
    private Silent _progress = new();

    [SetUp]
    public void SetUp()
    {
        Directory.CreateDirectory(_folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n")));
        (_models, _progress) = (new(), new());
        foreach (var name in new[] { "train.jsonl", "test.jsonl" })
            File.WriteAllLines(Path.Combine(_folder, name), Enumerable.Range(1, 4).Select(i => JsonSerializer.Serialize(new
            {
                chosen = $"\n\nHuman: question {i}\n\nAssistant: a longer answer",
                rejected = $"\n\nHuman: question {i}\n\nAssistant: short",
            })));
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    [Test]
    public void An_arm_that_needs_a_generator_gets_it_and_counts_it()
    {
        var result = Run(Spec(Echo("1")));
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 1 on 8" }));
        Assert.That(result.Runs[0].Counts, Is.Empty);
        Assert.That(result.Runs[1].Counts, Is.EqualTo(new Dictionary<string, long>
        {
            ["written"] = 4,
            ["generator.requests"] = 4,
            ["generator.foundAgain"] = 0,
            ["generator.promptTokens"] = 0,
            ["generator.tokens"] = 0,
        }));
    }

    [Test]
    public void Another_generator_makes_new_runs_of_those_who_use_it_alone()
    {
        Run(Spec(Echo("1")));
        Assert.That(Run(Spec(Echo("1"))).Runs.Select(r => r.Reused), Is.EqualTo(new[] { true, true }));
        Assert.That(Run(Spec(Echo("2"))).Runs.Select(r => r.Reused), Is.EqualTo(new[] { true, false }));
        Assert.That(_models.Trained, Has.Count.EqualTo(3));
    }

    [Test]
    public void An_arm_may_have_a_generator_of_its_own()
    {
        var spec = Spec(Echo("1"));
        var other = new ScriptedSpec("loud", request => new(request.Prompt.LastContent + "!", FinishReason.StopToken), "2");
        spec = spec with { Arms = [.. spec.Arms, spec.Arms[1] with { Name = "own", Generator = other }] };
        Assert.That(Run(spec with { Generator = null, Arms = [spec.Arms[2]] }).Runs.Single().Counts["written"], Is.EqualTo(4));
        Run(spec);
        Assert.That(Run(spec with { Generator = Echo("3") }).Runs.Select(r => r.Reused), Is.EqualTo(new[] { true, false, true }));
    }

    [Test]
    public void Another_generator_evaluates_again_where_the_evaluator_uses_it_and_trains_nothing()
    {
        ExperimentSpec Judged(string version) => Spec(Echo(version)) with { Arms = [new("plain", Results.Use(PluginKind.Loss, "long"), [])], Evaluations = [new(new InlineUse(PluginKind.Evaluator, "judge", new Judge(), Hash), Pairs("test.jsonl"))] };
        Assert.That(Run(Judged("1")).Runs[0].Measurements["judge/length"].Value, Is.EqualTo("question 1, rewritten".Length));
        Assert.That(Run(Judged("2")).Runs.Single().Reused, Is.False);
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
        Assert.That(Run(Judged("2")).Runs.Single().Reused, Is.True);
        Assert.That(_progress.Notes, Has.Count.EqualTo(2).And.All.EqualTo("plain, seed 1: 4 texts were generated for its evaluation (0 tokens read, 0 written)."));
    }

    [Test]
    public void A_composer_that_has_texts_written_gets_its_arms_generator_and_another_one_evaluates_again()
    {
        var asking = Results.Use(PluginKind.Composer, "asking");
        ExperimentSpec Composed(GeneratorSpec? generator) => Spec(null) with { Arms = [new("asking", Results.Use(PluginKind.Loss, "long"), []) { Composer = asking, Generator = generator }] };
        Assert.That(() => Run(Composed(null)), Throws.TypeOf<RewardKitException>().With.Message.Contains("asking").And.Message.Contains("Generator.server"));
        Assert.That(Run(Composed(Echo("1"))).Runs[0].Measurements["accuracy/accuracy"].Value, Is.Zero);
        Assert.That(Run(Composed(Echo("1"))).Runs[0].Reused, Is.True);
        Assert.That(Run(Composed(Echo("2"))).Runs[0].Reused, Is.False);
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void Whoever_needs_a_generator_that_is_not_named_is_refused_before_any_training()
    {
        var arm = Assert.Throws<RewardKitException>(() => Run(Spec(null)))!;
        Assert.That(arm.Message, Does.Contain("\"written\"").And.Contain("rewrite").And.Contain("Generator.server"));
        var spec = Spec(null) with { Arms = [Spec(null).Arms[0]], Evaluations = [new(new InlineUse(PluginKind.Evaluator, "judge", new Judge(), Hash), Pairs("test.jsonl"))] };
        var evaluator = Assert.Throws<RewardKitException>(() => Run(spec))!;
        Assert.That(evaluator.Message, Does.Contain("judge").And.Contain("Generator.server"));
        var key = Assert.Throws<RewardKitException>(() => Run(Spec(new ServerSpec(new() { Url = "http://localhost:1/v1", Model = "m", KeyVariable = "REWARDKIT_NO_SUCH_KEY" }))))!;
        Assert.That(key.Message, Does.Contain("REWARDKIT_NO_SUCH_KEY"));
        Assert.That((arm.ExitCode, evaluator.ExitCode, key.ExitCode, _models.Trained.Count), Is.EqualTo((2, 2, 2, 0)));
    }

    [Test]
    public void An_experiment_over_its_quota_keeps_its_texts_and_its_other_arms_and_goes_on_later()
    {
        var paid = false;
        using var server = new MisbehavingServer((number, prompt) => number <= 2 || paid ? Act.Say($"{prompt}, rewritten") : Act.Fail(429, "Pay first.", "insufficient_quota"));
        var spec = Spec(new ServerSpec(server.Options() with { Concurrency = 1 }));
        var first = Run(spec);
        Assert.That(first.Runs.Select(r => r.Arm), Is.EqualTo(new[] { "plain" }));
        // Whose fault it was: the server's, not the augmenter's that asked it.
        Assert.That(first.Failures.Single().Message, Does.StartWith("The arm \"written\" with seed 1 failed: The text generator at ").And.Contain("Pay first").And.Contain("2 texts").And.Contain("generated.db"));
        paid = true;
        Directory.Move(Path.Combine(_folder, "out"), Path.Combine(_folder, "moved"));
        var second = Run(spec with { OutputFolder = Path.Combine(_folder, "moved") });
        Assert.That(second.Runs.Select(r => (r.Arm, r.Reused)), Is.EqualTo(new[] { ("plain", true), ("written", false) }));
        Assert.That((second.Runs[1].Counts["generator.foundAgain"], second.Runs[1].Counts["generator.tokens"]), Is.EqualTo((2L, 12L)));
        Assert.That(server.Count, Is.EqualTo(5));
    }

    [Test]
    public void A_server_that_refuses_ends_the_experiment_and_one_that_stumbles_is_noted()
    {
        using (var server = new MisbehavingServer((number, prompt) => number == 1 ? Act.Fail(500, "Oh dear.") : Act.Say(prompt)))
            Run(Spec(new ServerSpec(server.Options())));
        Assert.That(_progress.Notes, Has.Count.EqualTo(1).And.All.StartsWith("written, seed 1: The text generator at ").And.All.Contain("Oh dear"));
        using var wrong = new MisbehavingServer((_, _) => Act.Fail(404, "There is no model tiny."));
        var error = Assert.Throws<RewardKitException>(() => Run(Spec(new ServerSpec(wrong.Options() with { Model = "other" }))))!;
        Assert.That(error.ExitCode, Is.EqualTo(2));
        Assert.That(wrong.Count, Is.InRange(1, 4));
        Assert.That(error.Message, Does.Contain("There is no model tiny").And.Not.Contain("threw in"));
    }

    [Test]
    public void A_file_of_answers_is_a_generator_and_refuses_what_it_does_not_have()
    {
        var file = Path.Combine(_folder, "answers.jsonl");
        File.WriteAllLines(file, Enumerable.Range(1, 4).Select(i => $$"""{"prompt": "question {{i}}", "reply": "answer {{i}}"}"""));
        Assert.That(Run(Spec(new AnswerFileSpec(file))).Runs[1].Counts["generator.requests"], Is.EqualTo(4));
        File.WriteAllLines(file, ["""{"prompt": "question 1", "reply": "one"}"""]);
        Assert.That(() => Run(Spec(new AnswerFileSpec(file))), Throws.TypeOf<RewardKitException>().With.Message.Contains("question 2"));
        File.WriteAllLines(file, ["""{"prompt": "question 1", "reply": "one"}""", """{"prompt": "question 1", "reply": "two"}"""]);
        Assert.That(() => Run(Spec(new AnswerFileSpec(file))), Throws.TypeOf<RewardKitException>().With.Message.Contains("answers.jsonl(2): "));
    }

    private static ScriptedSpec Echo(string version) => new("echo", request => new(request.Prompt.LastContent + ", rewritten", FinishReason.StopToken), version);

    private PairFile Pairs(string name) => new(Path.Combine(_folder, name));

    private ExperimentResult Run(ExperimentSpec spec) => new ExperimentRunner(new FakePlugins(), _models).Run(spec, new(), _progress);

    private ExperimentSpec Spec(GeneratorSpec? generator)
    {
        var model = Path.Combine(_folder, "model");
        Directory.CreateDirectory(model);
        return new()
        {
            Name = "test",
            Model = new ModelSpec { Folder = model },
            Train = Pairs("train.jsonl"),
            Arms =
            [
                new("plain", Results.Use(PluginKind.Loss, "long"), []),
                new("written", Results.Use(PluginKind.Loss, "long"), [new InlineUse(PluginKind.Augmenter, "rewrite", new Rewriter(), Hash)]),
            ],
            Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), Pairs("test.jsonl"))],
            Seeds = [1],
            Generator = generator,
            OutputFolder = Path.Combine(_folder, "out"),
        };
    }

    /// <summary>Adds a copy of each example with a prompt that the generator wrote.</summary>
    private sealed class Rewriter : IAugmenter
    {
        public AugmenterNeeds Needs => AugmenterNeeds.Generator;

        public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var all = new List<PreferenceExample>();
            await foreach (var example in examples.WithCancellation(cancellation)) all.Add(example);
            var replies = await context.Generator.GenerateAsync([.. all.Select(e => new TextRequest(e.Prompt, new()))], cancellation);
            foreach (var (example, reply) in all.Zip(replies))
            {
                yield return example;
                context.Count("written", 1);
                yield return example with { Id = example.Id + "'", Prompt = Conversation.User(reply.Text) };
            }
        }
    }

    private sealed class Judge : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Generator;

        public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
        {
            var replies = await context.Generator.GenerateAsync([.. context.Pairs.Select(p => new TextRequest(p.Prompt, new()))], cancellation);
            return new(new Dictionary<string, Measurement> { ["length"] = new(replies.Average(r => r.Text.Length)) }, []);
        }
    }
}
