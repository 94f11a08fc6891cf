using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>Options of <c>reword-pairs</c>.</summary>
[PluginOptions]
public sealed record ReWordPairsOptions
{
    /// <summary>What the pairs are about: decides which transformations apply.</summary>
    public RowKind Kind { get; init; } = RowKind.Prose;

    /// <summary>The list of transformations.</summary>
    public TransformationSet Set { get; init; } = TransformationSet.Paper;

    /// <summary>Some of them by name, with commas between; "all" with those that a generator writes; null: those that need none.</summary>
    public string? Transformations { get; init; }

    /// <summary>The least similarity of the texts after a word was deleted, or after a translation or transcription.</summary>
    [Range(0.0, 1.0)]
    public double MinSimilarity { get; init; } = 0.7;

    /// <summary>How often a back-translation goes to Spanish and back.</summary>
    [Range(1, 100)]
    public int Rounds { get; init; } = 5;

    /// <summary>The temperature of generated rewritings.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 0.7;

    /// <summary>The most tokens of a generated rewriting.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 2048;

    /// <summary>A folder with the texts jailbreak-1.txt to jailbreak-4.txt; null: the plugin's own.</summary>
    [InputPath(InputKind.Folder)]
    public string? Jailbreaks { get; init; }
}

/// <summary>
/// reWordBench's transformations on the script's own held-out pairs: how much accuracy is lost when prompts and responses are
/// worded, spelled or laid out differently.
/// </summary>
[Evaluator("reword-pairs", Paper = "arXiv:2503.11751")]
public sealed class ReWordPairsEvaluator : IEvaluator
{
    private readonly ReWordPairsOptions _options;
    private readonly ReWordSettings _settings;

    /// <summary>Makes the evaluator.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">A transformation is not known.</exception>
    public ReWordPairsEvaluator(ReWordPairsOptions options)
    {
        _options = options;
        _settings = new(ReWordSettings.Choose(options.Transformations, options.Set, options.Jailbreaks), options.MinSimilarity, options.Rounds,
            new() { MaxTokens = options.MaxTokens, Temperature = options.Temperature });
    }

    /// <inheritdoc/>
    public EvaluatorNeeds Needs => _settings.Needs;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There are no preferences, or none that is changed.</exception>
    public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        SourceRow[] rows = [.. context.Pairs.Where(p => p.Relation == Relation.Preferred).Select(p => new SourceRow(p, _options.Kind))];
        if (rows.Length == 0)
            throw RewardKitException.Input($"reword-pairs needs held-out preferences, but was given {context.Pairs.Count} examples and none is one. "
                + "Name the pairs in the script: Evaluate.rewordPairs (pairs).");
        var rewritten = await _settings.RewriteAsync(rows, context, cancellation);
        return ReWordSettings.Report([.. rows.Select(r => r.Pair)], null, rewritten, context.Scorer, cancellation);
    }
}
