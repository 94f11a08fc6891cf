namespace RewardKit.Plugins.CriticRm;

/// <summary>Which critiques agree with a pair's label, by their scores.</summary>
public static class CritiqueSelection
{
    /// <summary>The instance filter: whether the chosen answer's critiques score strictly more on average.</summary>
    /// <param name="chosen">Scores of critiques of the chosen answer.</param>
    /// <param name="rejected">Those of the rejected one.</param>
    public static bool Agrees(IReadOnlyCollection<double> chosen, IReadOnlyCollection<double> rejected) =>
        chosen.Count > 0 && rejected.Count > 0 && Sum(chosen) * rejected.Count > Sum(rejected) * chosen.Count;

    /// <summary>The combinations of two critiques, by their places, that the critique filter leaves.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="chosen">Scores of critiques of the chosen answer.</param>
    /// <param name="rejected">Those of the rejected one.</param>
    public static IReadOnlyList<(int Chosen, int Rejected)> Combinations(CritiqueFilter filter, IReadOnlyList<double> chosen, IReadOnlyList<double> rejected)
    {
        Func<int, int, bool> stays = filter switch
        {
            // Against sums and not means, so that nothing is rounded.
            CritiqueFilter.Mean => (i, j) => (decimal)chosen[i] * rejected.Count > Sum(rejected) && (decimal)rejected[j] * chosen.Count < Sum(chosen),
            CritiqueFilter.Pairwise => (i, j) => chosen[i] > rejected[j],
            _ => (_, _) => true,
        };
        return [.. from i in Enumerable.Range(0, chosen.Count) from j in Enumerable.Range(0, rejected.Count) where stays(i, j) select (i, j)];
    }

    /// <summary>The places of the best scores, best first; equal ones in their order.</summary>
    /// <param name="scores">The scores.</param>
    /// <param name="count">How many at most.</param>
    public static IReadOnlyList<int> Best(IReadOnlyList<double> scores, int count) =>
        [.. Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).Take(count)];

    private static decimal Sum(IEnumerable<double> scores) => scores.Sum(score => (decimal)score);
}
