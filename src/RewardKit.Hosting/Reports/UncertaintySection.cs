using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>Whether an ensemble is wrong where its members disagree.</summary>
internal static class UncertaintySection
{
    /// <summary>The arms whose scorer is an ensemble; empty where there is none.</summary>
    public static Html Table(IEnumerable<ArmSamples> arms)
    {
        var ensembles = arms.Where(a => a.Seeds.All(s => s.All(x => x.Disagreement is not null))).Select(a => (a.Arm, Of: DisagreementAndError.Of(a.Seeds))).ToArray();
        if (ensembles.Length == 0) return default;
        return Html.Of($"""
            <div class="scroll"><table><thead><tr><th>arm</th><th>AUROC</th>{Html.Each(DisagreementAndError.Names, name => Html.Of($"<th>{name}</th>"))}</tr></thead><tbody>
            {Html.Each(ensembles, a => Html.Of($"<tr><td>{a.Arm}</td><td>{(a.Of.Auroc is { } area ? $"{area:0.000}" : "–")}</td>{Html.Each(a.Of.Fifths, Cell)}</tr>"))}
            </tbody></table></div>
            """);
    }

    private static Html Cell(DisagreementFifth fifth)
    {
        var interval = Statistics.Wilson(fifth.Accuracy, fifth.Pairs);
        return Html.Of($"<td>{100 * fifth.Accuracy:0.0}&nbsp;%<br><small>{100 * interval.Low:0.0} to {100 * interval.High:0.0}<br>spread {fifth.Disagreement:0.000}</small></td>");
    }
}
