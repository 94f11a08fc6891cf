using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.Crome;

/// <summary>Options of the augmenter <c>crome-para</c>.</summary>
[PluginOptions]
public sealed record CromeParaOptions : IOracleOptions
{
    /// <summary>Rows tried for each original preference; at most 2, one of each of its answers.</summary>
    [Range(0.0, 2.0)]
    public double Ratio { get; init; } = 1.0;

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

    /// <summary>A folder whose files replace the plugin's prompts of the same name, as <c>paraphrase.md</c>.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}

/// <summary>Paraphrase neutrals of Crome (arXiv:2506.16507): an answer and the same in other words are a tie.</summary>
/// <param name="options">Its settings.</param>
[Augmenter("crome-para", Paper = "arXiv:2506.16507", Traits = PluginTraits.WholeStream)]
public sealed class CromeParaAugmenter(CromeParaOptions options) : IAugmenter
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
            if (Neutrals.IsOriginal(example)) parents.Add(example);
        }
        var seed = options.Seed ?? context.Seed;
        var tally = new Tally("para");
        var oracle = new Oracle(context.Generator, options, seed, tally);
        Source[] answers = [.. parents.SelectMany(parent => (Source[])[new(parent, "chosen", parent.Chosen), new(parent, "rejected", parent.Rejected)])];
        foreach (var block in Neutrals.Draw(answers, options.Ratio * parents.Count, seed).Chunk(Oracle.PairsAtOnce))
        {
            var said = await oracle.AskAsync<string>("rewrites", [.. block.Select(source => new Question<string>(
                $"{source.Parent.Id}\n{source.Side}",
                _prompts.Fill("paraphrase", ("question", Prompts.Show(source.Parent.Prompt)), ("answer", source.Answer.LastContent)),
                text => Answers.Paraphrase(text, source.Answer.LastContent)))], cancellation);
            PreferenceExample[] made = [.. block.Zip(said).Where(p => p.Second is not null).Select(p =>
                Neutrals.Row(p.First.Parent, "para", $"para-{p.First.Side}", p.First.Answer, p.Second!))];
            foreach (var row in Neutrals.Keep(made, options.FilterThreshold, tally, context, cancellation)) yield return row;
        }
        tally.Report(context);
    }

    private sealed record Source(PreferenceExample Parent, string Side, Conversation Answer);
}
