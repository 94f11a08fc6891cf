using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models.Generation;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>A decoder under test, over small models with random weights.</summary>
/// <param name="make">Makes the decoder with the options to test; called often.</param>
public sealed class DecoderSubject(Func<IDecoder> make) : Subject
{
    private static readonly string[] Prompts = ["How are you?", "Tell me a story about bees, and make it long.", "Why", "What is bread made of?", "Why"];

    // Made before the first rule counts tensors.
    private readonly TinyModels _models = TinyModels.Shared;

    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Decoder;

    internal GenerationOptions Greedy { get; } = new() { MaxTokens = 10 };

    internal GenerationOptions Sampled { get; } = new() { MaxTokens = 10, Temperature = 1 };

    internal LanguageModel Base => _models.Base;

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) => new DecoderSubject(() => session.CreateDecoder(use)) { Traits = Traits };

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks =>
    [
        ("a long answer", (plugin, stop) => ((IDecoder)plugin).Decode(Requests((IDecoder)plugin, 1)[..1], Context(Greedy with { MaxTokens = 3500, IgnoreEndTokens = true }), stop)),
    ];

    internal override Transcript Use(object plugin, int scenario, int seed, torch.Device device)
    {
        var decoder = (IDecoder)plugin;
        var transcript = new Transcript();
        transcript.Add("Needs", decoder.Needs.ToString());
        foreach (var options in (GenerationOptions[])[Greedy with { MaxTokens = 6 }, Sampled with { MaxTokens = 6 }])
        {
            var requests = Requests(decoder, 0.5 + scenario, seed);
            foreach (var (i, answer) in decoder.Decode(requests, Context(options), CancellationToken.None).Index())
            {
                transcript.Add($"answer {i + 1}", answer.Text);
                transcript.Add($"its tokens", [.. answer.Ids.Select(id => (double)id)]);
                transcript.Add($"its log-probabilities", [.. answer.LogProbs]);
            }
        }
        return transcript;
    }

    /// <summary>Five requests, two of them for one prompt, with the same weight for all that steers.</summary>
    internal DecodingRequest[] Requests(IDecoder decoder, double weight, int seed = 11) => [.. Prompts.Select((prompt, i) =>
        new DecodingRequest(Conversation.User(prompt), seed + i, [.. Enumerable.Repeat(weight, decoder.Needs.HasFlag(DecoderNeeds.Guides) ? _models.Guides.Count : 1)]))];

    /// <summary>The models; just those that are needed, if so asked.</summary>
    internal ModelDecoding Context(GenerationOptions options, DecoderNeeds? needs = null)
    {
        var all = needs ?? make().Needs | DecoderNeeds.Scorer | DecoderNeeds.PrefixScorer | DecoderNeeds.BaselineScorer;
        return new(
            _models.Base, all.HasFlag(DecoderNeeds.Guides) ? _models.Guides : [], options,
            all.HasFlag(DecoderNeeds.Scorer) ? _models.Scorer : null, all.HasFlag(DecoderNeeds.PrefixScorer) ? _models.Prefix : null)
        {
            BaselineScorer = all.HasFlag(DecoderNeeds.BaselineScorer) ? _models.BaselineScorer : null,
        };
    }

    /// <summary>Answers of a new decoder.</summary>
    internal IReadOnlyList<GeneratedText> Decode(GenerationOptions options, double weight = 1, IDecodingContext? context = null, Range? requests = null)
    {
        var decoder = make();
        return decoder.Decode(Requests(decoder, weight)[requests ?? ..], context ?? Context(options), CancellationToken.None);
    }
}
