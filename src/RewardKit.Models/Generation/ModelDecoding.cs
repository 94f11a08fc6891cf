using System.Diagnostics.CodeAnalysis;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// Models in memory as a decoder sees them: <c>decoder.Decode(requests, new ModelDecoding(model, guides, options), …)</c>.
/// </summary>
public sealed class ModelDecoding : IDecodingContext
{
    private readonly LanguageModel _base;
    private readonly IReadOnlyList<LanguageModel> _guides;
    private readonly IScorer? _scorer;
    private readonly PrefixScorer? _prefixScorer;
    private readonly int _rows;

    /// <summary>Puts models together.</summary>
    /// <param name="base">The model that is decoded from; stays the caller's, as all do.</param>
    /// <param name="guides">The models that steer.</param>
    /// <param name="options">Lengths, temperature, cuts and stops.</param>
    /// <param name="scorer">Scores whole responses; null for none.</param>
    /// <param name="prefixScorer">Scores unfinished responses; null for none.</param>
    /// <param name="rows">How many prompts at a time.</param>
    /// <exception cref="RewardKitException">The models do not share their tokens, or an option makes no sense.</exception>
    public ModelDecoding(
        LanguageModel @base, IReadOnlyList<LanguageModel> guides, GenerationOptions options,
        IScorer? scorer = null, PrefixScorer? prefixScorer = null, int rows = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        (_base, _guides, _scorer, _prefixScorer, _rows) = (@base, guides, scorer, prefixScorer, rows);
        foreach (var guide in guides) CheckTokens(guide.Name, guide.Encoder.Tokenizer);
        if (prefixScorer is not null) CheckTokens(prefixScorer.Name, prefixScorer.Encoder.Tokenizer);
        Ends = [.. @base.EndTokens];
        // With others the tokens that all have; alone the model's own, padding of the matrix included, as it generates alone.
        Vocabulary = guides.Count == 0 ? @base.Model.Config.VocabSize
            : guides.Select(guide => guide.Model.Config.VocabSize).Append(Tokenizer.VocabSize).Min();
        Options = options.Checked(Vocabulary);
    }

    /// <inheritdoc/>
    public ILanguageModel Base => _base;

    /// <inheritdoc/>
    public IReadOnlyList<ILanguageModel> Guides => _guides;

    /// <inheritdoc/>
    public IScorer Scorer => _scorer ?? throw RewardKitException.Input("This decoder needs a scorer of whole responses, and none is named.");

    /// <inheritdoc/>
    public IPrefixScorer PrefixScorer => _prefixScorer ?? throw RewardKitException.Input(
        "This decoder needs a reward model that shares the base model's tokens, and none is named.");

    /// <inheritdoc/>
    [AllowNull]
    public IScorer BaselineScorer
    {
        get => field ?? throw RewardKitException.Input("This decoder needs the reward that the base model is aligned to, and none is named.");
        init;
    }

    /// <inheritdoc/>
    public GenerationOptions Options { get; }

    /// <summary>Told of each token as it comes; null for nobody.</summary>
    public Action<GeneratedToken>? Progress { get; init; }

    /// <summary>
    /// The model from which the distance of what is sampled is measured (<see cref="GeneratedText.Divergence"/>): usually the
    /// base; null: not measured, which saves a copy of the scores, and a pass of a model that takes no other part.
    /// </summary>
    /// <exception cref="RewardKitException">It does not share the base's tokens.</exception>
    public LanguageModel? Reference
    {
        get;
        init
        {
            field = value;
            if (value is null) return;
            CheckTokens(value.Name, value.Encoder.Tokenizer);
            if (value.Model.Config.VocabSize < Vocabulary)
                throw RewardKitException.Input($"{value.Name} has {value.Model.Config.VocabSize} tokens, and {Vocabulary} can be sampled: its distance cannot be measured.");
        }
    }

    /// <summary>How many tokens all models share.</summary>
    internal int Vocabulary { get; }

    /// <summary>The tokens with which an answer ends.</summary>
    internal HashSet<int> Ends { get; }

    /// <summary>How many weights a request has.</summary>
    internal int Steering => Math.Max(1, _guides.Count);

    internal Tokenizer Tokenizer => _base.Encoder.Tokenizer;

