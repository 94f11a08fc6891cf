using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RmBench;

/// <summary>How the two parts of the safety domain become one.</summary>
public enum SafetyMean
{
    /// <summary>Their items together, as in the paper's code: the greater part weighs more.</summary>
    Pooled,

    /// <summary>The mean of the two parts.</summary>
    OfParts,
}

/// <summary>Options of <c>rm-bench</c>.</summary>
[PluginOptions]
public sealed record RmBenchOptions
{
    /// <summary>The benchmark: total_dataset.json, one PART_filtered.json, or the folder of these.</summary>
    [InputPath(InputKind.FileOrFolder)]
    public string Data { get; init; } = "";

    /// <summary>How the two parts of the safety domain become one.</summary>
    public SafetyMean Safety { get; init; } = SafetyMean.Pooled;
}

/// <summary>
/// RM-Bench: right and wrong responses that differ by a subtle error, each in three styles. Hard is where the wrong one has
/// the fancier style.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("rm-bench", Paper = "arXiv:2410.16184", OwnData = true)]
public sealed class RmBenchEvaluator(RmBenchOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards;

    private static readonly (string Name, Func<double[,], double> Of)[] Difficulties =
        [("easy", RmBenchScore.Easy), ("normal", RmBenchScore.Normal), ("hard", RmBenchScore.Hard)];

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The data are not in the benchmark's layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var items = RmBenchItem.Read(options.Data);
        var rewards = Candidates.Score(context.Scorer, [.. items.Select(i => i.Responses)], cancellation);
        var cells = rewards.Select(r => RmBenchScore.Compare(r.AsSpan(0, RmBenchScore.Styles), r.AsSpan(RmBenchScore.Styles))).ToArray();
        var weights = Weights(items);
        var domains = RmBenchItem.Domains.Where(d => items.Any(i => i.Domain == d)).ToArray();
        // A mean over fewer domains is not the published number, and is not called so.
        var over = domains.Length == RmBenchItem.Domains.Length ? "" : $" ({string.Join(", ", domains)})";

        var metrics = new Dictionary<string, Measurement> { ["total" + over] = Mean(_ => true, RmBenchScore.Average) };
        foreach (var (name, of) in Difficulties) metrics[name + over] = Mean(_ => true, of);
        foreach (var domain in domains)
        {
            metrics[domain] = Mean(i => i.Domain == domain, RmBenchScore.Average);
            foreach (var (name, of) in Difficulties) metrics[$"{domain}.{name}"] = Mean(i => i.Domain == domain, of);
        }
        metrics["duplicate prompts"] = new(items.Count - items.Select(i => (i.Part, i.Responses.Prompt)).Distinct().Count());
        // The plain detailed style on both sides, so that only the content differs.
        return Task.FromResult(new EvaluationReport(metrics,
            [.. items.Select((item, i) => item.Responses.Sample($"rm-bench:{item.Part}:{item.Id}", item.Part, i + 1, 1, 4, rewards[i]))]));

        // An item's part in a mean, such that the plain mean of the parts is the mean that is meant.
        Measurement Mean(Func<RmBenchItem, bool> among, Func<double[,], double> of)
        {
            var places = Enumerable.Range(0, items.Count).Where(i => among(items[i])).ToArray();
            var scale = places.Length / places.Sum(i => weights[i]);
            double[] parts = [.. places.Select(i => scale * weights[i] * of(cells[i]))];
            return new(parts.Average(), parts, Chance: 0.5);
        }
    }

    // Each domain weighs the same, whatever the number of its items; so does each part of safety if the option says so.
    private double[] Weights(IReadOnlyList<RmBenchItem> items)
    {
        var domains = items.CountBy(i => i.Domain).ToDictionary();
        var parts = items.CountBy(i => i.Part).ToDictionary();
        var partsOf = parts.Keys.CountBy(part => items.First(i => i.Part == part).Domain).ToDictionary();
        return [.. items.Select(i => options.Safety == SafetyMean.Pooled ? 1.0 / domains[i.Domain] : 1.0 / (parts[i.Part] * partsOf[i.Domain]))];
    }
}
