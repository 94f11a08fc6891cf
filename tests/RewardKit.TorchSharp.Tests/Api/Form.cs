using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace RewardKit.TorchSharp.Tests.Api;

/// <summary>Writes a member as the listing does.</summary>
internal static class Form
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ulong)] = "ulong",
        [typeof(ushort)] = "ushort",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(nint)] = "nint",
    };

    public static IEnumerable<string> Of(Type type)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var field in type.GetFields(all).Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
        {
            if (type.IsEnum) yield return $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}";
            else yield return (field.IsFamily ? "protected " : "") + (field.IsInitOnly && Name(type) == "torch" ? "readonly " : "") + $"{Name(field.FieldType, Tuples(field))} {field.Name}";
        }
        foreach (var constructor in type.GetConstructors(all).Where(IsVisible))
            yield return Prefix(constructor) + $"{type.Name.Split('`')[0]}({Parameters(constructor)})";
        foreach (var property in type.GetProperties(all))
        {
            if (property.GetMethod is not { } getter || !IsVisible(getter)) continue;
            var accessors = property.SetMethod is { } setter && IsVisible(setter) ? "{ get; set; }" : "{ get; }";
            var name = property.GetIndexParameters().Length > 0 ? $"this[{Parameters(getter)}]" : property.Name;
            yield return Prefix(getter) + $"{Name(property.PropertyType, Tuples(property))} {name} {accessors}";
        }
        foreach (var method in type.GetMethods(all).Where(IsVisible))
        {
            if (method.Name == "Finalize" || (method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal))) continue;
            var result = Name(method.ReturnType, Tuples(method.ReturnParameter));
            yield return method.Name switch
            {
                "op_Implicit" => $"implicit operator {result}({Parameters(method)})",
                "op_Explicit" => $"explicit operator {result}({Parameters(method)})",
                _ when method.IsSpecialName => $"{result} operator {method.Name}({Parameters(method)})",
                _ => Prefix(method) + $"{result} {method.Name}{Generics(method)}({Parameters(method)})",
            };
        }
    }

    /// <summary><c>torch.nn.Module</c> for the nested type, <c>Linear</c> for one in another namespace.</summary>
    public static string Name(Type type) =>
        type.DeclaringType is { } outer && !type.IsGenericParameter ? Name(outer) + "." + type.Name.Split('`')[0] : type.Name.Split('`')[0];

    /// <summary>As the name, with the type parameters: <c>torch.nn.Module&lt;T, TResult&gt;</c>.</summary>
    public static string FullName(Type type) =>
        Name(type) + (type.Name.Contains('`') ? $"<{string.Join(", ", type.GetGenericArguments().Select(argument => argument.Name))}>" : "");

    private static bool IsVisible(MethodBase method) =>
        (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) && !(method is MethodInfo info && IsExplicit(info));

    private static bool IsExplicit(MethodInfo method) => method.Name.Contains('.');

    private static string Prefix(MethodBase method)
    {
        var prefix = method.IsPublic ? "" : "protected ";
        if (method is not MethodInfo info || method.DeclaringType!.IsInterface) return prefix;
        if (info.GetBaseDefinition() != info) return prefix + "override ";
        return prefix + (info.IsVirtual && !info.IsFinal ? "virtual " : "");
    }

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        var modifier = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : parameter.IsOut ? "out " : type.IsByRef ? "ref " : "";
        var text = $"{modifier}{Name(type.IsByRef ? type.GetElementType()! : type, Tuples(parameter))} {parameter.Name}";
        return parameter.HasDefaultValue ? $"{text} = {Default(parameter)}" : text;
    }

    private static string Default(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return parameter.DefaultValue switch
        {
            null => parameter.ParameterType.IsValueType && type == parameter.ParameterType ? "default" : "null",
            bool value => value ? "true" : "false",
            float value => value.ToString(CultureInfo.InvariantCulture) + "f",
            double value => value.ToString(CultureInfo.InvariantCulture),
            string value => $"\"{value}\"",
            _ when type.IsEnum => $"{Name(type, null)}.{Enum.ToObject(type, parameter.RawDefaultValue!)}",
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString()!,
        };
    }

    private static Queue<string?>? Tuples(ICustomAttributeProvider member) =>
        member.GetCustomAttributes(typeof(TupleElementNamesAttribute), false) is [TupleElementNamesAttribute names]
            ? new Queue<string?>(names.TransformNames)
            : null;

    private static string Name(Type type, Queue<string?>? tupleNames)
    {
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Name(underlying, tupleNames) + "?";
        if (type.IsArray) return $"{Name(type.GetElementType()!, tupleNames)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsGenericType && type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal))
        {
            var arguments = type.GetGenericArguments();
            // The names of a tuple come before those of the tuples within.
            var names = arguments.Select(_ => tupleNames?.Count > 0 ? tupleNames.Dequeue() : null).ToArray();
            return $"({string.Join(", ", arguments.Zip(names, (argument, name) => Name(argument, tupleNames) + (name is null ? "" : " " + name)))})";
        }
        var plain = Name(type);
        if (plain.StartsWith("torch.", StringComparison.Ordinal)) plain = plain["torch.".Length..];
        return type.IsGenericType
            ? $"{plain}<{string.Join(", ", type.GetGenericArguments().Select(argument => Name(argument, tupleNames)))}>"
            : plain;
    }
}
