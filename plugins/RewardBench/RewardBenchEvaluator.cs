using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RewardBench;

/// <summary>Options of <c>reward-bench</c>.</summary>
[PluginOptions]
public sealed record RewardBenchOptions
{
    /// <summary>The benchmark's filtered split: JSON array or JSON Lines.</summary>
    [InputPath(InputKind.File)]
    public string File { get; init; } = "";

    /// <summary>A folder with the prior sets, each as SET.json or SET.jsonl (anthropic_helpful, anthropic_hhh, shp, summarize); null: without them.</summary>
    [InputPath(InputKind.Folder)]
    public string? PriorSets { get; init; }
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
        PreferenceExample[] pairs = [.. records.Select(Pair), .. options.PriorSets is { } folder ? PriorSets.Read(folder) : []];
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        // A tie counts nothing, as in the authors' script for reward models.
        double[] credit = [.. scores.Select(s => s.Chosen > s.Rejected ? 1.0 : 0)];
        var rows = pairs.Index().GroupBy(p => p.Item.Provenance.Source, p => p.Index).ToDictionary(g => g.Key, g => g.ToArray());

        var metrics = new Dictionary<string, Measurement>();
        var weights = new double[pairs.Length];
        var sections = RewardBenchSections.All.Where(s => s.Weights.Keys.Any(rows.ContainsKey)).ToArray();
        foreach (var (_, subsetsOf) in sections)
        {
            // Each row's part of its section, and each section's of the score: the plain mean of the sections.
            double whole = subsetsOf.Where(s => rows.ContainsKey(s.Key)).Sum(s => s.Value);
            foreach (var (subset, weight) in subsetsOf.Where(s => rows.ContainsKey(s.Key)))
                foreach (var row in rows[subset]) weights[row] = weight / whole / rows[subset].Length;
        }
        string[] prior = [.. PriorSets.Counted.Where(set => rows.ContainsKey(PriorSets.Prefix + set))];
        foreach (var set in prior)
            foreach (var row in rows[PriorSets.Prefix + set]) weights[row] = 1.0 / prior.Length / rows[PriorSets.Prefix + set].Length;
        var missing = RewardBenchSections.All.Count - sections.Length;
        if (sections.Length > 0)
        {
            metrics[missing == 0 ? "score" : $"score ({string.Join(", ", sections.Select(s => s.Name))})"] =
                Mean([.. sections.SelectMany(s => s.Weights.Keys).Where(rows.ContainsKey).SelectMany(s => rows[s])]);
        }
        if (missing == 0 && prior.Length == PriorSets.Counted.Count)
        {
            // The first version's leaderboard: each section counts 2, the prior sets together 1.
            int[] counted = [.. sections.SelectMany(s => s.Weights.Keys).Concat(prior.Select(set => PriorSets.Prefix + set)).Where(rows.ContainsKey).SelectMany(s => rows[s])];
            metrics["leaderboard"] = Mean(counted, i => i < records.Count ? 2 : 1);
        }
        foreach (var (name, subsetsOf) in sections)
        {
            string[] there = [.. subsetsOf.Keys.Where(rows.ContainsKey).Order(StringComparer.Ordinal)];
            // A section without one of its subsets is not the published number, and is not called so.
            metrics[there.Length == subsetsOf.Count ? name : $"{name} ({there.Length} of {subsetsOf.Count} subsets)"] = Mean([.. there.SelectMany(s => rows[s])]);
        }
        if (prior.Length > 0)
            metrics[prior.Length == PriorSets.Counted.Count ? "prior" : $"prior ({string.Join(", ", prior)})"] = Mean([.. prior.SelectMany(set => rows[PriorSets.Prefix + set])]);
        foreach (var (subset, places) in rows.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            double[] of = [.. places.Select(i => credit[i])];
            metrics[subset.StartsWith(PriorSets.Prefix, StringComparison.Ordinal) ? subset : $"subset.{subset}"] = new(of.Average(), of, Chance: 0.5);
        }
        return Task.FromResult(new EvaluationReport(metrics,
            [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));

        // An item's part in a weighted mean, such that the plain mean of the parts is the weighted mean.
        Measurement Mean(int[] places, Func<int, double>? times = null)
        {
            double[] weight = [.. places.Select(i => weights[i] * (times?.Invoke(i) ?? 1))];
            var scale = places.Length / weight.Sum();
            double[] parts = [.. places.Select((row, i) => scale * weight[i] * credit[row])];
            return new(parts.Average(), parts, Chance: 0.5);
        }
    }

    private static PreferenceExample Pair(BenchmarkRecord record) => new($"reward-bench:{record.Id("id")}", Conversation.User(record.Text("prompt")),
        Conversation.Assistant(record.Text("chosen")), Conversation.Assistant(record.Text("rejected")), new(record.Text("subset"), record.Number));
}
