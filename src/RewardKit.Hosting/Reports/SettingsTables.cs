using System.Globalization;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>What was run, and on what: enough to run it again.</summary>
internal static class SettingsTables
{
    public static Html Draw(ExperimentResult result)
    {
        var spec = result.Spec;
        var data = new List<(string, string)> { ("training pairs", spec.Train.Describe(f => f.Path)) };
        data.AddRange(spec.Arms.Where(a => a.Train is not null).Select(a => ($"training pairs of {a.Name}", a.Train!.Describe(f => f.Path))));
        if (spec.Validation is { } held) data.Add(("validation during training", held.Describe(f => f.Path)));
        data.AddRange(spec.Evaluations.Select(e => ($"evaluation: {e.Evaluator.Id}{ExperimentText.Options(e.Evaluator, all: true)}", e.Pairs is { } pairs ? pairs.Describe(f => f.Path) : "its own data")));
        if (spec.Generator is { } generator) data.Add(("text generator", generator.Name));
        data.Add(("seeds", string.Join(", ", spec.Seeds)));
        return Html.Of($"""
            {Table("Arms", spec.Arms.Select(a => (a.Name, ExperimentText.Describe(a, all: true))))}
            {Table("Data", data)}
            {Table("Model", Own(ExperimentText.Facts(spec.Model), spec.Arms.Select(a => (a.Name, (object?)a.Model))))}
            {Table("Training", Own(ExperimentText.Facts(spec.Training), spec.Arms.Select(a => (a.Name, (object?)a.Training))))}
            {Table("Augmentation", result.Runs.SelectMany(r => r.Counts.Select(c => (c.Key, Value: c.Value.ToString(CultureInfo.InvariantCulture)))
                .Concat(r.Measures.Select(m => (m.Key, Value: m.Value.ToString("0.####", CultureInfo.InvariantCulture)))).Select(c => ($"{r.Arm}, seed {r.Seed}: {c.Key}", c.Value))))}
            {Table("Environment", result.Environment.Select(e => (e.Key, e.Value)))}
            """);
    }

    // What all arms have, then what single ones have otherwise.
    private static IEnumerable<(string, string)> Own(IEnumerable<(string Name, string Value)> all, IEnumerable<(string Arm, object? Own)> arms)
    {
        var shared = all.ToArray();
        return shared.Concat(arms.Where(a => a.Own is not null).SelectMany(a => ExperimentText.Facts(a.Own!).Except(shared).Select(f => ($"{a.Arm}: {f.Item1}", f.Item2))));
    }

    private static Html Table(string title, IEnumerable<(string Name, string Value)> rows)
    {
        var list = rows.ToArray();
        return list.Length == 0 ? default : Html.Of($"""
            <section><h3>{title}</h3><table class="facts">{Html.Each(list, r => Html.Of($"<tr><th>{r.Name}</th><td>{r.Value}</td></tr>"))}</table></section>
            """);
    }
}
