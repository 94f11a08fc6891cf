using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// A few held-out pairs that all arms get right, and a few that all get wrong, by the widest margin. Margins are measured
/// in standard deviations of their run.
/// </summary>
internal static class SamplePairs
{
    private const int EachKind = 2;

    public static Html Draw(IReadOnlyList<ArmSamples> arms)
    {
        double[][] margins = [.. arms.Select(a => a.ScaledMargins())];
        return Html.Of($"{Kind("Furthest right", i => margins.Min(m => m[i]))}{Kind("Furthest wrong", i => -margins.Max(m => m[i]))}");

        Html Kind(string title, Func<int, double> rank) => Html.Each(
            Enumerable.Range(0, arms[0].Pairs.Count).Where(i => rank(i) > 0).OrderByDescending(rank).Take(EachKind),
            i => PairArticle.Draw(title, i, arms));
    }
}
