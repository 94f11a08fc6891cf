using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>A step of guided decoding: what the rule is shown, computed as it asks.</summary>
internal sealed class TokenStep(ModelDecoding decoding, IReadOnlyList<DecodingRequest> requests, IReadOnlyDictionary<object, ModelRows> models, GeneratedRow[] rows, int[] places)
    : IDecodingStep
{
    private readonly Dictionary<ILanguageModel, Tensor> _logits = [];

    public IReadOnlyList<int> Requests { get; } = [.. rows.Select(row => row.Number)];

    public IReadOnlyList<IReadOnlyList<int>> Tokens { get; } = [.. rows.Select(row => row.Ids)];

    public Tensor Weights => field ??= tensor(
        [.. Requests.SelectMany(request => decoding.Weights(requests[request])).Select(weight => (float)weight)], [rows.Length, decoding.Steering], device: decoding.Device);

    public Tensor Logits(ILanguageModel model)
    {
        if (_logits.TryGetValue(model, out var known)) return known;
        var logits = Rows(model).Next(places).to(decoding.Device);
        return _logits[model] = logits.size(1) == decoding.Vocabulary ? logits : logits.narrow(1, 0, decoding.Vocabulary);
    }

    public Tensor Rewards(IPrefixScorer scorer, IReadOnlyList<IReadOnlyList<int[]>> continuations)
    {
        if (continuations.Any(row => row.Any(ids => ids.Length == 0)))
            throw new ArgumentException("A continuation has no tokens: expected at least one each.", nameof(continuations));
        using var scope = NewDisposeScope();
        return Branches(scorer, continuations, 0).Rewards().to(decoding.Device).view(rows.Length, -1).MoveToOuterDisposeScope();
    }

    public IReadOnlyList<IReadOnlyList<GeneratedText>> RollOut(ILanguageModel model, IReadOnlyList<IReadOnlyList<int[]>> continuations, GenerationOptions options)
    {
        using var scope = NewDisposeScope();
        var branches = Branches(model, continuations, Math.Min(options.MaxTokens, rows.Max(row => row.Room)));
        var width = continuations[0].Count;
        var loop = new TokenLoop(rows.Length * width, branches.Take, decoding.Ends, (_, at) => TokenChoice.Of(branches.Next(at).narrow(1, 0, decoding.Vocabulary)));
        var texts = new GeneratedRow[rows.Length * width];
        for (var i = 0; i < texts.Length; i++)
        {
            var (row, continuation) = (rows[i / width], continuations[i / width][i % width]);
            int[] given = [.. row.Ids, .. continuation];
            var own = options with { MaxTokens = given.Length + options.MaxTokens };
            texts[i] = new(row.Number, [.. row.Seen.Take(row.Seen.Count - row.Ids.Count)], row.Room + row.Ids.Count, own, row.SeedOf(i % width), decoding.Tokenizer);
            foreach (var id in given)
                if (!texts[i].IsOver) texts[i].Take(id, 0, decoding.Ends);
            if (!texts[i].IsOver) loop.Begin(i, texts[i]);
        }
        while (loop.Runs) loop.Step();
        return [.. texts.Select(text => text.Result()).Chunk(width)];
    }

    private ModelBranches Branches(object model, IReadOnlyList<IReadOnlyList<int[]>> continuations, int more) =>
        continuations.Count == rows.Length && continuations.All(row => row.Count == continuations[0].Count)
            ? Rows(model).Branch(places, continuations, more)
            : throw new ArgumentException($"Expected the same number of continuations for each of the {rows.Length} rows.", nameof(continuations));

    private ModelRows Rows(object model) => models.TryGetValue(model, out var known) ? known
        : throw new ArgumentException("The decoder asks a model that is not in its context: use context.Base, context.Guides or context.PrefixScorer.", nameof(model));
}
