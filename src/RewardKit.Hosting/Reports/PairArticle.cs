using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>A held-out pair with its texts and the rewards each arm gives, meaned over the seeds.</summary>
internal static class PairArticle
{
    private const int Turns = 4;
    private const int PromptCharacters = 500;
    private const int ResponseCharacters = 700;

    public static Html Draw(string title, int pair, IReadOnlyList<ArmSamples> arms)
    {
        var example = arms[0].Pairs[pair];
        return Html.Of($"""
            <article><h4>{title} <small>{example.Id}</small></h4>
            <div class="turns">{(example.Prompt.Messages.Length > Turns ? "[…]" : "")}{Html.Each(example.Prompt.Messages.TakeLast(Turns), m => Html.Of($"<p><b>{m.Role}</b> {Shorten(m.Content, PromptCharacters)}</p>"))}</div>
            <div class="responses"><div><h5>chosen</h5><p>{Shorten(example.Chosen.LastContent, ResponseCharacters)}</p></div><div><h5>rejected</h5><p>{Shorten(example.Rejected.LastContent, ResponseCharacters)}</p></div></div>
            <div class="scroll"><table><thead><tr><th>arm</th><th>chosen</th><th>rejected</th><th>margin</th><th>seeds right</th></tr></thead><tbody>
            {Html.Each(arms, a => Row(a, pair))}
            </tbody></table></div></article>

            """);
    }

    private static Html Row(ArmSamples arm, int pair)
    {
        var mean = arm.Means[pair];
        return Html.Of($"""<tr><td>{arm.Arm}</td><td>{mean.Chosen:0.000;−0.000}</td><td>{mean.Rejected:0.000;−0.000}</td><td class="{(mean.Margin > 0 ? "right" : "wrong")}">{mean.Margin:+0.000;−0.000;0}</td><td>{arm.Seeds.Count(s => s[pair].Margin > 0)} of {arm.Seeds.Count}</td></tr>""");
    }

    internal static string Shorten(string text, int characters)
    {
        if (text.Length <= characters) return text;
        // Never through the middle of a surrogate pair.
        if (char.IsHighSurrogate(text[characters - 1])) characters--;
        return text[..characters] + " […]";
    }
}
