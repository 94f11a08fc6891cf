using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Shows each pair in one order, drawn by the seed and the texts: the same whichever answer is named first.</summary>
internal sealed class OneOrderJudge(Comparison comparison, int seed) : IPairScorer
{
    public string Name => comparison.Name;

    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation) => Comparison.Each(requests, pairs =>
    {
        bool[] exchange = [.. pairs.Select(ShowsSecondFirst)];
        var said = comparison.Ask([.. pairs.Select((pair, i) => exchange[i] ? Comparison.Exchanged(pair) : pair)], cancellation);
        return said.Select((verdicts, i) => (exchange[i] ? -1 : 1) * comparison.LogOdds(Comparison.Vote(Judge.Majority(verdicts))));
    });

    private bool ShowsSecondFirst(PairRequest pair)
    {
        var (first, second) = (pair.First.ToString(), pair.Second.ToString());
        var sorted = string.CompareOrdinal(first, second) <= 0;
        var lowerFirst = Seeds.Of(seed, pair.Prompt, sorted ? first : second, sorted ? second : first) % 2 == 0;
        return sorted != lowerFirst;
    }
}
