using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.Crome;

/// <summary>What was read from an answer of the oracle.</summary>
/// <param name="Value">What it says. With a flaw, what it can be taken for if nothing better comes; null where it is of no use.</param>
/// <param name="Flaw">Why it is not as asked for, in a word to count it by; null where it is.</param>
public sealed record Reading<T>(T? Value, string? Flaw = null) where T : class;

/// <summary>An attribute and its weight among those of a question.</summary>
public sealed record WeightedAttribute(string Name, double Weight);

/// <summary>What makes an attribute better or worse.</summary>
/// <param name="Name">What an answer has or does.</param>
/// <param name="Impact">Which way it works, and how.</param>
public sealed record CausalElement(string Name, string Impact);

/// <summary>In what the contents of two responses differ.</summary>
public sealed record ContentDifference(string Attribute, string Difference, string Response1, string Response2);

/// <summary>
/// Reads the oracle's answers. Form is taken generously: words and code fences around JSON, bold labels, thoughts in front.
/// Content is not: what is not there is never made up.
/// </summary>
public static partial class Answers
{
    private const double WeightTolerance = 1e-3;

    /// <summary>The attributes of a question, with weights that sum to 1.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="count">How many there must be.</param>
    /// <returns>With weights that sum to something else: the flaw <c>weights</c>, and the list with weights divided by their sum.</returns>
    public static Reading<IReadOnlyList<WeightedAttribute>> Attributes(string text, int count)
    {
        if (Property(text, "Attributes", JsonValueKind.Object) is not { } json) return new(null, Flaws.Unparseable);
        var list = new List<WeightedAttribute>();
        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number) return new(null, Flaws.Unparseable);
            list.Add(new(property.Name.Trim(), property.Value.GetDouble()));
        }
        if (!HasDistinct(list.Select(a => a.Name), count)) return new(null, Flaws.WrongCount);
        if (!list.All(a => a.Weight > 0 && double.IsFinite(a.Weight))) return new(null, Flaws.Weights);
        var sum = list.Sum(a => a.Weight);
        return Math.Abs(sum - 1) <= WeightTolerance
            ? new(list)
            : new([.. list.Select(a => a with { Weight = a.Weight / sum })], Flaws.Weights);
    }

    /// <summary>The causal elements of an attribute.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="attribute">The attribute, which is the only key.</param>
    /// <param name="count">How many there must be.</param>
    public static Reading<IReadOnlyList<CausalElement>> Elements(string text, string attribute, int count)
    {
        if (Property(text, attribute, JsonValueKind.Array) is not { } json) return new(null, Flaws.Unparseable);
        var list = new List<CausalElement>();
        foreach (var item in json.EnumerateArray())
        {
            if (Text(item, "element") is not { } element || Text(item, "impact") is not { } impact) return new(null, Flaws.Unparseable);
            list.Add(new(element, impact));
        }
        return HasDistinct(list.Select(e => e.Name), count) ? new(list) : new(null, Flaws.WrongCount);
    }

    /// <summary>The new answer of a rewrite: all behind its label.</summary>
    /// <param name="text">The oracle's answer.</param>
    /// <param name="original">The answer that was to be rewritten; the same again is no rewrite.</param>
    public static Reading<string> Rewrite(string text, string original)
    {
        text = WithoutThoughts(text);
        var labels = RewriteLabel().Matches(text);
        if (labels is not [var label]) return new(null, Flaws.Unparseable);
        var start = label.Index + label.Length;
        return NotesLabel().IsMatch(text[start..]) ? new(null, Flaws.Unparseable) : NewText(text[start..], original);
    }

    /// <summary>The paraphrase of an answer: all behind its label.</summary>
    /// <param name="text">The oracle's answer.</param>
    /// <param name="original">The answer that was to be paraphrased.</param>
    public static Reading<string> Paraphrase(string text, string original)
    {
        text = WithoutThoughts(text);
        return ParaphraseLabel().Matches(text) is [var label]
            ? NewText(text[(label.Index + label.Length)..], original)
            : new(null, Flaws.Unparseable);
    }

    /// <summary>The rewrite of an answer to other content: the string <c>Final Response</c>.</summary>
    /// <param name="text">The oracle's answer.</param>
    /// <param name="original">The answer that was to be rewritten.</param>
    public static Reading<string> FinalResponse(string text, string original) =>
        Property(text, "Final Response", JsonValueKind.String) is { } json ? NewText(json.GetString()!, original) : new(null, Flaws.Unparseable);

    /// <summary>In what the contents of two responses differ; an empty list where in nothing.</summary>
    /// <param name="text">The oracle's answer.</param>
    public static Reading<IReadOnlyList<ContentDifference>> Differences(string text)
    {
        if (Property(text, "differences", JsonValueKind.Array) is not { } json) return new(null, Flaws.Unparseable);
        var list = new List<ContentDifference>();
        foreach (var item in json.EnumerateArray())
        {
            if (Text(item, "attribute") is not { } attribute || Text(item, "difference") is not { } difference
                || !item.TryGetProperty("analysis", out var analysis)
                || Text(analysis, "Response_1") is not { } first || Text(analysis, "Response_2") is not { } second)
                return new(null, Flaws.Unparseable);
            list.Add(new(attribute, difference, first, second));
        }
        return new(list);
    }

    /// <summary>Whether a rewrite passed: <c>Pass</c> or <c>Fail</c>. An answer that says neither, or both, has no verdict.</summary>
    /// <param name="text">The oracle's answer.</param>
    public static Reading<string> Verdict(string text)
    {
        string[] said = [.. VerdictLine().Matches(WithoutThoughts(text)).Select(m => m.Groups[1].Value.ToUpperInvariant()).Distinct()];
        return said is [var one] ? new(one == "PASS" ? "Pass" : "Fail") : new(null, Flaws.Missing);
    }

    private static Reading<string> NewText(string text, string original)
    {
        text = text.Trim();
        // A fence around the whole is the model's, unless the answer has code itself.
        if (!original.Contains("```", StringComparison.Ordinal) && Fence().Match(text) is { Success: true } fence) text = fence.Groups[1].Value.Trim();
        return text == "" ? new(null, Flaws.Empty)
            : Words(text).SequenceEqual(Words(original)) ? new(null, Flaws.Unchanged)
            : new(text);
    }

    // Names differ in case and blanks from one answer to the next.
    private static JsonElement? Property(string text, string name, JsonValueKind kind)
    {
        bool IsNamed(JsonProperty property) => property.Name.Trim().Equals(name.Trim(), StringComparison.OrdinalIgnoreCase);
        return JsonInText.Single(WithoutThoughts(text), json => json.EnumerateObject().Count(IsNamed) == 1) is { } json
            && json.EnumerateObject().First(IsNamed).Value is var value && value.ValueKind == kind ? value : null;
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
        && value.GetString()!.Trim() is { Length: > 0 } text ? text : null;

    private static bool HasDistinct(IEnumerable<string> names, int count)
    {
        var all = names.ToArray();
        return all.Length == count && !all.Contains("") && all.Distinct(StringComparer.OrdinalIgnoreCase).Count() == count;
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string WithoutThoughts(string text) => Thoughts().Replace(text, "");

    // Some servers leave out the tag that opens them.
    [GeneratedRegex(@"\A.*</think>", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Thoughts();

    [GeneratedRegex(@"^[ \t#>*_]*Rewritten answer[*_ ]*:[*_]*", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex RewriteLabel();

    [GeneratedRegex(@"^[ \t#>*_]*Rewrite notes[*_ ]*:", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NotesLabel();

    [GeneratedRegex(@"^[ \t#>*_]*Paraphrase[*_ ]*:[*_]*", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ParaphraseLabel();

    // "Verdict: Pass or Fail" repeats the question.
    [GeneratedRegex(@"Verdict[*_ ]*:[*_\s""]*(Pass|Fail)\b(?![*_\s""]*(/|\||or\b))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex VerdictLine();

    [GeneratedRegex(@"\A```\w*\r?\n(.*?)\r?\n?```\z", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Fence();
}