    internal Device Device => _base.Model.Device;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<DecodingRequest> requests, TokenRule rule, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        if (requests.Count == 0) return [];
        var chosen = options is null ? Options : options.Checked(Vocabulary);
        var places = Math.Min(_rows, requests.Count);
        var members = Members();
        var models = new Dictionary<object, ModelRows>(ReferenceEqualityComparer.Instance);
        try
        {
            foreach (var (key, _, model, _) in members) models.Add(key, new(model, places));
            IDecodingStep? step = null;
            var loop = new TokenLoop(
                places, Take, Ends, (rows, at) => Offered(rule(step = new TokenStep(this, requests, models, rows, at))),
                Reference is null ? null : () => step!.LogProbs(Reference));
            var results = new GeneratedRow[requests.Count];
            var next = 0;
            while (next < requests.Count || loop.Runs)
            {
                while (next < requests.Count && loop.Free is { } place)
                {
                    var (request, number) = (requests[next], next++);
                    Weights(request);
                    var room = int.MaxValue;
                    foreach (var (key, name, model, encoder) in members)
                    {
                        var ids = PromptToAnswer.Encode(name, model, encoder, request.Prompt);
                        models[key].Begin(place, ids);
                        room = Math.Min(room, model.Config.MaxPositionEmbeddings - ids.Length);
                    }
                    loop.Begin(place, results[number] = new(number, models[_base].Text(place), room, chosen, request.Seed, Tokenizer));
                }
                cancellation.ThrowIfCancellationRequested();
                foreach (var token in loop.Step()) Progress?.Invoke(token);
            }
            return [.. results.Select(row => row.Result())];
        }
        finally
        {
            foreach (var model in models.Values) model.Dispose();
        }

        void Take(int place, int id)
        {
            foreach (var model in models.Values) model.Take(place, id);
        }
    }

    /// <summary>A request's weights, one for each guide, or for the scorer.</summary>
    /// <exception cref="RewardKitException">Their number or one of them makes no sense.</exception>
    internal IReadOnlyList<double> Weights(DecodingRequest request)
    {
        if (request.Weights.Count == 0) return [.. Enumerable.Repeat(1.0, Steering)];
        if (request.Weights.Count != Steering)
            throw RewardKitException.Input($"A request has {request.Weights.Count} weights; expected {Steering}, one for each guide (or one for the scorer).");
        foreach (var weight in request.Weights)
            if (!(weight >= 0 && double.IsFinite(weight)))
                throw RewardKitException.Input(FormattableString.Invariant($"A request has the weight {weight}; expected 0 or more."));
        return request.Weights;
    }

    private TokenChoice Offered(TokenChoice choice) => choice.Among is not null || choice.Scores.size(-1) == Vocabulary ? choice
        : throw new InvalidOperationException($"The rule's scores are over {choice.Scores.size(-1)} tokens; expected the {Vocabulary} that the models share.");

    private List<(object Key, string Name, CausalModel Model, PairEncoder Encoder)> Members()
    {
        var members = new List<(object, string, CausalModel, PairEncoder)> { (_base, _base.Name, _base.Model, _base.Encoder) };
        members.AddRange(_guides.Select(guide => ((object)guide, guide.Name, guide.Model, guide.Encoder)));
        if (_prefixScorer is not null) members.Add((_prefixScorer, _prefixScorer.Name, _prefixScorer.Model, _prefixScorer.Encoder));
        if (Reference is { } reference) members.Add((reference, reference.Name, reference.Model, reference.Encoder));
        // A model may stand in several places; it reads each text once.
        return [.. members.DistinctBy(member => member.Item1, ReferenceEqualityComparer.Instance)];
    }

    private void CheckTokens(string name, Tokenizer other)
    {
        for (var id = 0; id < Math.Min(Tokenizer.VocabSize, other.VocabSize); id++)
        {
            if (Tokenizer.IdToToken(id) == other.IdToToken(id)) continue;
            throw RewardKitException.Input(
                $"{name} has other tokens than {_base.Name}: token {id} is \"{other.IdToToken(id)}\" and not \"{Tokenizer.IdToToken(id)}\". "
                + "A model can steer another one only with the same tokenizer.");
        }
    }
}
