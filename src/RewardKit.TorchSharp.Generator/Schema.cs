using System.Collections.Generic;
using System.Linq;

namespace RewardKit.TorchSharp.Generator;

/// <summary>A type as schemas write it: <c>Tensor?[]</c> is a list of optional tensors.</summary>
internal sealed class SchemaType
{
    public SchemaType(string name, bool isOptional, bool isList, bool itemsOptional, bool isWritten)
    {
        Name = name;
        IsOptional = isOptional;
        IsList = isList;
        ItemsOptional = itemsOptional;
        IsWritten = isWritten;
    }

    /// <summary>The item's name, with <c>SymInt</c> read as <c>int</c>.</summary>
    public string Name { get; }

    public bool IsOptional { get; }

    public bool IsList { get; }

    public bool ItemsOptional { get; }

    /// <summary>Annotated as written to, as in <c>Tensor(a!)</c>.</summary>
    public bool IsWritten { get; }
}

internal sealed class SchemaParameter
{
    public SchemaParameter(SchemaType type, string name, string? defaultValue)
    {
        Type = type;
        Name = name;
        DefaultValue = defaultValue;
    }

    public SchemaType Type { get; }

    public string Name { get; }

    public string? DefaultValue { get; }
}

internal sealed class Schema
{
    public Schema(string name, string overload, List<SchemaParameter> parameters, List<SchemaType> results)
    {
        OperatorName = name;
        Overload = overload;
        Parameters = parameters;
        Results = results;
    }

    /// <summary><c>aten::add</c>.</summary>
    public string OperatorName { get; }

    /// <summary><c>Tensor</c>, or empty.</summary>
    public string Overload { get; }

    public string Name => Overload.Length == 0 ? OperatorName : OperatorName + "." + Overload;

    /// <summary><c>add_Tensor</c>.</summary>
    public string MethodName
    {
        get
        {
            var name = OperatorName.Substring(OperatorName.IndexOf("::", System.StringComparison.Ordinal) + 2);
            return Overload.Length == 0 ? name : name + "_" + Overload;
        }
    }

    public List<SchemaParameter> Parameters { get; }

    public List<SchemaType> Results { get; }

    /// <summary>Results that are arguments written to: the caller has them, so they are not handed over.</summary>
    public bool ReturnsArguments => Results.Count > 0 && Results.All(result => result.IsWritten);
}
