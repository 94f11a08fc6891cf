using System.Text.RegularExpressions;

namespace RewardKit.TorchSharp.Tests.Api;

/// <summary>The forms of <c>torchsharp-api.txt</c>, with its shorthands written out.</summary>
internal sealed partial class Listing
{
    private static readonly Dictionary<string, string> Shorthands = new()
    {
        ["F"] = "ScalarType? dtype = null, Device? device = null, bool requires_grad = false",
        ["N"] = "string[] names = null",
        ["K"] = "bool keepdim = false",
        ["D"] = "ScalarType? dtype = null",
        ["T"] = "ScalarType? type = null",
    };

    /// <summary>Value types, whose question mark changes the type; on others it is a remark.</summary>
    private static readonly HashSet<string> ValueTypes =
        ["int", "long", "float", "double", "bool", "byte", "sbyte", "short", "ScalarType", "DeviceType"];

    private readonly Dictionary<string, HashSet<string>> _forms = [];

    public Listing(params string[] paths)
    {
        Text = string.Join("\n", paths.Select(File.ReadAllText));
        HashSet<string>? section = null;
        foreach (var line in Text.Split('\n'))
        {
            if (line.StartsWith("### ", StringComparison.Ordinal))
            {
                var header = Header().Match(line);
                if (!_forms.TryGetValue(header.Groups[2].Value, out section)) _forms[header.Groups[2].Value] = section = [];
                if (header.Groups[1].Value.Trim() is { Length: > 0 } kind) Headers[header.Groups[2].Value] = kind;
            }
            else if (line.Length > 0 && section is not null)
            {
                section.Add(Canonical(line));
            }
        }
    }

    public string Text { get; }

    /// <summary>Type name to <c>static class</c>, <c>enum</c> and so on.</summary>
    public Dictionary<string, string> Headers { get; } = [];

    public IEnumerable<string> Types => _forms.Keys;

    public IReadOnlySet<string>? FormsOf(string type) => _forms.GetValueOrDefault(type);

    /// <summary>One way to write a form: shorthands expanded, remarks on null and constraints left out.</summary>
    public static string Canonical(string form)
    {
        form = Constraints().Replace(form.Trim(), "");
        var open = form.IndexOf('(');
        if (open >= 0 && form.EndsWith(')') && !form.StartsWith('('))
            form = form[..(open + 1)] + Expand(form[(open + 1)..^1]) + ")";
        else if (form.StartsWith('(') && form.EndsWith(')') && MethodWithTuple().Match(form) is { Success: true } tuple)
            form = tuple.Groups[1].Value + "(" + Expand(tuple.Groups[2].Value) + ")";
        return NullRemark().Replace(form, match => ValueTypes.Contains(match.Groups[1].Value) ? match.Value : match.Groups[1].Value);
    }

    private static string Expand(string parameters) =>
        string.Join(", ", parameters.Split(", ").Select(part => Shorthands.GetValueOrDefault(part, part)));

    [GeneratedRegex(@"^### ((?:(?:static |abstract |sealed )?(?:class|struct|enum|interface) )?)(.+?)(?: : .*)?$")]
    private static partial Regex Header();

    [GeneratedRegex(@" where \w+ : .*$")]
    private static partial Regex Constraints();

    [GeneratedRegex(@"^(\(.*?\)(?:\[\])? [\w<>, ]+)\((.*)\)$")]
    private static partial Regex MethodWithTuple();

    [GeneratedRegex(@"([\w\]>]+)\?")]
    private static partial Regex NullRemark();
}
