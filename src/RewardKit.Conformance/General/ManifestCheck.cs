using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance;

/// <summary>Compares a manifest with the assembly that it describes.</summary>
internal static class ManifestCheck
{
    /// <summary>The first difference, a sentence; null if there is none.</summary>
    public static string? Difference(InstalledPlugin installed)
    {
        var (manifest, description) = installed.Entry;
        using var session = installed.Open();
        var type = installed.Make(session, installed.Use()).GetType();
        var assembly = type.Assembly;
        if (assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] is { } version
            && version != manifest.Version)
            return $"the manifest has the version {manifest.Version}, the assembly {version}";

        var declared = manifest.Plugins.Select(p => $"{p.Label}, class {p.Type}, paper {p.Paper ?? "none"}");
        var found = assembly.GetTypes()
            .Select(t => (Type: t, Attribute: t.GetCustomAttribute<PluginAttribute>()))
            .Where(t => t.Attribute is not null)
            .Select(t => $"{t.Attribute!.GetType().Name[..^"Attribute".Length].ToLowerInvariant()} \"{t.Attribute.Id}\", class {t.Type.FullName}, paper {t.Attribute.Paper ?? "none"}")
            .ToArray();
        if (declared.Except(found).FirstOrDefault() is { } invented) return $"the manifest names the {invented}, which the assembly does not have";
        if (found.Except(declared).FirstOrDefault() is { } missing) return $"the assembly has the {missing}, which the manifest does not name";

        var record = type.GetConstructors().SelectMany(c => c.GetParameters()).Select(p => p.ParameterType)
            .FirstOrDefault(t => t.GetCustomAttribute<PluginOptionsAttribute>() is not null);
        if (record?.FullName != description.OptionsType)
            return $"the manifest has the options type {description.OptionsType ?? "none"}, the constructor {record?.FullName ?? "none"}";
        return record is null ? null : OptionDifference(record, description.Options);
    }

    private static string? OptionDifference(Type record, IReadOnlyList<OptionDescription> options)
    {
        var defaults = Activator.CreateInstance(record)!;
        var properties = record.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(p => p.SetMethod is { IsPublic: true }).ToArray();
        var (named, there) = (options.Select(o => o.Property), properties.Select(p => p.Name));
        if (!named.SequenceEqual(there))
            return $"the manifest has the options {string.Join(", ", named)}, {record.Name} has {string.Join(", ", there)}";
        foreach (var (option, property) in options.Zip(properties))
        {
            string Told(string what, object? manifest, object? assembly) =>
                $"option {option.Name}: the manifest has the {what} {OptionValues.Show(manifest)}, the assembly {OptionValues.Show(assembly)}";
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var expected = type.IsEnum ? OptionType.Enum : Enum.Parse<OptionType>(type.Name is "Int32" ? "Int" : type.Name is "Boolean" ? "Bool" : type.Name);
            if (option.Type != expected) return Told("type", option.Type, expected);
            var input = property.GetCustomAttribute<InputPathAttribute>()?.Kind;
            if (option.Input != input) return Told("kind of path", option.Input, input);
            var value = property.GetValue(defaults);
            if (!OptionValues.AreEqual(option.Default, value)) return Told("default", option.Default, value);
            var range = property.GetCustomAttribute<RangeAttribute>();
            if (Bound(range?.Minimum) != option.Minimum) return Told("minimum", option.Minimum, range?.Minimum);
            if (Bound(range?.Maximum) != option.Maximum) return Told("maximum", option.Maximum, range?.Maximum);
            if ((range?.MinimumIsExclusive ?? false) != option.MinimumIsExclusive || (range?.MaximumIsExclusive ?? false) != option.MaximumIsExclusive)
                return $"option {option.Name}: the manifest and the assembly differ in whether a bound itself is allowed";
            object?[]? choices = type.IsEnum ? [.. Enum.GetValues(type)] : property.GetCustomAttribute<AllowedValuesAttribute>()?.Values;
            if (option.Choices?.Count != choices?.Length || choices?.Any(c => c is not null && !option.Choices!.Any(o => OptionValues.AreEqual(o, c))) == true)
                return $"option {option.Name}: the manifest has {option.Choices?.Count ?? 0} choices, the assembly {string.Join(", ", choices ?? [])}";
        }
        return null;
    }

    private static double? Bound(object? bound) =>
        bound is not null && Convert.ToDouble(bound, CultureInfo.InvariantCulture) is var number && double.IsFinite(number) ? number : null;
}
