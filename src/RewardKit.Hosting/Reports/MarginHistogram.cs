using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>How far an arm puts the chosen response above the rejected one, over the held-out pairs of all seeds.</summary>
internal static class MarginHistogram
{
    private const int Bins = 32;
    private const int Height = 90;

    public static Html Draw(ArmSamples samples)
    {
        var arm = samples.Arm;
        double[] margins = [.. samples.Seeds.SelectMany(s => s).Select(s => s.Margin)];
        // One wild margin must not flatten the rest into a bar: the outer per cent is drawn at the edge.
        double[] sizes = [.. margins.Select(Math.Abs).Order()];
        var reach = sizes[Math.Min(sizes.Length - 1, sizes.Length * 99 / 100)];
        if (reach == 0) reach = 1;
        var counts = new int[Bins];
        foreach (var margin in margins) counts[Math.Clamp((int)((margin / reach + 1) / 2 * Bins), 0, Bins - 1)]++;

        const double width = 100.0 / Bins;
        var bars = Html.Each(counts.Index(), bin =>
        {
            var height = (double)Height * bin.Item / counts.Max();
            return Html.Of($"""<rect class="{(bin.Index < Bins / 2 ? "wrong" : "right")}" x="{bin.Index * width:0.###}%" width="{width - 0.4:0.###}%" y="{Height - height:0.#}" height="{height:0.#}"/>""");
        });
        var right = margins.Average(m => m > 0 ? 1.0 : m == 0 ? 0.5 : 0);
        return Html.Of($"""
            <figure><figcaption><b class="swatch"{Colour.Of(samples.Place)}>{arm}</b> <small>{Findings.Number(right, true)} above zero, mean {Findings.Number(margins.Average(), false)}</small></figcaption>
            <svg class="histogram" height="{Height + 20}" role="img" aria-label="reward margins of {arm}">{bars}<line class="chance" x1="50%" x2="50%" y1="0" y2="{Height}"/>
            <text class="first" x="0" y="{Height + 15}">{Findings.Number(-reach, false)}</text><text x="50%" y="{Height + 15}">0</text><text class="last" x="100%" y="{Height + 15}">{Findings.Number(reach, false)}</text></svg></figure>

            """);
    }
}
