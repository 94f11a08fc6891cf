using System.Runtime.CompilerServices;

namespace RewardKit.Plugins.Cream;

/// <summary>
/// The data of a round of CREAM (Wang et al., "CREAM: Consistency Regularized Self-Rewarding Language Models", arXiv:2410.12735).
/// The model θₜ that the run starts from answers each prompt N times and judges the answers by its own probabilities against those
/// of the origin θ₀. So does the model of the previous round, θₜ₋₁; how far both agree in their rankings is the consistency of the
/// prompt. Out come pairs of the best and the worst answer, labelled with the consistency, <b>in place of</b> what came in, of which
/// the prompts alone are read.
/// </summary>
[Augmenter("cream", Paper = "arXiv:2410.12735", Traits = PluginTraits.ReplacesExamples | PluginTraits.WholeStream)]
public sealed class CreamAugmenter : IAugmenter
{
    private const string Previous = "previous", Origin = "origin";
    private readonly CreamOptions _options;

    /// <summary>Makes the augmenter.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">Two settings contradict each other.</exception>
    public CreamAugmenter(CreamOptions options)
    {
        if (options is { Rate: { } rate, Label: Label.Dynamic })
            throw RewardKitException.Input($"cream: rate = {rate} is the label of every pair, and label = dynamic gives each pair its own. Leave one of them out.");
        if (options.MinPairTokens > options.MaxPairTokens)
            throw RewardKitException.Input($"cream: minPairTokens is {options.MinPairTokens} and maxPairTokens {options.MaxPairTokens}, which leaves no pair; set minPairTokens below maxPairTokens.");
        _options = options;
    }

    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.Writer | AugmenterNeeds.Policies;

    /// <inheritdoc/>
    public IReadOnlyList<string> Policies => _options.Reward == Reward.Intrinsic ? [Previous, Origin] : [Previous];

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var tally = new Tally();
        var how = new GenerationOptions { Temperature = _options.Temperature, TopP = _options.TopP, MaxTokens = _options.MaxTokens };
        var answered = await OwnAnswers.SampleAsync(examples, context.Writer, _options.Samples, how, _options.Seed ?? context.Seed, tally, cancellation);
        var judged = Judge(answered, context, cancellation);
        double[] consistencies = [.. judged.Select(j => j.Consistency).OfType<double>()];
        var mean = consistencies.Length > 0 ? consistencies.Average() : 0.5;
        if (consistencies.Length > 0)
        {
            context.Measure("cream.consistency", mean);
            context.Measure("cream.consistency.deviation", Math.Sqrt(consistencies.Average(c => (c - mean) * (c - mean))));
        }
        foreach (var prompt in judged)
            if (Pair(prompt, mean, tally) is { } pair) yield return pair;
        tally.Tell(context, "cream");
    }

    /// <summary>A prompt whose answers have been judged.</summary>
    /// <param name="Own">The prompt with its answers.</param>
    /// <param name="Rewards">The model's own rewards of them.</param>
    /// <param name="Tokens">Their lengths.</param>
    /// <param name="Consistency">How far the previous model agrees; null where one of the two gave no number.</param>
    private sealed record Judged(OwnAnswers Own, double[] Rewards, int[] Tokens, double? Consistency);

    private Judged[] Judge(IReadOnlyList<OwnAnswers> answered, AugmentationContext context, CancellationToken cancellation)
    {
        ScoreRequest[] requests = [.. answered.SelectMany(each => each.Requests)];
        if (requests.Length == 0) return [];
        var start = context.Policy(AugmentationContext.Start).LogProbs(requests, cancellation);
        var previous = context.Policy(Previous).LogProbs(requests, cancellation);
        var origin = _options.Reward == Reward.Intrinsic ? context.Policy(Origin).LogProbs(requests, cancellation) : null;
        if (origin is not null && Same(start, origin))
            throw RewardKitException.Input(
                "cream: the model that the run starts from is just as likely as the model \"origin\" to give each of its answers, so all its own rewards are 0. "
                + "Train it before the first round, as with Loss.sft, or judge by likelihood: reward = Cream.Reward.Likelihood.");
        // The origin's own intrinsic reward is 0 for every answer.
        var likelihood = origin is null || _options.FirstRound == FirstRound.Yes || (_options.FirstRound == FirstRound.Auto && Same(previous, origin));

        var judged = new Judged[answered.Count];
        var at = 0;
        foreach (var (place, each) in answered.Index())
        {
            int[] own = [.. Enumerable.Range(at, each.Answers.Count)];
            at += own.Length;
            double[] current = [.. own.Select(i => origin is null ? start[i].PerToken : start[i].LogProb - origin[i].LogProb)];
            double[] before = [.. own.Select(i => likelihood ? previous[i].PerToken : previous[i].LogProb - origin![i].LogProb)];
            var complete = current.Concat(before).All(double.IsFinite);
            judged[place] = new(each, current, [.. own.Select(i => start[i].Tokens)],
                complete ? Agreement.Consistency(current, before, _options.Measure, _options.Ties) : null);
        }
        return judged;

        static bool Same(IReadOnlyList<ResponseLogProb> one, IReadOnlyList<ResponseLogProb> other) => one.SequenceEqual(other);
    }

    private PreferenceExample? Pair(Judged prompt, double mean, Tally tally)
    {
        if (prompt.Consistency is null) tally.Count("consistency.missing");
        if (!prompt.Rewards.All(double.IsFinite)) return Drop("rewards.missing");
        var (best, worst) = (Agreement.Best(prompt.Rewards), Agreement.Worst(prompt.Rewards));
        if (prompt.Rewards[best] == prompt.Rewards[worst]) return Drop("equal");
        int[] lengths = [.. new[] { best, worst }.Select(i => prompt.Own.Answers[i].PromptTokens + prompt.Tokens[i])];
        if (lengths.Min() < _options.MinPairTokens) return Drop("too-short");
        if (lengths.Max() > _options.MaxPairTokens) return Drop("too-long");
        var consistency = prompt.Consistency ?? mean;
        if (consistency < _options.Threshold) return Drop("below-threshold");
        tally.Count("pairs");
        return prompt.Own.Pair(best, worst, prompt.Rewards, "cream") with { SoftLabel = _options.Rate ?? (_options.Label == Label.Dynamic ? consistency : mean) };

        PreferenceExample? Drop(string reason)
        {
            tally.Count(reason);
            return null;
        }
    }
}
