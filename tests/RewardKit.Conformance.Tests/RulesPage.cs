using System.Text;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance.Tests;

/// <summary>The list of all rules with their reasons, as one page.</summary>
internal static class RulesPage
{
    private static readonly (PluginKind Kind, string Title)[] Contracts =
    [
        (PluginKind.Loss, "Losses"), (PluginKind.Augmenter, "Augmenters"), (PluginKind.Evaluator, "Evaluators"),
        (PluginKind.Decoder, "Decoders"), (PluginKind.Composer, "Scorer composers"), (PluginKind.Merger, "Weight mergers"),
    ];

    /// <summary>Writes the page.</summary>
    public static string Write()
    {
        var page = new StringBuilder(
            """
            # The rules of conformance

            What `rewardkit conformance` and the fixtures of the package `RewardKit.Conformance` test, written from the rules
            themselves. A **required** rule is one whose breach harms somebody's experiment; an **optional** one may be broken
            with good reason, and is then shown as a warning; an **untested** one matters, but no kit can test it, and says what
            the author can do instead. A rule keeps its number for good. How to use the kit:
            [README of RewardKit.Conformance](../src/RewardKit.Conformance/README.md).

            Rules marked with a star are tested at the bounds of each option, too, and at each of its choices.


            """.ReplaceLineEndings("\n"));
        var general = Rule.For(PluginKind.Loss).Where(IsGeneral).ToArray();
        Append(page, "All plugins", general);
        foreach (var (kind, title) in Contracts) Append(page, title, Rule.For(kind).Where(rule => !IsGeneral(rule)));
        return page.ToString().TrimEnd() + "\n";
    }

    private static bool IsGeneral(Rule rule) => rule.Id[0] == 'G';

    private static void Append(StringBuilder page, string title, IEnumerable<Rule> rules)
    {
        page.Append($"## {title}\n\n| rule | | why | to fix it |\n| --- | --- | --- | --- |\n");
        foreach (var rule in rules)
            page.Append($"| **{rule.Id}** {rule.Title}{(rule is { AtEveryOption: true, Kind: RuleKind.Required } ? " ★" : "")} | {rule.Kind.ToString().ToLowerInvariant()} | {Cell(rule.Protects)} | {Cell(rule.Fix)} |\n");
        page.Append('\n');
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
