using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace RewardKit.TorchSharp.Generator;

/// <summary>Reads lines such as <c>aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor</c>.</summary>
internal static class SchemaParser
{
    private static readonly Regex Line = new(@"^(\w+::\w+)(?:\.(\w+))?\((.*)\)\s*->\s*(.+)$");
    private static readonly Regex Type = new(@"^([A-Za-z]+)(\([^)]*\))?(\?)?(\[\d*\])?(\([^)]*\))?(\?)?$");
    private static readonly Regex Parameter = new(@"^(\S+)\s+(\w+)(?:\s*=\s*(.+))?$");

    private static readonly HashSet<string> Known = new()
    {
        "Tensor", "int", "float", "bool", "str", "Scalar", "ScalarType", "Layout", "MemoryFormat", "Device", "Generator",
    };

    public static Schema Parse(string line)
    {
        var match = Line.Match(line);
        if (!match.Success)
            throw new FormatException("expected 'namespace::name.overload(Type argument, ...) -> Type'");
        var parameters = new List<SchemaParameter>();
        foreach (var part in Split(match.Groups[3].Value))
        {
            if (part != "*") parameters.Add(ParseParameter(part));
        }
        var results = new List<SchemaType>();
        var returned = match.Groups[4].Value.Trim();
        if (returned.StartsWith("(", StringComparison.Ordinal) && returned.EndsWith(")", StringComparison.Ordinal))
            returned = returned.Substring(1, returned.Length - 2);
        // A result may carry a name (`Tensor values`), which says nothing to the caller.
        foreach (var part in Split(returned)) results.Add(ParseType(part.Split(' ')[0]));
        return new Schema(match.Groups[1].Value, match.Groups[2].Value, parameters, results);
    }

    private static SchemaParameter ParseParameter(string text)
    {
        // The one annotation with blanks inside.
        var match = Parameter.Match(text.Replace(" -> ", "->"));
        if (!match.Success) throw new FormatException($"'{text}' is not of the form 'Type name' or 'Type name=default'");
        return new SchemaParameter(
            ParseType(match.Groups[1].Value), match.Groups[2].Value, match.Groups[3].Success ? match.Groups[3].Value : null);
    }

    private static SchemaType ParseType(string text)
    {
        var match = Type.Match(text);
        if (!match.Success) throw new FormatException($"'{text}' is not a type");
        var name = match.Groups[1].Value == "SymInt" ? "int" : match.Groups[1].Value;
        if (!Known.Contains(name)) throw new FormatException($"type '{text}' is not known here ({string.Join(", ", Known)})");
        var isList = match.Groups[4].Success;
        var written = match.Groups[2].Value.Contains("!") || match.Groups[5].Value.Contains("!");
        return isList
            ? new SchemaType(name, match.Groups[6].Success, true, match.Groups[3].Success, written)
            : new SchemaType(name, match.Groups[3].Success || match.Groups[6].Success, false, false, written);
    }

    private static IEnumerable<string> Split(string text)
    {
        var depth = 0;
        var start = 0;
        for (var k = 0; k <= text.Length; k++)
        {
            if (k < text.Length && (text[k] is '(' or '[')) depth++;
            if (k < text.Length && (text[k] is ')' or ']')) depth--;
            if (k < text.Length && (text[k] != ',' || depth > 0)) continue;
            var part = text.Substring(start, k - start).Trim();
            if (part.Length > 0) yield return part;
            start = k + 1;
        }
    }
}
