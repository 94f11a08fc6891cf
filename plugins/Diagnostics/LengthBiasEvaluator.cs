using RewardKit.Hosting.Experiments;

namespace RewardKit.Plugins.Diagnostics;

/// <summary>What a response's length is counted in.</summary>
public enum LengthUnit
{
    /// <summary>Characters.</summary>
    Characters,

    /// <summary>Words: runs of anything but blanks.</summary>
    Words,
}

/// <summary>Options of <c>length-bias</c>.</summary>
[PluginOptions]
public sealed record LengthBiasOptions
{
    /// <summary>What a response's length is counted in.</summary>
    public LengthUnit Unit { get; init; } = LengthUnit.Characters;
}

/// <summary>
/// How far rewards follow the length of a response: how often the longer one is preferred beyond what the labels ask for, and
/// the accuracy where the longer and where the shorter one is right.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("length-bias")]
public sealed class LengthBiasEvaluator(LengthBiasOptions options) : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There are no preferences to judge by.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = Preferences.Of(context, "length-bias", "Evaluate.lengthBias");
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        double[] chosen = [.. pairs.Select(p => Length(p.Chosen))], rejected = [.. pairs.Select(p => Length(p.Rejected))];
        double[] longer = [.. chosen.Zip(rejected, (c, r) => c - r)];
        double[] right = [.. scores.Select(s => s.Margin > 0 ? 1 : s.Margin == 0 ? 0.5 : 0)];

        var metrics = new Dictionary<string, Measurement>();
        // Pairs of equally long responses have no longer one.
        int[] unequal = [.. Enumerable.Range(0, longer.Length).Where(i => longer[i] != 0)];
        Add("excess", i => (longer[i] > 0 ? right[i] : 1 - right[i]) - (longer[i] > 0 ? 1 : 0), unequal);
        Add("longer-preferred", i => longer[i] > 0 ? right[i] : 1 - right[i], unequal);
        Add("longer-chosen", i => longer[i] > 0 ? 1 : 0, unequal);
        Add("accuracy.longer-chosen", i => right[i], unequal.Where(i => longer[i] > 0), 0.5);
        Add("accuracy.shorter-chosen", i => right[i], unequal.Where(i => longer[i] < 0), 0.5);
        // A pairwise model has no reward of one response.
        if (context.Scorer is not IPairScorer)
        {
            double[] lengths = [.. chosen, .. rejected], rewards = [.. scores.Select(s => s.Chosen), .. scores.Select(s => s.Rejected)];
            AddNumber("correlation.pearson", Correlation.Pearson(lengths, rewards));
            AddNumber("correlation.spearman", Correlation.Spearman(lengths, rewards));
        }
        AddNumber("correlation.within-pairs", Correlation.Pearson(longer, [.. scores.Select(s => s.Margin)]));
        metrics["equally long"] = new(pairs.Length - unequal.Length);
        return Task.FromResult(new EvaluationReport(metrics, [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));

        void Add(string name, Func<int, double> of, IEnumerable<int> among, double? chance = null)
        {
            double[] items = [.. among.Select(of)];
            if (items.Length > 0) metrics[name] = new(items.Average(), items, chance);
        }

        void AddNumber(string name, double? value)
        {
            if (value is { } number) metrics[name] = new(number);
        }
    }

    private double Length(Conversation response) => options.Unit == LengthUnit.Characters ? response.LastContent.Length
        : response.LastContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}
