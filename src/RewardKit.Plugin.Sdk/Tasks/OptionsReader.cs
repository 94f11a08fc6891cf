using System.Reflection;
using System.Reflection.PortableExecutable;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>Reads an options record: its properties, their types, defaults, ranges, choices and docs.</summary>
internal sealed class OptionsReader(Assembly assembly, PEReader image, DocComments docs, Action<string, string> report)
{
    private const string Annotations = "System.ComponentModel.DataAnnotations.";

    private readonly NullabilityInfoContext _nullability = new();

    public IReadOnlyList<OptionEntry> Read(Type record)
    {
        var constructor = record.GetConstructor(Type.EmptyTypes);
        if (constructor is null || record.IsAbstract || record.ContainsGenericParameters
            || record.BaseType?.FullName != "System.Object" || record.Assembly != assembly)
        {
            report("RK1006", $"{record.FullName} cannot hold options: it must be a sealed record (in F#, a class) of this assembly "
                + "that derives from nothing, with a public constructor without parameters; give each property its default "
                + "with an initialiser: public double Alpha { get; init; } = 0.2;");
            return [];
        }
        var defaults = ConstructorDefaults.Read(image, constructor.MetadataToken);
        if (defaults is null)
        {
            report("RK1007", $"The constructor of {record.FullName} calls other members of the record. Defaults are read from "
                + "property initialisers alone: public double Alpha { get; init; } = 0.2;");
            return [];
        }
        return [.. record.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Select(p => ReadOption(record, p, defaults)).OfType<OptionEntry>()];
    }

    private OptionEntry? ReadOption(Type record, PropertyInfo property, Dictionary<string, object?> defaults)
    {
        var name = $"{record.FullName}.{property.Name}";
        // A property without setter is computed from others, unless it looks like an option that forgot `init`.
        if (property.SetMethod is not { IsPublic: true })
        {
            if (defaults.Keys.Any(field => IsFieldOf(field, property)))
                report("RK1008", $"{name} has a value but no public init accessor, so that no script could set it. "
                    + "Write { get; init; } (in F#: with get, set), or compute it from the options.");
            return null;
        }

        var underlying = property.PropertyType is { IsConstructedGenericType: true } generic
            && generic.GetGenericTypeDefinition().FullName == "System.Nullable`1" ? generic.GenericTypeArguments[0] : null;
        var type = underlying ?? property.PropertyType;
        var typeName = type switch
        {
            { IsEnum: true } when type.GetEnumUnderlyingType().FullName == "System.Int32" => "enum",
            { FullName: "System.Boolean" } => "bool",
            { FullName: "System.Int32" } => "int",
            { FullName: "System.Double" } => "double",
            { FullName: "System.String" } => "string",
            _ => null,
        };
        if (typeName is null)
        {
            report("RK1005", $"{name} has the type {type}. An option is a bool, int, double, string or an enumeration over int, "
                + "or one of these made nullable.");
            return null;
        }

        var members = typeName == "enum" ? type.GetFields(BindingFlags.Public | BindingFlags.Static) : [];
        var stored = defaults.FirstOrDefault(field => IsFieldOf(field.Key, property));
        var value = stored.Key is null && underlying is null ? Zero(typeName) : stored.Value;
        if (value is not null && !TryConvert(ref value, typeName, members))
        {
            report("RK1007", $"The default of {name} cannot be read from the assembly: it must be a constant of its type, "
                + "as in public double Alpha { get; init; } = 0.2; compute derived values where they are used.");
            value = null;
        }
        var range = ReadRange(name, property, typeName);
        if (range is not null && value is int or double && !range.Contains(Convert.ToDouble(value)))
            report("RK1011", $"The default of {name}, {FormattableString.Invariant($"{value}")}, lies outside its own range.");
        var nullable = underlying is not null || (typeName == "string" && (stored.Value is null || IsNullableText(property)));
        return new(property.Name, typeName, nullable, value, range, ReadChoices(property, typeName, members),
            ReadInput(name, property, typeName, value), docs.OfProperty(record, property.Name));
    }

    /// <summary>Compilers name the field behind an automatic property: C# the first way, F# the second.</summary>
    private static bool IsFieldOf(string field, PropertyInfo property) =>
        field == $"<{property.Name}>k__BackingField" || field == $"{property.Name}@";

    private bool IsNullableText(PropertyInfo property) => _nullability.Create(property).ReadState == NullabilityState.Nullable;

    private static object? Zero(string type) => type switch
    {
        "bool" or "int" or "enum" => 0,
        "double" => 0.0,
        _ => null,
    };

    private static bool TryConvert(ref object? value, string type, FieldInfo[] members)
    {
        value = (type, value) switch
        {
            ("bool", int flag) => flag != 0,
            ("int", int number) => number,
            ("double", double number) when double.IsFinite(number) => number,
            ("string", string text) => text,
            ("enum", int number) => members.FirstOrDefault(m => (int)m.GetRawConstantValue()! == number) is { } member
                ? Names.Kebab(member.Name) : null,
            _ => null,
        };
        return value is not null;
    }

    private OptionRange? ReadRange(string name, PropertyInfo property, string type)
    {
        if (Find(property, "RangeAttribute") is not { } attribute)
            return null;
        if (type is not ("int" or "double") || attribute.ConstructorArguments.Count != 2)
        {
            report("RK1012", $"[Range] on {name} cannot be checked: give two numbers, and only to an int or a double.");
            return null;
        }
        bool IsExclusive(string bound) =>
            attribute.NamedArguments.FirstOrDefault(a => a.MemberName == bound).TypedValue.Value is true;
        object? Bound(int index) => attribute.ConstructorArguments[index].Value switch
        {
            double bound when !double.IsFinite(bound) => null,
            int bound when type == "double" => (double)bound,
            var bound => bound,
        };
        return new(Bound(0), Bound(1), IsExclusive("MinimumIsExclusive"), IsExclusive("MaximumIsExclusive"));
    }

    private static IReadOnlyList<object>? ReadChoices(PropertyInfo property, string type, FieldInfo[] members)
    {
        if (type == "enum")
            return [.. members.Select(m => Names.Kebab(m.Name))];
        if (Find(property, "AllowedValuesAttribute")?.ConstructorArguments[0].Value is not IReadOnlyList<CustomAttributeTypedArgument> values)
            return null;
        return [.. values.Select(v => v.Value).OfType<object>().Where(v => v is bool or int or double or string)];
    }

    private string? ReadInput(string name, PropertyInfo property, string type, object? value)
    {
        var attribute = property.CustomAttributes.FirstOrDefault(a => a.AttributeType.FullName == "RewardKit.InputPathAttribute");
        if (attribute is null)
            return null;
        if (type != "string" || value is not (null or ""))
        {
            report("RK1019", $"[InputPath] on {name} cannot be kept: it belongs to a string, whose default is null where the path may be "
                + "left out (public string? Words { get; init; }), and \"\" where it must be given (public string File { get; init; } = \"\";).");
            return null;
        }
        var kind = attribute.ConstructorArguments[0];
        var member = kind.ArgumentType.GetFields(BindingFlags.Public | BindingFlags.Static).First(m => Equals(m.GetRawConstantValue(), kind.Value));
        return Names.Camel(member.Name);
    }

    private static CustomAttributeData? Find(PropertyInfo property, string attribute) =>
        property.CustomAttributes.FirstOrDefault(a => a.AttributeType.FullName == Annotations + attribute);
}
