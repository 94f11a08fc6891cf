using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// A few held-out pairs with the rewards each arm gives: those that all arms get right and wrong by the widest margin, and
/// those that the arms disagree on most. Margins are measured in standard deviations of their run.
/// </summary>
internal static class SamplePairs
{
    private const int EachKind = 2;
    private const int Turns = 4;
    private const int PromptCharacters = 500;
    private const int ResponseCharacters = 700;

    public static Html Draw(IReadOnlyList<RunResult> runs, string evaluator)
    {
        var samples = runs.Where(r => r.Samples.ContainsKey(evaluator)).Select(r => (Run: r, Samples: r.Samples[evaluator])).ToArray();
        if (samples.Length == 0 || samples[0].Samples.Count == 0) return default;
        var count = samples.Min(s => s.Samples.Count);
        double[][] margins = [.. samples.Select(s =>
        {
            double[] raw = [.. s.Samples.Select(x => x.Score.Margin)];
            var scale = Statistics.StandardDeviation(raw) is { } d and > 0 ? d : 1;
            return raw.Select(m => m / scale).ToArray();
        })];
        var taken = new HashSet<int>();
        return Html.Of($"{Kind("Furthest right", i => margins.Min(m => m[i]))}{Kind("Furthest wrong", i => -margins.Max(m => m[i]))}{Kind("Most disputed", i => Math.Min(margins.Max(m => m[i]), -margins.Min(m => m[i])))}");

        Html Kind(string title, Func<int, double> rank)
        {
            int[] picks = [.. Enumerable.Range(0, count).Where(i => !taken.Contains(i) && rank(i) > 0).OrderByDescending(rank).Take(EachKind)];
            taken.UnionWith(picks);
            return Html.Each(picks, i => Pair(title, samples[0].Samples[i].Example, samples.Select(s => (s.Run, s.Samples[i].Score))));
        }
    }

    private static Html Pair(string title, PreferenceExample example, IEnumerable<(RunResult Run, PairScore Score)> scores) => Html.Of($"""
        <article><h3>{title} <small>{example.Id}</small></h3>
        <div class="turns">{(example.Prompt.Messages.Length > Turns ? "[…]" : "")}{Html.Each(example.Prompt.Messages.TakeLast(Turns), m => Html.Of($"<p><b>{m.Role}</b> {Shorten(m.Content, PromptCharacters)}</p>"))}</div>
        <div class="responses"><div><h4>chosen</h4><p>{Shorten(example.Chosen.LastContent, ResponseCharacters)}</p></div><div><h4>rejected</h4><p>{Shorten(example.Rejected.LastContent, ResponseCharacters)}</p></div></div>
        <div class="scroll"><table><thead><tr><th>arm</th><th>seed</th><th>chosen</th><th>rejected</th><th>margin</th></tr></thead><tbody>
        {Html.Each(scores, s => Html.Of($"""<tr><td>{s.Run.Arm}</td><td>{s.Run.Seed}</td><td>{s.Score.Chosen:0.000}</td><td>{s.Score.Rejected:0.000}</td><td class="{(s.Score.Margin > 0 ? "right" : "wrong")}">{s.Score.Margin:+0.000;−0.000;0}</td></tr>"""))}
        </tbody></table></div></article>

        """);

    private static string Shorten(string text, int characters)
    {
        if (text.Length <= characters) return text;
        // Never through the middle of a surrogate pair.
        if (char.IsHighSurrogate(text[characters - 1])) characters--;
        return text[..characters] + " […]";
    }
}
