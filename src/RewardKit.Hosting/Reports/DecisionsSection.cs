using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// What became of the examples that augmenters judged: how many by category and action, and the first few of each kind that did
/// not stay as they were. Of an arm's seeds the first.
/// </summary>
internal static class DecisionsSection
{
    private const string Kept = "keep";
    private const int EachKind = 2;
    private const int PromptCharacters = 300;
    private const int ResponseCharacters = 500;

    public static Html Draw(ReportContent result) => Html.Each(
        result.Runs.GroupBy(r => r.Arm).Select(runs => runs.First()).Where(run => run.Folder is not null), run => Arm(run.Arm, run.Folder!));

    private static Html Arm(string arm, string folder)
    {
        var kinds = new OrderedDictionary<(string Category, string Action), (int Count, List<Decision> Samples)>();
        var all = 0;
        foreach (var decision in DecisionLog.Read(folder))
        {
            all++;
            var kind = (decision.Category, decision.Action);
            var (count, samples) = kinds.GetValueOrDefault(kind, (0, []));
            if (decision.Action != Kept && samples.Count < EachKind) samples.Add(decision);
            kinds[kind] = (count + 1, samples);
        }
        return all == 0 ? default : Html.Of($"""
            <h3>What augmenters decided: {arm}</h3>
            <div class="scroll"><table><thead><tr><th>category</th><th>action</th><th>pairs</th><th>share</th></tr></thead><tbody>
            {Html.Each(kinds.OrderByDescending(k => k.Value.Count), k => Html.Of($"<tr><td>{k.Key.Category}</td><td>{k.Key.Action}</td><td>{k.Value.Count}</td><td>{100.0 * k.Value.Count / all:0.0}&nbsp;%</td></tr>"))}
            </tbody></table></div>
            {Samples([.. kinds.SelectMany(k => k.Value.Samples)])}

            """);
    }

    private static Html Samples(Decision[] samples) => samples.Length == 0 ? default : Html.Of($"""
        <details class="pairs"><summary>Show {samples.Length} of those that did not stay</summary>
        <p class="warning">These texts come from the data as they are, and may be offensive or harmful.</p>
        {Html.Each(samples, Sample)}
        </details>

        """);

    private static Html Sample(Decision decision) => Html.Of($"""
        <article><h4>{decision.Action}: {decision.Category} <small>{decision.Id}</small></h4>
        <div class="turns">{Html.Each(decision.Prompt.Messages.TakeLast(1), m => Html.Of($"<p><b>{m.Role}</b> {PairArticle.Shorten(m.Content, PromptCharacters)}</p>"))}</div>
        <div class="responses"><div><h5>chosen</h5>{Response(decision.Chosen)}</div><div><h5>rejected</h5>{Response(decision.Rejected)}</div></div>
        {Html.Each(decision.Votes.Take(1), _ => Html.Of($"<p>votes: {string.Join(", ", decision.Votes)}</p>"))}</article>

        """);

    // Where it has several turns, who speaks is what matters.
    private static Html Response(Conversation response) => Html.Each(response.Messages, m => Html.Of(
        $"<p>{(response.Messages.Length > 1 ? Html.Of($"<b>{m.Role}</b> ") : default)}{PairArticle.Shorten(m.Content, ResponseCharacters)}</p>"));
}
