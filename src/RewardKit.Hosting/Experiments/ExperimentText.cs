using System.Collections;
using System.Globalization;
using System.Text.Json;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>What an experiment is made of, as text: what is printed, and what experiments are compared by.</summary>
internal static class ExperimentText
{
    /// <summary>An arm in a line: its methods with the options that the script sets, and what it has of its own.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="all">Whether to name options, too, that are at their defaults.</param>
    /// <param name="exactly">Whether folders and files have their whole paths and the script's own code its hash, so that what is not the same never reads the same.</param>
    public static string Describe(ArmSpec arm, bool all = false, bool exactly = false) =>
        (arm.Loss is { } loss ? string.Join(" → ", arm.Augmenters.Append(loss).Select(p => p.Id + Options(p, all))) + (arm.Composer is null ? "" : "; ") : "")
        + (arm.Loss is null || arm.Composer is not null ? "scores with " : "")
        + (arm.Composer is { } composer ? composer.Id + Options(composer, all) + (arm.Members.Count == 0 ? "" : arm.Loss is null ? " of " : " of it, ") : "")
        + string.Join(", ", arm.Members.Select(member => Member(member, exactly)))
        + (arm.Reference is { } reference ? $"; scales by {(exactly ? reference.Describe(f => f.Path) : reference)}" : "")
        + (arm.Baseline is { } baseline ? $"; filtered with {baseline}" : "")
        + (arm.Generator is { } generator ? $"; text by {(exactly ? Exactly(generator) : generator.Name)}" : "")
        + string.Concat(arm.Policies.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"; {p.Key} is {(exactly ? Exactly(p.Value) : Model(p.Value))}"));

    private static string Member(MemberSpec member, bool exactly) => Times(member.Weight, member switch
    {
        ArmMember other => other.Arm + (other.Seed is { } seed ? $" (seed {seed})" : ""),
        NamedMember named => exactly ? Exactly(named.Scorer) : named.Scorer.Name,
        _ => throw new InvalidOperationException($"No member {member}."),
    });

    private static string Times(double weight, string what) => weight == 1 ? what : FormattableString.Invariant($"{what} × {weight}");

    private static string Exactly(ScorerSpec scorer) => scorer switch
    {
        ModelScorerSpec model => $"{model.Name} ({Exactly(model.Model)})",
        ScriptedScorerSpec rule => $"{rule.Name} ({rule.ContentHash})",
        ScriptedStepsSpec rule => $"{rule.Name} ({rule.ContentHash})",
        ComposedScorerSpec composed => $"{Named(composed.Composer)} of [{string.Join(", ", composed.Members.Select(m => Times(m.Weight, Exactly(m.Scorer))))}]"
            + (composed.Reference is { } pairs ? $" scales by {pairs.Describe(f => f.Path)}" : ""),
        _ => scorer.Name,
    };

    private static string Exactly(GeneratorSpec generator) => generator switch
    {
        LocalSpec model => model.Dtype is { } type ? $"{model.Folder} ({type})" : model.Folder,
        ScriptedSpec rule => $"{rule.Name} ({rule.ContentHash})",
        AnswerFileSpec answers => answers.File,
        _ => generator.Name,
    };

    private static string Exactly(ModelSpec model) => Listed(Facts(model).Except(Facts(new ModelSpec())));

    /// <summary>A method's options in brackets; nothing where there are none.</summary>
    /// <param name="use">The method.</param>
    /// <param name="all">Whether to name options, too, that are at their defaults.</param>
    public static string Options(MethodUse use, bool all = false)
    {
        if (use is InlineUse) return " (in the script)";
        string[] set = [.. use.Options.Where(o => o.Value is not null && (all || use.Given?.Contains(o.Key) != false)).OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} = {Show(o.Value)}")];
        return set.Length == 0 ? "" : $" ({string.Join(", ", set)})";
    }

    /// <summary>A record's properties as name and value, nested ones with a dot, lists in one line; what is null or empty says nothing.</summary>
    public static IEnumerable<(string, string)> Facts(object record) =>
        from property in record.GetType().GetProperties()
        let value = property.GetValue(record)
        where value is not (null or ICollection { Count: 0 })
        let name = JsonNamingPolicy.CamelCase.ConvertName(property.Name)
        from fact in value is string or Enum or IEnumerable || value.GetType().IsPrimitive
            ? [(name, Show(value))]
            : Facts(value).Select(f => ($"{name}.{f.Item1}", f.Item2))
        select fact;

    /// <summary>Whether two records say the same.</summary>
    public static bool AreAlike(object first, object second) => Facts(first).SequenceEqual(Facts(second));

    /// <summary>Everything that an experiment states, but for its name and where its results go: each thing's name and its value.</summary>
    public static IEnumerable<(string Name, string Value)> Settings(ExperimentSpec spec) =>
    [
        .. Facts(spec.Model).Select(f => ($"model {f.Item1}", f.Item2)),
        ("train", spec.Train.Describe(f => f.Path)),
        .. spec.Validation is { } held ? [("validate", held.Describe(f => f.Path))] : Array.Empty<(string, string)>(),
        .. Facts(spec.Training).Select(f => ($"training {f.Item1}", f.Item2)),
        ("checkpoints", spec.Checkpoints is { } policy ? Listed(Facts(policy)) : "never"),
        .. spec.Arms.Select(a => ($"arm {a.Name}", Whole(spec, a))),
        .. spec.Evaluations.Select((e, i) => ($"evaluate {i + 1}", Named(e.Evaluator) + (e.Pairs is { } pairs ? $" on {pairs.Describe(f => f.Path)}" : ""))),
        ("seeds", string.Join(", ", spec.Seeds)),
        .. spec.Generator is { } generator ? [("generator", Exactly(generator))] : Array.Empty<(string, string)>(),
    ];

    /// <summary>An experiment on some lines: what it states and the defaults leave open.</summary>
    public static string Print(ExperimentSpec spec)
    {
        var rows = new List<(string Name, string Value)>();
        if (spec.Arms.Any(arm => arm.Loss is not null))
        {
            rows.Add(("model", Model(spec.Model)));
            rows.Add(("train", $"{spec.Train}"));
            if (spec.Validation is { } held) rows.Add(("validate", $"{held}"));
            var training = Listed(Facts(spec.Training).Except(Facts(new TrainingOptions())));
            rows.Add(("training", training == "" ? "the defaults" : training));
        }
        foreach (var arm in spec.Arms)
            rows.Add(("arm", $"{arm.Name}: {Describe(arm)}"
                + (arm.Model is { } model ? $"; model {Model(model)}" : "")
                + (arm.Train is { } train ? $"; trained on {train}" : "")
                + (arm.Training is { } own && Listed(Facts(own).Except(Facts(spec.Training))) is { Length: > 0 } changed ? $"; {changed}" : "")));
        foreach (var evaluation in spec.Evaluations)
            rows.Add(("evaluate", evaluation.Evaluator.Id + Options(evaluation.Evaluator) + (evaluation.Pairs is { } pairs ? $" on {pairs}" : "")));
        rows.Add(("seeds", string.Join(", ", spec.Seeds)));
        if (spec.Generator is { } generator) rows.Add(("generator", generator.Name));
        return $"experiment \"{spec.Name}\"\n" + string.Join('\n', rows.Select(r => $"  {r.Name,-9} {r.Value}"));
    }

    /// <summary>What an arm trains with in the end: one that states what the experiment has anyway says the same.</summary>
    public static string Whole(ExperimentSpec spec, ArmSpec arm) =>
        Describe(arm, exactly: true)
        + string.Concat(arm.Augmenters.Append(arm.Loss).Append(arm.Composer).OfType<InlineUse>().Select(own => $"; {own.Id} is {own.ContentHash}"))
        + string.Concat(Facts(spec.ModelOf(arm)).Except(Facts(spec.Model)).Concat(Facts(spec.TrainingOf(arm)).Except(Facts(spec.Training))).Select(f => $"; {f.Item1} {f.Item2}"))
        + (spec.TrainOf(arm).Equals(spec.Train) ? "" : $"; trained on {spec.TrainOf(arm).Describe(f => f.Path)}");

    private static string Named(MethodUse use) => use is InlineUse own ? $"{own.Id} {own.ContentHash}" : use.Id + Options(use);

    private static string Model(ModelSpec model)
    {
        var what = model.Folder is { } folder
            ? Path.Combine(Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))) ?? "", Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)))
            : model.Configuration is { } shape
                ? FormattableString.Invariant($"random weights, {shape.NumHiddenLayers} layers, {shape.HiddenSize} wide, {shape.NumAttentionHeads} heads")
                : "random weights";
        var more = Listed(Facts(model with { Folder = null, Configuration = null, Tokenizer = null, Base = null }).Except(Facts(new ModelSpec())));
        return more == "" ? what : $"{what} ({more})";
    }

    private static string Listed(IEnumerable<(string Name, string Value)> facts) => string.Join(", ", facts.Select(f => $"{f.Name} {f.Value}"));

    private static string Show(object value) => value switch
    {
        Enum or bool => value.ToString()!.ToLowerInvariant(),
        IEnumerable list and not string => string.Join(", ", list.Cast<object>().Select(Show)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
