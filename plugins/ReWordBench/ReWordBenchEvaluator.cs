using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>Options of <c>reword-bench</c>.</summary>
[PluginOptions]
public sealed record ReWordBenchOptions
{
    /// <summary>
    /// RewardBench's rows (JSON array or JSON Lines), which are then transformed; or rows that were transformed elsewhere, with
    /// transformed_prompt, transformed_chosen, transformed_rejected and transformation_name, in one file or a folder of files.
    /// </summary>
    [InputPath(InputKind.FileOrFolder)]
    public string Data { get; init; } = "";

    /// <summary>The list of transformations.</summary>
    public TransformationSet Set { get; init; } = TransformationSet.Paper;

    /// <summary>
    /// Some of them by name, with commas between; "all" with those that a generator writes; null: those that need none. Rows
    /// that were transformed elsewhere bring theirs.
    /// </summary>
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

/// <summary>reWordBench: RewardBench's rows, worded, spelled or laid out differently, and how much accuracy that costs.</summary>
[Evaluator("reword-bench", Paper = "arXiv:2503.11751", OwnData = true)]
public sealed class ReWordBenchEvaluator : IEvaluator
{
    private readonly ReWordBenchOptions _options;
    private readonly ReWordSettings _settings;

    /// <summary>Makes the evaluator.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">A transformation is not known.</exception>
    public ReWordBenchEvaluator(ReWordBenchOptions options)
    {
        _options = options;
        _settings = new(ReWordSettings.Choose(options.Transformations, options.Set, options.Jailbreaks), options.MinSimilarity, options.Rounds,
            new() { MaxTokens = options.MaxTokens, Temperature = options.Temperature });
    }

    /// <inheritdoc/>
    public EvaluatorNeeds Needs => _settings.Needs;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The data are in neither layout, or no row is changed.</exception>
    public async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var records = RewardBenchRows.Read(_options.Data);
        if (records[0].Has(RewardBenchRows.TransformedPrompt))
        {
            var (pairs, sections, transformed) = RewardBenchRows.Transformed(records);
            return ReWordSettings.Report(pairs, sections, transformed, context.Scorer, cancellation);
        }
        BenchmarkRecord.RefuseTwins(records, r => r.Id("id"));
        string[] subsets = [.. records.Select(r => r.Text("subset"))];
        SourceRow[] rows = [.. records.Zip(subsets, (record, subset) => new SourceRow(RewardBenchRows.Pair(record), RewardBenchRows.KindOf(subset)))];
        var rewritten = await _settings.RewriteAsync(rows, context, cancellation);
        return ReWordSettings.Report([.. rows.Select(r => r.Pair)], [.. subsets.Select(RewardBenchRows.SectionOf)], rewritten, context.Scorer, cancellation);
    }
}
