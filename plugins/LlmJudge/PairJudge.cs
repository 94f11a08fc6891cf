using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Says which of two answers is better.</summary>
internal sealed class PairJudge(JudgeModel judge, LlmJudgeOptions options, Func<PairRequest, Conversation> prompt, int seed) : IPairScorer
{
    public string Name => judge.Name;

    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation)
    {
        // Nobody needs to be asked about two answers that are the same.
        var pairs = requests.Where(Differ).Distinct().ToArray();
        var odds = pairs.Zip(options.Orders == Orders.One ? InOneOrder(pairs, cancellation) : InBothOrders(pairs, cancellation), (pair, vote) => (pair, LogOdds(vote))).ToDictionary();
        return [.. requests.Select(pair => Differ(pair) ? odds[pair] : 0)];
    }

    // By pair, from −1 (all for the second) to 1 (all for the first).
    private IEnumerable<double> InBothOrders(PairRequest[] pairs, CancellationToken cancellation)
    {
        var verdicts = Ask([.. pairs, .. pairs.Select(Exchanged)], cancellation);
        for (var i = 0; i < pairs.Length; i++)
        {
            var (inOrder, exchanged) = (verdicts[i], verdicts[pairs.Length + i]);
            yield return options.Orders == Orders.Agree
                ? Vote(Judge.Majority(inOrder.Zip(exchanged, Judge.BothOrders)))
                : inOrder.Concat(exchanged.Select(v => v is { } said ? Judge.Swapped(said) : (Verdict?)null)).Average(Vote);
        }
    }

    private IEnumerable<double> InOneOrder(PairRequest[] pairs, CancellationToken cancellation)
    {
        bool[] exchange = [.. pairs.Select(ShowsSecondFirst)];
        var verdicts = Ask([.. pairs.Select((pair, i) => exchange[i] ? Exchanged(pair) : pair)], cancellation);
        return verdicts.Select((said, i) => (exchange[i] ? -1 : 1) * Vote(Judge.Majority(said)));
    }

    private IReadOnlyList<Verdict?[]> Ask(PairRequest[] shown, CancellationToken cancellation) =>
        judge.Ask([.. shown.Select(prompt)], Read, options.Ties ? "[[A]], [[B]] or [[C]]" : "[[A]] or [[B]]", cancellation);

    private Verdict? Read(string reply) => Judge.Compared(reply) is { } verdict && (verdict != Verdict.Tie || options.Ties) ? verdict : null;

    // A reply without a verdict counts as a tie where it was let pass.
    private static double Vote(Verdict? verdict) => verdict switch { Verdict.A => 1, Verdict.B => -1, _ => 0 };

    // Averaged votes are averaged probabilities: a vote for an answer gives it p, one against it 1 − p, a tie ½.
    private double LogOdds(double vote) => vote == 0 ? 0 : Math.Log((0.5 + vote * (options.Confidence - 0.5)) / (0.5 - vote * (options.Confidence - 0.5)));

    // The same two answers are shown in the same order, whichever is named first.
    private bool ShowsSecondFirst(PairRequest pair)
    {
        var (first, second) = (pair.First.ToString(), pair.Second.ToString());
        var sorted = string.CompareOrdinal(first, second) <= 0;
        var lowerFirst = Seeds.Of(seed, pair.Prompt, sorted ? first : second, sorted ? second : first) % 2 == 0;
        return sorted != lowerFirst;
    }

    private static bool Differ(PairRequest pair) => !pair.First.Equals(pair.Second);

    private static PairRequest Exchanged(PairRequest pair) => new(pair.Prompt, pair.Second, pair.First);
}
