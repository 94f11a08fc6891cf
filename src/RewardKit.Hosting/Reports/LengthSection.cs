using System.Globalization;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>Reward against the response's length: a map an arm, which the page's script draws, and the numbers in a table.</summary>
internal static class LengthSection
{
    private const int Columns = 36;
    private const int Rows = 24;
    private const int Groups = 8;

    /// <summary>
    /// What the script draws, an object an arm: <c>x</c> and <c>y</c> (the range of lengths and rewards), <c>cells</c> (a
    /// count each, row by row from the lowest reward) and <c>trend</c> (mean length and mean reward of eight groups of
    /// equal size by length).
    /// </summary>
    public static IEnumerable<object> Data(IEnumerable<ArmSamples> arms) => arms.Select(arm =>
    {
        (double Length, double Reward)[] responses =
        [
            .. arm.Means.Zip(arm.Pairs, (m, p) => ((double)LengthBias.LengthOf(p.Chosen), m.Chosen)),
            .. arm.Means.Zip(arm.Pairs, (m, p) => ((double)LengthBias.LengthOf(p.Rejected), m.Rejected)),
        ];
        Array.Sort(responses);
        var across = Range([.. responses.Select(r => r.Length)], 0, 0.99);
        var up = Range([.. responses.Select(r => r.Reward).Order()], 0.005, 0.995);
        var cells = new int[Rows * Columns];
        foreach (var (length, reward) in responses) cells[Bin(reward, up, Rows) * Columns + Bin(length, across, Columns)]++;
        return (object)new
        {
            arm = arm.Place,
            columns = Columns,
            x = across,
            y = up,
            cells,
            trend = responses.Chunk((responses.Length + Groups - 1) / Groups)
                .Select(g => new[] { Round(g.Average(r => r.Length)), Round(g.Average(r => r.Reward)) }),
        };
    });

    public static Html Table(IReadOnlyList<ArmSamples> arms) => Html.Of($"""
        <div class="scroll"><table><thead><tr><th>arm</th><th>Pearson</th><th>Spearman</th><th>within pairs</th><th>longer gets more</th><th>longer is chosen</th><th>excess in points, 95 % interval</th><th>accuracy, chosen longer</th><th>accuracy, chosen shorter</th></tr></thead><tbody>
        {Html.Each(arms.Zip(LengthBias.Of(arms), (a, of) => (a.Arm, Of: of)), a => Html.Of($"<tr><td>{a.Arm}</td><td>{Signed(a.Of.Pearson)}</td><td>{Signed(a.Of.Spearman)}</td><td>{Signed(a.Of.WithinPairs)}</td><td>{Share(a.Of.LongerPreferred)}</td><td>{Share(a.Of.LongerChosen)}</td><td>{(a.Of.Excess is { } i ? ComparisonTable.Points(i) : "–")}</td><td>{Share(a.Of.AccuracyLongerChosen)}</td><td>{Share(a.Of.AccuracyShorterChosen)}</td></tr>"))}
        </tbody></table></div>
        """);

    private static string Signed(double? value) => value?.ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture) ?? "–";

    private static string Share(double? value) => value is { } share ? Findings.Number(share, true) : "–";

    // What lies outside is drawn at the edge.
    private static double[] Range(double[] sorted, double low, double high)
    {
        double from = sorted[(int)(low * (sorted.Length - 1))], to = sorted[(int)(high * (sorted.Length - 1))];
        return from < to ? [Round(from), Round(to)] : [Round(from) - 0.5, Round(from) + 0.5];
    }

    private static int Bin(double value, double[] range, int bins) =>
        Math.Clamp((int)((value - range[0]) / (range[1] - range[0]) * bins), 0, bins - 1);

    private static double Round(double value) =>
        value == 0 ? 0 : double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
