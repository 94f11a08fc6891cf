using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.LlmBar;

/// <summary>Options of <c>llm-bar</c>.</summary>
[PluginOptions]
public sealed record LlmBarOptions
{
    /// <summary>One SUBSET/dataset.json, or a folder in and below which these are.</summary>
    [InputPath(InputKind.FileOrFolder)]
    public string Data { get; init; } = "";
}

/// <summary>
/// LLMBar: an output that follows its instruction against one that does not but, in the adversarial subsets, looks better.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("llm-bar", Paper = "arXiv:2310.07641", OwnData = true)]
public sealed class LlmBarEvaluator(LlmBarOptions options) : IEvaluator
{
    private static readonly string[] Adversarial = ["Neighbor", "GPTInst", "GPTOut", "Manual"];
    private static readonly string[] Benchmark = ["Natural", .. Adversarial];

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The data are not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        (string Subset, PreferenceExample Pair)[] items = [.. LlmBarRecord.Read(options.Data).Select(record => (record.Subset, Pair(record)))];
        var scores = context.Scorer.ScorePairs([.. items.Select(i => i.Pair)], cancellation);
        // A judge is asked in both orders; the authors' ratings that are equal are for the second output in one and for the first in the other.
        double[] credit = [.. scores.Select(s => s.Chosen > s.Rejected ? 1.0 : s.Chosen == s.Rejected ? 0.5 : 0)];
        var places = items.Index().GroupBy(i => i.Item.Subset, i => i.Index).ToDictionary(g => g.Key, g => g.ToArray());

        var metrics = new Dictionary<string, Measurement>();
        foreach (var (name, subsets) in new[] { ("score", Benchmark), ("adversarial", Adversarial) })
        {
            // A mean over fewer subsets is not the published number, and is not called so.
            string[] there = [.. subsets.Where(places.ContainsKey)];
            if (there.Length > 0) metrics[there.Length == subsets.Length ? name : $"{name} ({string.Join(", ", there)})"] = MeanOfMeans([.. there.Select(s => places[s])]);
        }
        foreach (var (subset, of) in places.OrderBy(s => Array.IndexOf(Benchmark, s.Key) is var at and >= 0 ? at : int.MaxValue).ThenBy(s => s.Key, StringComparer.Ordinal))
            metrics[$"subset.{subset}"] = MeanOfMeans([of]);
        return Task.FromResult(new EvaluationReport(metrics, [.. items.Zip(scores, (item, score) => new EvaluationSample(item.Pair, score))]));

        // Each group weighs the same; the plain mean of the items is that mean.
        Measurement MeanOfMeans(int[][] groups)
        {
            double count = groups.Sum(g => g.Length);
            double[] parts = [.. groups.SelectMany(g => g.Select(i => count / (groups.Length * g.Length) * credit[i]))];
            return new(parts.Average(), parts, Chance: 0.5);
        }
    }

    private static PreferenceExample Pair(LlmBarRecord record)
    {
        var (first, second) = (Conversation.Assistant(record.First), Conversation.Assistant(record.Second));
        var (chosen, rejected) = record.FirstIsBetter ? (first, second) : (second, first);
        return new($"llm-bar:{record.Subset}:{record.Record.Number}", Conversation.User(record.Input), chosen, rejected, new(record.Subset, record.Record.Number));
    }
}
