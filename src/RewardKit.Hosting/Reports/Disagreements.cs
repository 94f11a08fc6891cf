using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// For each two arms the held-out pairs that one gets right and the other wrong: how many, and those with the widest
/// difference of margins. Margins are meaned over the seeds and measured in standard deviations of their run.
/// </summary>
internal static class Disagreements
{
    public static Html Draw(IReadOnlyList<ArmSamples> arms)
    {
        double[][] margins = [.. arms.Select(a => a.ScaledMargins())];
        // The page stays small with many arms.
        var each = arms.Count switch { <= 3 => 3, <= 5 => 2, _ => 1 };
        return Html.Each(
            from right in arms.Index()
            from wrong in arms.Index()
            where right.Index != wrong.Index
            select (right, wrong),
            two => Two(two.right.Item, margins[two.right.Index], two.wrong.Item, margins[two.wrong.Index]));

        Html Two(ArmSamples right, double[] above, ArmSamples wrong, double[] below)
        {
            int[] pairs = [.. Enumerable.Range(0, above.Length).Where(i => above[i] > 0 && below[i] < 0).OrderByDescending(i => above[i] - below[i])];
            if (pairs.Length == 0) return default;
            return Html.Of($"""
                <details class="two"><summary><b class="swatch"{Colour.Of(right.Place)}>{right.Arm}</b> right, <b class="swatch"{Colour.Of(wrong.Place)}>{wrong.Arm}</b> wrong: {pairs.Length} of {above.Length} pairs</summary>
                {Html.Each(pairs.Take(each).Index(), p => PairArticle.Draw($"Number {p.Index + 1} by difference of margins", p.Item, arms))}</details>

                """);
        }
    }
}
