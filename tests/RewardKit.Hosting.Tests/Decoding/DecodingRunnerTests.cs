using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Scoring;
using RewardKit.Hosting.Tests.Experiments;
using RewardKit.Models;
using RewardKit.Torch;
using RewardKit.Training;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Decoding;

/// <summary>Decoding for scripts, with a real small model and decoders of the tests' own.</summary>
public class DecodingRunnerTests
{
    private static readonly string Stories = Path.Combine(Root(), "scripts", "models", "stories260K");
    private static readonly ModelSpec Story = new() { Folder = Stories, Template = "text" };

    private string _folder = "";
    private OpenModels _models = null!;
    private int _told;

    [SetUp]
    public void MakeFolder() => (_folder, _models, _told) = (Directory.CreateTempSubdirectory("decoding").FullName, new(() => torch.CPU), 0);

    [TearDown]
    public void RemoveFolder()
    {
        _models.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void Answers_are_found_again_whatever_stands_beside_their_prompts()
    {
        var first = Run(Spec("One day", "Lily saw"));
        var (steps, reused) = (_told, Run(Spec("One day", "Lily saw")));
        Assert.That(_told, Is.EqualTo(steps), "nothing is decoded again");
        Assert.That(reused.Select(a => (a.Text, a.LogProb, a.Divergence)), Is.EqualTo(first.Select(a => (a.Text, a.LogProb, a.Divergence))));

        var more = Run(Spec("Tom ran", "Lily saw"));
        Assert.That(more[1].Text, Is.EqualTo(first[1].Text), "an answer depends on its own prompt");
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(1));
        Assert.That(more.Select(a => a.Tokens), Is.All.EqualTo(5));
    }

    [Test]
    public void Samples_differ_and_another_seed_gives_others()
    {
        var spec = Spec("One day") with { Samples = 3 };
        var answers = Run(spec);
        Assert.That(answers.Select(a => a.Sample), Is.EqualTo(new[] { 1, 2, 3 }));
        Assert.That(answers.Select(a => a.Text).Distinct().Count(), Is.EqualTo(3));
        Assert.That(Run(spec with { Options = spec.Options with { Seed = 2 } }).Select(a => a.Text).Intersect(answers.Select(a => a.Text)), Is.Empty);
    }

    [Test]
    public void What_was_being_written_when_the_process_died_is_made_again()
    {
        var whole = Run(Spec("One day", "Lily saw", "Tom ran"));
        var file = Directory.GetFiles(_folder).Single();
        var text = File.ReadAllText(file);
        File.WriteAllText(file, text[..(text.LastIndexOf("\"text\"", StringComparison.Ordinal) + 9)]);

        var again = Run(Spec("One day", "Lily saw", "Tom ran"));

        Assert.That(again.Select(a => a.Text), Is.EqualTo(whole.Select(a => a.Text)));
        Assert.That(File.ReadAllText(file), Is.EqualTo(text), "only the last line was lost");
    }

