using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Which of two answers is better, asked in the orders in which a judge shows them, and what its words are worth.</summary>
internal sealed class Comparison(JudgeModel judge, LlmJudgeOptions options, Func<PairRequest, Conversation> prompt)
{
    public string Name => judge.Name;

    /// <summary>By pair, the verdicts of all judges; A is the pair's first answer.</summary>
    public IReadOnlyList<Verdict?[]> Ask(PairRequest[] shown, CancellationToken cancellation) =>
        judge.Ask([.. shown.Select(prompt)], Read, options.Ties ? "[[A]], [[B]] or [[C]]" : "[[A]] or [[B]]", cancellation);

    /// <summary>What a verdict counts for the first answer, from −1 to 1. One that could not be read, and was let pass, counts as a tie.</summary>
    public static double Vote(Verdict? verdict) => verdict switch { Verdict.A => 1, Verdict.B => -1, _ => 0 };

    /// <summary>
    /// The log-odds of a mean of votes. Averaged votes are averaged probabilities: one for an answer gives it p, one against it
    /// 1 − p, a tie ½.
    /// </summary>
    public double LogOdds(double vote) => vote == 0 ? 0 : Math.Log((0.5 + vote * (options.Confidence - 0.5)) / (0.5 - vote * (options.Confidence - 0.5)));

    /// <summary>Compares each pair once. Nobody needs to be asked about two answers that are the same.</summary>
    /// <typeparam name="T">What is said of a pair; its default of two that are the same.</typeparam>
    public static IReadOnlyList<T> Each<T>(IReadOnlyList<PairRequest> requests, Func<PairRequest[], IEnumerable<T>> compare) where T : struct
    {
        var pairs = requests.Where(pair => !pair.First.Equals(pair.Second)).Distinct().ToArray();
        var said = pairs.Zip(compare(pairs)).ToDictionary();
        return [.. requests.Select(pair => said.GetValueOrDefault(pair))];
    }

    /// <summary>The pair with its answers exchanged.</summary>
    public static PairRequest Exchanged(PairRequest pair) => new(pair.Prompt, pair.Second, pair.First);

    private Verdict? Read(string reply) => Judge.Compared(reply) is { } verdict && (verdict != Verdict.Tie || options.Ties) ? verdict : null;
}
