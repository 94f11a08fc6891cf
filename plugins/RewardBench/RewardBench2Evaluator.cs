using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RewardBench;

/// <summary>Options of <c>reward-bench-2</c>.</summary>
[PluginOptions]
public sealed record RewardBench2Options
{
    /// <summary>The benchmark's test split: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";
}

/// <summary>
/// RewardBench 2: one right response among four in five subsets, and the Ties subset, in which several answers are equally right.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("reward-bench-2", Paper = "arXiv:2506.01937", OwnData = true)]
public sealed class RewardBench2Evaluator(RewardBench2Options options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards;

    private const string Ties = "Ties";
    private static readonly string[] Subsets = ["Factuality", "Precise IF", "Math", "Safety", "Focus", Ties];

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        Item[] items = [.. BenchmarkRecord.Read(options.File).Select(Item.Of)];
        foreach (var subset in items.GroupBy(i => i.Subset)) BenchmarkRecord.RefuseTwins(subset.Select(i => i.Record), r => r.Id("id"));
        var rewards = Candidates.Score(context.Scorer, [.. items.Select(i => i.Responses)], cancellation);

        var subsets = new Dictionary<string, Measurement>();
        foreach (var group in items.Index().GroupBy(i => i.Item.Subset).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            if (group.Key == Ties)
            {
                TiesItem[] ties = [.. group.Select(i => i.Item.WithRewards(rewards[i.Index]))];
                if (!ties.Any(t => t.IsTied && ties.Any(o => !o.IsTied && o.Number == t.Number)))
                    throw group.First().Item.Record.Wrong("no number of the Ties subset has both an item ref:NUMBER and an item tied:NUMBER, so the subset has no score");
                subsets[Ties] = new(RewardBench2Score.Ties(ties));
            }
            else
            {
                double[] of = [.. group.Select(i => RewardBench2Score.BestOf(rewards[i.Index]))];
                subsets[group.Key] = new(of.Average(), of, Chance: 0.25);
            }
        }
        // A mean over fewer subsets is not the published number, and is not called so.
        string[] there = [.. Subsets.Where(subsets.ContainsKey)];
        var metrics = new Dictionary<string, Measurement>();
        if (there.Length > 0)
            metrics[there.Length == Subsets.Length ? "score" : $"score ({string.Join(", ", there)})"] = new(there.Average(s => subsets[s].Value));
        foreach (var (subset, measured) in subsets) metrics[$"subset.{subset}"] = measured;
        return Task.FromResult(new EvaluationReport(metrics,
            [.. items.Select((item, i) => item.Responses.Sample($"reward-bench-2:{item.Subset}:{item.Record.Id("id")}", item.Subset, item.Record.Number, 0, item.Right, rewards[i]))]));
    }

    // The right responses come first, Right of them.
    private sealed record Item(BenchmarkRecord Record, string Subset, int Right, Candidates Responses)
    {
        public static Item Of(BenchmarkRecord record)
        {
            var subset = record.Text("subset");
            var (right, wrong) = (record.Texts("chosen", subset == Ties ? null : 1), record.Texts("rejected", subset == Ties ? null : 3));
            if (subset == Ties && record.Id("id").Split(':') is not (["ref", _] or ["tied", _]))
                throw record.Wrong($"the id \"{record.Id("id")}\" of the Ties subset must be ref:NUMBER or tied:NUMBER");
            return new(record, subset, right.Count, new(record.Text("prompt"), [.. right, .. wrong]));
        }

        public TiesItem WithRewards(double[] rewards)
        {
            var id = Record.Id("id").Split(':');
            return new(id[1], id[0] == "tied", rewards[..Right], rewards[Right..]);
        }
    }
}
