using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Shows each pair in both orders.</summary>
/// <param name="comparison">How it asks.</param>
/// <param name="agree">Whether both orders must name the same answer, and anything else is a tie; otherwise all verdicts are averaged.</param>
internal sealed class BothOrdersJudge(Comparison comparison, bool agree) : IOrderedPairScorer
{
    public string Name => comparison.Name;

    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation) => Comparison.Each(
        requests, pairs => Ask(pairs, cancellation).Select(said => comparison.LogOdds(agree
            ? Comparison.Vote(Judge.Majority(said.InOrder.Zip(said.Exchanged, Judge.BothOrders)))
            : said.InOrder.Concat(said.Exchanged.Select(Turned)).Average(Comparison.Vote))));

    public IReadOnlyList<OrderedOdds> CompareOrders(IReadOnlyList<PairRequest> requests, CancellationToken cancellation) => Comparison.Each(
        requests, pairs => Ask(pairs, cancellation).Select(said => new OrderedOdds(Odds(said.InOrder), Odds(said.Exchanged.Select(Turned)))));

    private double Odds(IEnumerable<Verdict?> verdicts) => comparison.LogOdds(Comparison.Vote(Judge.Majority(verdicts)));

    private IEnumerable<(Verdict?[] InOrder, Verdict?[] Exchanged)> Ask(PairRequest[] pairs, CancellationToken cancellation)
    {
        var said = comparison.Ask([.. pairs, .. pairs.Select(Comparison.Exchanged)], cancellation);
        return pairs.Select((_, i) => (said[i], said[pairs.Length + i]));
    }

    private static Verdict? Turned(Verdict? verdict) => verdict is { } said ? Judge.Swapped(said) : null;
}
