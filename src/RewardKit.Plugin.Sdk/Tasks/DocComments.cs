using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>The summaries in a compiler's XML documentation, as plain text on one line.</summary>
internal sealed partial class DocComments
{
    private readonly Dictionary<string, string> _summaries = [];

    public DocComments(string file)
    {
        if (!File.Exists(file))
            return;
        foreach (var member in XDocument.Load(file).Descendants("member"))
        {
            if (member.Attribute("name")?.Value is { } name && member.Element("summary") is { } summary)
                _summaries[name] = Space().Replace(string.Concat(summary.Nodes().Select(Plain)), " ").Trim();
        }
    }

    public string? OfType(Type type) => _summaries.GetValueOrDefault($"T:{DocName(type)}");

    public string? OfProperty(Type type, string property) => _summaries.GetValueOrDefault($"P:{DocName(type)}.{property}");

    private static string DocName(Type type) => type.FullName!.Replace('+', '.');

    private static string Plain(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { IsEmpty: true } e => (e.Attribute("langword") ?? e.Attribute("name"))?.Value
            ?? (e.Attribute("cref") ?? e.Attribute("href"))?.Value.Split('.', ':')[^1] ?? " ",
        XElement e => string.Concat(e.Nodes().Select(Plain)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
