using System.Text.Json;
using RewardKit.Hosting.Reports;

namespace RewardKit.Hosting.Experiments;

/// <summary>What reports say of an experiment beside its runs: text alone, so that it can be kept and read without plugins.</summary>
/// <param name="Name">The experiment's name.</param>
/// <param name="Arms">The arms' names, in order.</param>
/// <param name="Seeds">The seeds.</param>
/// <param name="TrainedOn">The training pairs in a line, files by their names; empty where nothing is trained.</param>
/// <param name="JudgedOn">By an evaluator's label the pairs that it looks at; those with data of their own are left out.</param>
/// <param name="Sweep">The arms of a sweep with what was varied.</param>
/// <param name="Settings">Arms, data, model and training settings.</param>
/// <param name="Data">The object <c>data</c> of <c>results.json</c>.</param>
public sealed record ExperimentOutline(
    string Name, IReadOnlyList<string> Arms, IReadOnlyList<int> Seeds, string TrainedOn, IReadOnlyDictionary<string, string> JudgedOn,
    IReadOnlyList<SweptArm> Sweep, IReadOnlyList<FactTable> Settings, JsonElement Data)
{
    /// <summary>Of an experiment.</summary>
    /// <param name="spec">The experiment.</param>
    public static ExperimentOutline Of(ExperimentSpec spec) => new(
        spec.Name, [.. spec.Arms.Select(a => a.Name)], spec.Seeds,
        spec.Arms.Where(a => a.Loss is not null).Select(spec.TrainOf).Distinct().ToArray() switch
        {
            [] => "",
            [var same] => same.Describe(f => Path.GetFileName(f.Path)),
            _ => "training pairs of their own",
        },
        spec.Labelled().Where(e => e.Evaluation.Pairs is not null).ToDictionary(e => e.Label, e => $"{e.Evaluation.Pairs}"),
        [.. spec.Arms.Where(a => a.Values.Count > 0).Select(a => new SweptArm(a.Name, a.Values.ToDictionary(v => v.Key, v => JsonSerializer.SerializeToElement(v.Value))))],
        [.. Tables(spec)], ResultsJson.Data(spec));

    private static IEnumerable<FactTable> Tables(ExperimentSpec spec)
    {
        yield return new("Arms", [.. spec.Arms.Select(a => new Fact(a.Name, ExperimentText.Describe(a, all: true)))]);
        var trains = spec.Arms.Any(a => a.Loss is not null);
        var data = new List<Fact>();
        if (trains) data.Add(new("training pairs", spec.Train.Describe(f => f.Path)));
        data.AddRange(spec.Arms.Where(a => a.Train is not null).Select(a => new Fact($"training pairs of {a.Name}", a.Train!.Describe(f => f.Path))));
        if (spec.Validation is { } held) data.Add(new("validation during training", held.Describe(f => f.Path)));
        data.AddRange(spec.Evaluations.Select(e =>
            new Fact($"evaluation: {e.Evaluator.Id}{ExperimentText.Options(e.Evaluator, all: true)}", e.Pairs is { } pairs ? pairs.Describe(f => f.Path) : "its own data")));
        if (spec.Generator is { } generator) data.Add(new("text generator", generator.Name));
        data.Add(new("seeds", string.Join(", ", spec.Seeds)));
        yield return new("Data", data);
        if (!trains) yield break;
        yield return new("Model", [.. Own(spec.Model, spec.Arms.Select(a => (a.Name, (object?)a.Model)))]);
        yield return new("Training", [.. Own(spec.Training, spec.Arms.Select(a => (a.Name, (object?)a.Training)))]);
    }

    // What all arms have, then what single ones have otherwise.
    private static IEnumerable<Fact> Own(object all, IEnumerable<(string Arm, object? Own)> arms)
    {
        var shared = ExperimentText.Facts(all).ToArray();
        return shared.Select(f => new Fact(f.Item1, f.Item2))
            .Concat(arms.Where(a => a.Own is not null).SelectMany(a => ExperimentText.Facts(a.Own!).Except(shared).Select(f => new Fact($"{a.Arm}: {f.Item1}", f.Item2))));
    }
}

/// <summary>An arm of a sweep.</summary>
/// <param name="Arm">Its name.</param>
/// <param name="Values">What was varied, and the values that this arm has: numbers, flags or texts.</param>
public sealed record SweptArm(string Arm, IReadOnlyDictionary<string, JsonElement> Values);

/// <summary>A table of names and values.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Rows">Its rows.</param>
public sealed record FactTable(string Title, IReadOnlyList<Fact> Rows);

/// <summary>A row of a <see cref="FactTable"/>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
public sealed record Fact(string Name, string Value);
