using TorchSharp;

namespace RewardKit.Plugins.DogeRm;

/// <summary>The tokens of the result: those of the first model in their places, then those that only others have.</summary>
/// <param name="Sources">By model, the row of its embeddings that each row of the result is made of; −1 for none.</param>
/// <param name="NewTokens">Those that the first model lacks.</param>
internal sealed record Vocabulary(IReadOnlyList<long[]> Sources, IReadOnlyList<string> NewTokens)
{
    /// <summary>The rows of the result's embeddings.</summary>
    public int Rows => Sources[0].Length;

    /// <summary>Finds each token in each model by its text.</summary>
    /// <exception cref="RewardKitException">Some models have a tokenizer and others have none.</exception>
    public static Vocabulary Of(IReadOnlyList<MergeMember> models)
    {
        var first = models[0].Model;
        if (models.FirstOrDefault(model => model.Model.Tokens.Count == 0 != (first.Tokens.Count == 0)) is { } odd)
        {
            var (lacking, having) = first.Tokens.Count == 0 ? (first, odd.Model) : (odd.Model, first);
            throw RewardKitException.Input($"doge-rm: {lacking.Name} has no tokenizer, and {having.Name} has one: tokens are matched by their texts. Copy its tokenizer into the folder.");
        }
        Dictionary<string, int>[] places = [.. models.Select(model => Places(model.Model))];
        string[] more = [.. models.Skip(1).SelectMany(model => model.Model.Tokens).Where(token => token.Length > 0 && !places[0].ContainsKey(token)).Distinct()];
        // A model may have more rows than its tokenizer has tokens; new tokens take those first.
        var rows = Math.Max(RowsOf(first), first.Tokens.Count + more.Length);
        string?[] tokens = [.. first.Tokens, .. more];
        return new([.. models.Select((model, m) => Enumerable.Range(0, rows).Select(row => Source(m, row)).ToArray())], more);

        long Source(int model, int row)
        {
            // A row that no token has is the first model's; without tokenizers, rows are told by their numbers.
            if (first.Tokens.Count == 0) return row < RowsOf(models[model].Model) ? row : -1;
            var token = row < tokens.Length ? tokens[row] : null;
            return string.IsNullOrEmpty(token) ? model == 0 && row < RowsOf(first) ? row : -1 : places[model].GetValueOrDefault(token, -1);
        }
    }

    /// <summary>The embeddings of all tokens, <c>[rows, hidden]</c>, float64.</summary>
    /// <param name="models">The models, in the order of <see cref="Sources"/>.</param>
    /// <param name="name">The embeddings' name.</param>
    public torch.Tensor Merge(IReadOnlyList<MergeMember> models, string name) => models
        .Select((model, m) => Part(model.Model.Read(name), m, [.. Enumerable.Range(0, Rows).Select(row => Share(models, m, row))]))
        .Aggregate((sum, next) => sum + next);

    private torch.Tensor Part(torch.Tensor embeddings, int model, double[] shares)
    {
        var rows = embeddings.index_select(0, torch.tensor([.. Sources[model].Select(row => Math.Max(row, 0))])).to_type(torch.float64);
        return rows * torch.tensor(shares, [shares.Length, 1]);
    }

    // A token that all have is interpolated; of those who alone have one, their shares sum to 1, and they need not have weight.
    private double Share(IReadOnlyList<MergeMember> models, int model, int row)
    {
        if (Sources[model][row] < 0) return 0;
        int[] having = [.. Enumerable.Range(0, models.Count).Where(m => Sources[m][row] >= 0)];
        if (having.Length == models.Count) return models[model].Weight;
        var total = having.Sum(m => models[m].Weight);
        return total > 0 ? models[model].Weight / total : 1.0 / having.Length;
    }

    private static Dictionary<string, int> Places(IModelWeights model)
    {
        var places = new Dictionary<string, int>();
        foreach (var (row, token) in model.Tokens.Index())
            if (token.Length > 0) places.TryAdd(token, row);
        return places;
    }

    private static int RowsOf(IModelWeights model) => (int)(model.Weights.FirstOrDefault(weight => weight.Role == WeightRole.Embedding)?.Shape[0] ?? 0);
}
