using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>Confidence against accuracy: a diagram an arm, which the page's script draws, and the numbers in a table.</summary>
internal static class CalibrationSection
{
    /// <summary>What the script draws: an object an arm with <c>arm</c> and <c>bins</c> of confidence, accuracy, count, and interval.</summary>
    public static IEnumerable<object> Data(IEnumerable<ArmSamples> arms) => arms.Select(a => new
    {
        arm = a.Place,
        bins = Of(a).Bins.Select(b =>
        {
            // Seeds judge the same pairs: they add no items.
            var interval = Statistics.Wilson(b.Accuracy, Math.Max(1, b.Count / a.Seeds.Count));
            return new[] { Math.Round(b.Confidence, 4), Math.Round(b.Accuracy, 4), b.Count, Math.Round(interval.Low, 4), Math.Round(interval.High, 4) };
        }),
    });

    public static Html Table(IEnumerable<ArmSamples> arms) => Html.Of($"""
        <div class="scroll"><table><thead><tr><th>arm</th><th>ECE</th><th>ECE by chance</th><th>Brier score</th><th>log loss</th></tr></thead><tbody>
        {Html.Each(arms.Select(a => (a.Arm, Of: Of(a))), a => Html.Of($"<tr><td>{a.Arm}</td><td>{a.Of.Error:0.000}</td><td>{a.Of.ErrorByChance:0.000}</td><td>{a.Of.Brier:0.000}</td><td>{a.Of.LogLoss:0.000}</td></tr>"))}
        </tbody></table></div>
        """);

    /// <summary>An arm's calibration.</summary>
    public static Calibration Of(ArmSamples arm) => Calibration.Of([.. arm.Seeds.Select(s => s.Select(x => x.Margin).ToArray())]);
}
