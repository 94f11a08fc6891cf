using System.Collections;
using System.Globalization;
using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>What was run, and on what: enough to run it again.</summary>
internal static class SettingsTables
{
    public static Html Draw(ExperimentResult result)
    {
        var spec = result.Spec;
        var data = new List<(string, string)> { ("training pairs", spec.Train.Describe(f => f.Path)) };
        if (spec.Validation is { } held) data.Add(("validation during training", held.Describe(f => f.Path)));
        data.AddRange(spec.Evaluations.Select(e => ($"evaluation: {e.Evaluator.Id}{Options(e.Evaluator)}", e.Pairs is { } pairs ? pairs.Describe(f => f.Path) : "its own data")));
        if (spec.Generator is { } generator) data.Add(("text generator", generator.Name));
        data.Add(("seeds", string.Join(", ", spec.Seeds)));
        return Html.Of($"""
            {Table("Arms", spec.Arms.Select(a => (a.Name, Describe(a))))}
            {Table("Data", data)}
            {Table("Model", Facts(spec.Model))}
            {Table("Training", Facts(spec.Training))}
            {Table("Augmentation", result.Runs.SelectMany(r => r.Counts.Select(c => (c.Key, Value: c.Value.ToString(CultureInfo.InvariantCulture)))
                .Concat(r.Measures.Select(m => (m.Key, Value: m.Value.ToString("0.####", CultureInfo.InvariantCulture)))).Select(c => ($"{r.Arm}, seed {r.Seed}: {c.Key}", c.Value))))}
            {Table("Environment", result.Environment.Select(e => (e.Key, e.Value)))}
            """);
    }

    private static string Describe(ArmSpec arm) =>
        string.Join(" → ", arm.Augmenters.Append(arm.Loss).Select(p => p.Id + Options(p)))
        + (arm.Composer is { } composer ? $"; scores with {composer.Id}{Options(composer)}" : "")
        + (arm.Baseline is { } baseline ? $"; filtered with {baseline}" : "")
        + (arm.Generator is { } generator ? $"; text by {generator.Name}" : "");

    private static string Options(MethodUse use)
    {
        if (use is InlineUse) return " (in the script)";
        string[] set = [.. use.Options.Where(o => o.Value is not null).OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} = {Show(o.Value)}")];
        return set.Length == 0 ? "" : $" ({string.Join(", ", set)})";
    }

    private static string Show(object value) => value switch
    {
        Enum or bool => value.ToString()!.ToLowerInvariant(),
        IEnumerable list and not string => string.Join(", ", list.Cast<object>().Select(Show)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // A record's properties as name and value, nested ones with a dot, lists in one line; what is null or empty says nothing.
    private static IEnumerable<(string, string)> Facts(object record) =>
        from property in record.GetType().GetProperties()
        let value = property.GetValue(record)
        where value is not (null or ICollection { Count: 0 })
        let name = JsonNamingPolicy.CamelCase.ConvertName(property.Name)
        from fact in value is string or Enum or IEnumerable || value.GetType().IsPrimitive
            ? [(name, Show(value))]
            : Facts(value).Select(f => ($"{name}.{f.Item1}", f.Item2))
        select fact;

    private static Html Table(string title, IEnumerable<(string Name, string Value)> rows)
    {
        var list = rows.ToArray();
        return list.Length == 0 ? default : Html.Of($"""
            <section><h3>{title}</h3><table class="facts">{Html.Each(list, r => Html.Of($"<tr><th>{r.Name}</th><td>{r.Value}</td></tr>"))}</table></section>
            """);
    }
}
