using System.Collections;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>An argument of a schema.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its kind, with <c>?</c> before an optional one and <c>[</c> before a list.</param>
/// <param name="KeywordOnly">Whether it goes by keyword only.</param>
/// <param name="HasDefault">Whether it can be left out.</param>
internal sealed record OperatorArgument(string Name, string Type, bool KeywordOnly, bool HasDefault)
{
    /// <summary>A line of the shim's: name, type and two flags with tabs between.</summary>
    public static OperatorArgument Parse(string line)
    {
        var parts = line.Split('\t');
        return new(parts[0], parts[1], parts[2] == "1", parts[3] == "1");
    }

    /// <summary>The type as a schema writes it: <c>Tensor?[]</c>.</summary>
    public string TypeText => Text(Type);

    private static string Text(string type) => type[0] switch
    {
        '?' => Text(type[1..]) + "?",
        '[' => Text(type[1..]) + "[]",
        _ => type switch
        {
            "IntType" or "SymIntType" => "int",
            "FloatType" or "SymFloatType" => "float",
            "NumberType" => "Scalar",
            "BoolType" or "SymBoolType" => "bool",
            "StringType" => "str",
            "DeviceObjType" => "Device",
            _ => type.EndsWith("Type", StringComparison.Ordinal) ? type[..^4] : type,
        },
    };

    /// <summary>What was given, in a few words.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "null",
        Tensor { IsInvalid: true } => "a disposed Tensor",
        Tensor tensor => $"a Tensor {tensor.dtype} [{string.Join(", ", tensor.shape)}] on {tensor.device}",
        string text => $"the string \"{text}\"",
        Device device => $"the Device {device}",
        Scalar => "a Scalar",
        IEnumerable sequence => Sequence(sequence),
        _ => $"the {value.GetType().Name} {Convert.ToString(value, CultureInfo.InvariantCulture)}",
    };

    private static string Sequence(IEnumerable sequence)
    {
        var items = sequence.Cast<object?>().ToList();
        return items.Count == 0 ? "an empty sequence" : $"a sequence of {items.Count} that begins with {Describe(items[0])}";
    }
}
