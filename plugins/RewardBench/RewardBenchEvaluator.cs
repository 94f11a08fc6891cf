using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RewardBench;

/// <summary>Options of <c>reward-bench</c>.</summary>
[PluginOptions]
public sealed record RewardBenchOptions
{
    /// <summary>The benchmark's filtered split: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";
}

/// <summary>RewardBench: the share of pairs whose chosen response gets the higher reward, by subset and section.</summary>
/// <param name="options">Its settings.</param>
[Evaluator("reward-bench", Paper = "arXiv:2403.13787", OwnData = true)]
public sealed class RewardBenchEvaluator(RewardBenchOptions options) : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The file is not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var records = BenchmarkRecord.Read(options.File);
        BenchmarkRecord.RefuseTwins(records, r => r.Id("id"));
        string[] subsets = [.. records.Select(r => r.Text("subset"))];
        Candidates[] pairs = [.. records.Select(r => new Candidates(r.Text("prompt"), [r.Text("chosen"), r.Text("rejected")]))];
        var rewards = Candidates.Score(context.Scorer, pairs, cancellation);
        // A tie counts nothing, as in the authors' script for reward models.
        double[] credit = [.. rewards.Select(r => r[0] > r[1] ? 1.0 : 0)];
        var rows = subsets.Index().GroupBy(s => s.Item, s => s.Index).ToDictionary(g => g.Key, g => g.ToArray());

        var metrics = new Dictionary<string, Measurement>();
        var weights = new double[records.Count];
        var sections = RewardBenchSections.All.Where(s => s.Weights.Keys.Any(rows.ContainsKey)).ToArray();
        foreach (var (_, subsetsOf) in sections)
        {
            // Each row's part of its section, and each section's of the score: the plain mean of the sections.
            double whole = subsetsOf.Where(s => rows.ContainsKey(s.Key)).Sum(s => s.Value);
            foreach (var (subset, weight) in subsetsOf.Where(s => rows.ContainsKey(s.Key)))
                foreach (var row in rows[subset]) weights[row] = weight / whole / rows[subset].Length;
        }
        var missing = RewardBenchSections.All.Count - sections.Length;
        if (sections.Length > 0)
        {
            metrics[missing == 0 ? "score" : $"score ({string.Join(", ", sections.Select(s => s.Name))})"] =
                Mean([.. sections.SelectMany(s => s.Weights.Keys).Where(rows.ContainsKey).SelectMany(s => rows[s])]);
        }
        foreach (var (name, subsetsOf) in sections)
        {
            string[] there = [.. subsetsOf.Keys.Where(rows.ContainsKey).Order(StringComparer.Ordinal)];
            // A section without one of its subsets is not the published number, and is not called so.
            metrics[there.Length == subsetsOf.Count ? name : $"{name} ({there.Length} of {subsetsOf.Count} subsets)"] = Mean([.. there.SelectMany(s => rows[s])]);
        }
        foreach (var (subset, places) in rows.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            double[] of = [.. places.Select(i => credit[i])];
            metrics[$"subset.{subset}"] = new(of.Average(), of, Chance: 0.5);
        }
        return Task.FromResult(new EvaluationReport(metrics,
            [.. pairs.Select((pair, i) => pair.Sample($"reward-bench:{records[i].Id("id")}", subsets[i], records[i].Number, 0, 1, rewards[i]))]));

        // An item's part in a weighted mean, such that the plain mean of the parts is the weighted mean.
        Measurement Mean(int[] places)
        {
            var scale = places.Length / places.Sum(i => weights[i]);
            double[] parts = [.. places.Select(i => scale * weights[i] * credit[i])];
            return new(parts.Average(), parts, Chance: 0.5);
        }
    }
}
