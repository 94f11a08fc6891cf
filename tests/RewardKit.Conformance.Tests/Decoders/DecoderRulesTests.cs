using RewardKit.Hosting.Experiments;
using TorchSharp;

namespace RewardKit.Conformance.Tests.Decoders;

public sealed class DecoderRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("D01", "for no request", Of<AnswersNothing>()),
        new("D02", "with weight 1000", Of<OverflowsAtLargeWeights>()),
        new("D03", "every weight zero", Of<NeverQuiteZero>()),
        new("D04", "weight 50", Of<IgnoresGuides>()),
        new("D05", "among five", Of<MixesRows>()),
        new("D06", "stop token", Of<NeverStops>()),
        new("D07", "MaxTokens 1", Of<AtLeastThree>()),
        new("D08", "by the scores offered", Of<AltersLogProbs>()),
        new("D09", "needs a scorer", Of<UsesTheScorer>()),
        new("D10", "were asked", Of<AlwaysAsks>()),
        new("G04", "log-probabilities", Of<NoisyLogProbs>()),
        new("G05", "as if its work were done", Of<Uninterruptible>()),
        new("G06", "another one between", Of<CountsCalls>()),
        new("G09", "tensors are still alive", Of<KeepsScores>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_decoder_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void Every_rule_has_a_decoder_that_breaks_it() => Assert.That(
        Broken.Select(b => b.Rule).Where(id => id[0] == 'D'),
        Is.EquivalentTo(Rule.For(PluginKind.Decoder).Where(r => r.Kind != RuleKind.Untested && r.Id[0] == 'D').Select(r => r.Id)));

    private static DecoderSubject Of<T>() where T : IDecoder, new() => new(() => new T());
}

public sealed class SoundDecoderTests : DecoderConformance
{
    protected override IDecoder Create() => new SoundDecoder();
}

/// <summary>The better of two samples by a reward times the request's weight: of equals the first, which is the base's own.</summary>
public sealed class BestOfTwoTests : DecoderConformance
{
    protected override IDecoder Create() => new BestOfTwo();

    private sealed class BestOfTwo : IDecoder
    {
        public DecoderNeeds Needs => DecoderNeeds.Scorer;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
        {
            DecodingRequest[] twice = [.. requests.SelectMany(request => (DecodingRequest[])[request, request with { Seed = request.Seed + 1000 }])];
            // Of a greedy answer there is one only.
            var options = context.Options.Temperature > 0 ? context.Options : context.Options with { Temperature = 1 };
            var samples = context.Options.Temperature > 0 ? context.Generate(twice, Plain, options, cancellation)
                : [.. context.Generate(requests, Plain, null, cancellation).Zip(context.Generate(requests, Plain, options, cancellation), (a, b) => new[] { a, b }).SelectMany(pair => pair)];
            var rewards = context.Scorer.Score([.. samples.Select((text, i) => new ScoreRequest(twice[i].Prompt, Conversation.Assistant(text.Text)))], cancellation);
            return [.. requests.Select((request, i) => samples[2 * i + (request.Weights.FirstOrDefault(1) * (rewards[2 * i + 1] - rewards[2 * i]) > 0 ? 1 : 0)])];

            TokenChoice Plain(IDecodingStep step) => TokenChoice.Of(step.Logits(context.Base));
        }
    }
}

/// <summary>ARGS (arXiv:2402.01694): of the three most probable tokens the one with the best logit plus weighted reward.</summary>
public sealed class ArgsTests : DecoderConformance
{
    protected override IDecoder Create() => new Args();

    private sealed class Args : IDecoder
    {
        public DecoderNeeds Needs => DecoderNeeds.PrefixScorer;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
            context.Generate(requests, step =>
            {
                var logits = step.Logits(context.Base);
                if (step.Weights.max().item<float>() == 0) return TokenChoice.Of(logits);
                var (best, tokens) = logits.topk(3);
                int[][][] choices = [.. tokens.data<long>().ToArray().Chunk(3).Select(row => row.Select(id => (int[])[(int)id]).ToArray())];
                return TokenChoice.Of(choices, best + step.Weights * step.Rewards(context.PrefixScorer, choices));
            }, cancellation: cancellation);
    }
}
