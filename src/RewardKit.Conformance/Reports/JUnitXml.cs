using System.Xml.Linq;

namespace RewardKit.Conformance;

/// <summary>The outcome of a conformance run in the form that build servers read.</summary>
public static class JUnitXml
{
    /// <summary>Writes one suite a plugin and one case a rule; a broken optional rule is skipped, with what was found.</summary>
    /// <param name="reports">The reports.</param>
    public static string Write(IReadOnlyList<ConformanceReport> reports) =>
        $"{new XDeclaration("1.0", "utf-8", null)}\n{new XElement("testsuites", reports.Select(Suite))}\n";

    private static XElement Suite(ConformanceReport report)
    {
        var name = $"{report.Plugin.Manifest.Name}.{report.Plugin.Description.Kind.ToString().ToLowerInvariant()}.{report.Plugin.Description.Id}";
        return new(
            "testsuite",
            new XAttribute("name", name),
            new XAttribute("tests", report.Results.Count),
            new XAttribute("failures", report.Results.Count(r => r.Fails)),
            new XAttribute("errors", 0),
            new XAttribute("skipped", report.Results.Count(r => !r.Fails && r.Outcome != RuleOutcome.Passed)),
            report.Results.Select(r => new XElement(
                "testcase",
                new XAttribute("classname", name),
                new XAttribute("name", r.Rule.Name),
                r.Outcome == RuleOutcome.Passed ? null : new XElement(
                    r.Fails ? "failure" : "skipped", new XAttribute("message", Text(r.Message!)), r.Fails ? Text(r.Explanation) : null))));
    }

    // XML has no place for some control characters, which messages of plugins may hold.
    private static string Text(string text) => string.Concat(text.Select(c => System.Xml.XmlConvert.IsXmlChar(c) || char.IsSurrogate(c) ? c : '\uFFFD'));
}
