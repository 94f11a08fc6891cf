using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.Crome;

/// <summary>Options of the augmenter <c>crome-can</c>.</summary>
[PluginOptions]
public sealed record CromeCanOptions : IOracleOptions
{
    /// <summary>Rows tried for each original preference; at most one of each preference it can be made of.</summary>
    [Range(0.0, 100.0)]
    public double Ratio { get; init; } = 1.0;

    /// <summary>Whether the degraded answers of <c>crome-causal</c> are restored, too, and tied with what they were made of.</summary>
    public bool Restore { get; init; } = true;

    /// <summary>
    /// τ: a row stays if the baseline's probability for its order is farther than this from ½. Below 0 every row stays and no
    /// baseline is needed; from 0.5 none stays.
    /// </summary>
    [Range(-1.0, 1.0)]
    public double FilterThreshold { get; init; } = 0.2;

    /// <summary>The temperature at which the oracle writes.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 0.7;

    /// <summary>The most tokens of one answer of the oracle.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 2048;

    /// <summary>How often the oracle is asked again where its answer cannot be used.</summary>
    [Range(0, 10)]
    public int Retries { get; init; } = 2;

    /// <summary>
    /// Decides the oracle's samples and which rows are tried. Without it each seed of the experiment has its own; with it all
    /// have the same, and the oracle is asked only once.
    /// </summary>
    public int? Seed { get; init; }

    /// <summary>A folder whose files replace the plugin's prompts of the same name, as <c>align.md</c>.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}

/// <summary>
/// Causally aligned neutrals of Crome (arXiv:2506.16507): the worse answer is rewritten until its content is the better one's
/// while its manner stays, and ties with the better one. What a reward model still sees between them is spurious.
/// </summary>
/// <param name="options">Its settings.</param>
[Augmenter("crome-can", Paper = "arXiv:2506.16507", Traits = PluginTraits.WholeStream)]
public sealed class CromeCanAugmenter(CromeCanOptions options) : IAugmenter
{
    private readonly Prompts _prompts = new(options.Prompts);

    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.Generator | ConfidenceFilter.Needs(options.FilterThreshold);

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var parents = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            yield return example;
            if (Neutrals.IsOriginal(example) || options.Restore && Neutrals.IsDegraded(example)) parents.Add(example);
        }
        var seed = options.Seed ?? context.Seed;
        var tally = new Tally("can");
        var oracle = new Oracle(context.Generator, options, seed, tally);
        var drawn = Neutrals.Draw(parents, options.Ratio * parents.Count(Neutrals.IsOriginal), seed);
        foreach (var block in drawn.Chunk(Oracle.PairsAtOnce))
        {
            var made = await MakeAsync(block, oracle, tally, cancellation);
            foreach (var row in Neutrals.Keep(made, options.FilterThreshold, tally, context, cancellation)) yield return row;
        }
        tally.Report(context);
    }

    private async Task<List<PreferenceExample>> MakeAsync(
        PreferenceExample[] parents, Oracle oracle, Tally tally, CancellationToken cancellation)
    {
        var listed = await oracle.AskAsync<IReadOnlyList<ContentDifference>>("differences", [.. parents.Select(parent => new Question<IReadOnlyList<ContentDifference>>(
            parent.Id,
            _prompts.Fill("differences", ("question", Prompts.Show(parent.Prompt)), ("response_1", parent.Chosen.LastContent), ("response_2", parent.Rejected.LastContent)),
            Answers.Differences))], cancellation);
        tally.Add("differences.none", listed.Count(list => list is []));
        var differing = parents.Zip(listed).Where(p => p.Second is { Count: > 0 }).Select(p => (Parent: p.First, Differences: p.Second!)).ToArray();
        var aligned = await oracle.AskAsync<string>("rewrites", [.. differing.Select(pair => new Question<string>(
            pair.Parent.Id,
            // The better answer itself is not shown, so that nothing of its manner is taken over.
            _prompts.Fill("align", ("question", Prompts.Show(pair.Parent.Prompt)), ("answer", pair.Parent.Rejected.LastContent),
                ("differences", string.Join('\n', pair.Differences.Select(d => $"- {d.Attribute}. Now: {d.Response2} To become: {d.Response1}")))),
            text => Answers.FinalResponse(text, pair.Parent.Rejected.LastContent)))], cancellation);
        var written = differing.Zip(aligned).Where(p => p.Second is not null).Select(p => (p.First.Parent, Text: p.Second!)).ToArray();
        // A degraded answer may be restored to the letter; that pair has nothing to teach.
        var rows = written.Where(w => w.Text != w.Parent.Chosen.LastContent.Trim()).ToArray();
        tally.Add("rewrites.same-as-better", written.Length - rows.Length);
        return [.. rows.Select(w => Neutrals.Row(w.Parent, "can", "can", w.Parent.Chosen, w.Text))];
    }
}