    [Test]
    public void Another_weight_decoder_or_reference_is_another_key()
    {
        Run(Guided(0.5, "v1"));
        Run(Guided(0.6, "v1"));
        Run(Guided(0.6, "v2"));
        Run(Guided(0.6, "v2") with { Reference = Story });
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(4));
        Run(Guided(0.6, "v1"));
        Assert.That(Directory.GetFiles(_folder), Has.Length.EqualTo(4));
    }

    [Test]
    public void Weight_zero_is_the_base_and_a_guide_leads_away()
    {
        var alone = Run(Spec("One day") with { Reference = Story });
        var zero = Run(Guided(0, "v1", "One day") with { Reference = Story });
        var steered = Run(Guided(2, "v1", "One day") with { Reference = Story });
        Assert.That(zero[0].Text, Is.EqualTo(alone[0].Text));
        Assert.That(alone[0].Divergence, Is.EqualTo(0).Within(1e-5));
        Assert.That(steered[0].Divergence, Is.GreaterThan(0.1));
    }

    [Test]
    public void A_decoder_asks_the_scorer_and_what_the_base_is_aligned_to_each_for_itself()
    {
        var spec = Spec("a") with
        {
            Decoder = new InlineUse(PluginKind.Decoder, "asking", new Asking(), "1"),
            Scorer = new ScriptedScorerSpec("target", _ => 3, "3"),
            BaselineScorer = new ScriptedScorerSpec("baseline", _ => 2, "2"),
        };
        Assert.That(Run(spec)[0].Text, Is.EqualTo("3 2"));
        Assert.That(Run(spec with { BaselineScorer = new ScriptedScorerSpec("baseline", _ => 5, "5") })[0].Text, Is.EqualTo("3 5"), "another key");
    }

    [Test]
    public void What_makes_no_sense_is_refused_before_anything_is_decoded()
    {
        Refused(Spec(), "There is no prompt");
        Refused(Spec("a") with { Samples = 0 }, "samples = 0");
        Refused(Spec("a") with { Samples = 2, Options = new() }, "samples = 2 at temperature 0");
        Refused(Guided(-1, "v1"), "has the weight -1; expected 0 or more");
        Refused(Guided(double.NaN, "v1"), "has the weight NaN; expected 0 or more");
        Refused(Spec("a") with { Guides = [new(Story, 1)] }, "steer only with a decoder");
        Refused(Guided(1, "v1") with { Guides = [] }, "needs models that steer");
        Refused(Scored(DecoderNeeds.Scorer), "needs a scorer of whole answers");
        Refused(Scored(DecoderNeeds.PrefixScorer) with { Scorer = new ScriptedScorerSpec("f", _ => 0, "1") }, "needs a reward model that scores unfinished answers");
        Refused(Scored(DecoderNeeds.BaselineScorer), "weighs the scorer against the reward that the base model is aligned to");
        Refused(Scored(DecoderNeeds.None) with { BaselineScorer = new ScriptedScorerSpec("f", _ => 0, "1") }, "has no use for a baseline scorer");
        Refused(Spec("a") with { BaselineScorer = new ScriptedScorerSpec("f", _ => 0, "1") }, "steer only with a decoder");
        Refused(Spec("a") with { Model = new() { Tokenizer = Stories } }, "random weights");
        Refused(Spec(string.Concat(Enumerable.Repeat("once upon a time ", 400))), "does not fit stories260K, whose context has 512 tokens");
        Assert.That(Directory.GetFiles(_folder), Is.Empty);
    }

    [Test]
    public void Leaves_no_tensor_once_the_models_are_let_go()
    {
        using var scope = torch.NewDisposeScope();
        var before = LiveTensors.Count;
        Run(Guided(1, "v1"));
        _models.Keep([]);
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private IReadOnlyList<Answer> Run(DecodingSpec spec) =>
        new DecodingRunner(new MethodSource(new FakePlugins()), _models, new Dictionary<string, string> { ["torch"] = "1" }, true, _ => false)
            .Answer(spec, _ => _told++, default);

    private void Refused(DecodingSpec spec, string message) =>
        Assert.That(() => Run(spec), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Property("ExitCode").EqualTo(2));

    private DecodingSpec Spec(params string[] prompts) => new()
    {
        Model = Story,
        Prompts = [.. prompts.Select(Conversation.User)],
        Options = new() { MaxTokens = 5, Temperature = 1, Seed = 1 },
        Folder = _folder,
    };

    private DecodingSpec Guided(double weight, string version, string prompt = "a") => Spec(prompt) with
    {
        Decoder = new InlineUse(PluginKind.Decoder, "summed", new Summed(), version),
        Guides = [new(Story, weight)],
    };

    private DecodingSpec Scored(DecoderNeeds needs) => Spec("a") with { Decoder = new InlineUse(PluginKind.Decoder, "scored", new Needing(needs), "1") };

    private static string Root()
    {
        var folder = TestContext.CurrentContext.TestDirectory;
        while (!File.Exists(Path.Combine(folder, "RewardKit.sln"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private sealed class Summed : IDecoder
    {
        public DecoderNeeds Needs => DecoderNeeds.Guides;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
            context.Generate(requests, step => TokenChoice.Of(step.LogProbs(context.Base) + step.Weights * step.LogProbs(context.Guides[0])), cancellation: cancellation);
    }

    private sealed class Asking : IDecoder
    {
        public DecoderNeeds Needs => DecoderNeeds.Scorer | DecoderNeeds.BaselineScorer;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
            [.. requests.Select(r => new GeneratedText($"{Of(context.Scorer, r)} {Of(context.BaselineScorer, r)}", [1], [0], FinishReason.StopToken))];

        private static double Of(IScorer scorer, DecodingRequest request) => scorer.Score([new(request.Prompt, Conversation.Assistant("b"))])[0];
    }

    private sealed class Needing(DecoderNeeds needs) : IDecoder
    {
        public DecoderNeeds Needs => needs;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
            throw new NotSupportedException();
    }
}
