using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance;

/// <summary>What the rules about options do.</summary>
internal static class OptionRules
{
    public static void KeepWhatIsSet(InstalledPlugin installed, Subject subject)
    {
        using var session = installed.Open();
        var record = RecordType(installed, session);
        foreach (var option in installed.Description.Options)
        {
            foreach (var value in OptionValues.Allowed(option))
            {
                if (!TryMake(installed, session, option, value)) continue;
                var property = record!.GetProperty(option.Property)!;
                var options = Activator.CreateInstance(record)!;
                property.SetValue(options, Converted(value, property.PropertyType));
                var kept = property.GetValue(options);
                if (!OptionValues.AreEqual(value, kept))
                    throw Verdict.Broken($"option {option.Name} was set to {OptionValues.Show(value)}, and is {OptionValues.Show(kept)}");
            }
        }
        // Every default spelled out must be what leaving it out is.
        var spelled = session.Complete(installed.Use());
        Verdict.Same(
            subject.Over(session, installed.Use()).UseNew(0, 5).Difference(subject.Over(session, spelled).UseNew(0, 5), 0),
            "without options, then with every default spelled out");
    }

    public static void RefuseBadValues(InstalledPlugin installed)
    {
        using var session = installed.Open();
        foreach (var option in installed.Description.Options)
            foreach (var (value, what) in OptionValues.Bad(option))
                if (TryMake(installed, session, option, value))
                    throw Verdict.Broken($"option {option.Name} takes {OptionValues.Show(value)}, which is {what}");
    }

    public static void KeepRules(InstalledPlugin installed, Subject subject)
    {
        using var session = installed.Open();
        var rules = Rule.For(subject.Kind).Where(rule => rule is { AtEveryOption: true, Kind: RuleKind.Required }).ToArray();
        var tested = 0;
        foreach (var option in installed.Description.Options)
        {
            foreach (var value in OptionValues.Allowed(option).Where(v => !Equals(v, installed.Options.GetValueOrDefault(option.Name, option.Default!))))
            {
                if (!TryMake(installed, session, option, value)) continue;
                var varied = subject.Over(session, installed.Use(option.Name, value));
                foreach (var rule in rules)
                {
                    var result = rule.Check(varied);
                    if (result.Outcome == RuleOutcome.Failed)
                        throw Verdict.Broken($"with {option.Name} = {OptionValues.Show(value)}, {rule.Id} ({rule.Title}) is broken: {result.Message}");
                    if (result.Outcome == RuleOutcome.Passed) tested++;
                }
            }
        }
        if (tested == 0) throw Verdict.NotTested("There is no option to turn, or no rule that depends on it.");
    }

    // Whether it can be made with this value; an exception that is no refusal goes on.
    private static bool TryMake(InstalledPlugin installed, PluginSession session, OptionDescription option, object? value)
    {
        try
        {
            installed.Make(session, installed.Use(option.Name, value));
            return true;
        }
        catch (RewardKitException e) when (e.ExitCode == 2)
        {
            return false;
        }
    }

    private static Type? RecordType(InstalledPlugin installed, PluginSession session) => installed.Description.OptionsType is { } name
        ? installed.Make(session, installed.Use()).GetType().Assembly.GetType(name) : null;

    private static object? Converted(object? value, Type type) =>
        value is string text && (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } enumeration
            ? Enum.Parse(enumeration, text.Replace("-", "", StringComparison.Ordinal), ignoreCase: true) : value;
}
