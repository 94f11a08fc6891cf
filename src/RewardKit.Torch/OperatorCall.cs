#if !TORCH_PACKAGE
using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>One call of an operator: binds the arguments to the schema, boxes them, unboxes the results.</summary>
internal sealed unsafe class OperatorCall : IDisposable
{
    private readonly Operator _operator;
    private readonly List<nint> _memory = [];

    private OperatorCall(Operator op) => _operator = op;

    public static object?[] Run(Operator op, object?[] args)
    {
        using var call = new OperatorCall(op);
        var boxed = call.Bind(args);
        var results = new Arg[op.ResultCount];
        fixed (Arg* boxedPin = boxed, resultsPin = results)
        {
            if (Native.rk_call(op.Handle, boxedPin, boxed.Length, resultsPin, results.Length) != 0)
                throw OperatorError.Create(op.Name, string.Join(',', op.Arguments.Select(argument => argument.Name)), boxedPin, boxed.Length);
        }
        GC.KeepAlive(args);
        return Array.ConvertAll(results, Unbox);
    }

    public void Dispose()
    {
        foreach (var block in _memory) NativeMemory.Free((void*)block);
    }

    private Arg[] Bind(object?[] args)
    {
        var parameters = _operator.Arguments;
        var boxed = new Arg[parameters.Count];
        var given = new bool[parameters.Count];
        var position = 0;
        var keywords = false;
        foreach (var arg in args)
        {
            int index;
            var value = arg;
            if (arg is ITuple { Length: 2 } pair && pair[0] is string name)
            {
                keywords = true;
                value = pair[1];
                index = IndexOf(name);
                if (index < 0) throw Wrong($"has no argument '{name}'");
            }
            else
            {
                if (keywords) throw Wrong("got an argument without a name after one with a name");
                index = position++;
                if (index >= parameters.Count || parameters[index].KeywordOnly)
                    throw Wrong($"takes at most {parameters.Count(parameter => !parameter.KeywordOnly)} arguments by position; the others go as (\"name\", value)");
            }
            if (given[index]) throw Wrong($"got the argument '{parameters[index].Name}' twice");
            given[index] = true;
            if (!TryBox(parameters[index].Type, value, out boxed[index]))
                throw Wrong($"wants {parameters[index].TypeText} as the argument '{parameters[index].Name}', not {OperatorArgument.Describe(value)}");
        }
        for (var k = 0; k < boxed.Length; k++)
        {
            if (given[k]) continue;
            if (!parameters[k].HasDefault) throw Wrong($"lacks the argument '{parameters[k].Name}' ({parameters[k].TypeText})");
            boxed[k] = Arg.Default;
        }
        return boxed;
    }

    private int IndexOf(string name)
    {
        for (var k = 0; k < _operator.Arguments.Count; k++)
        {
            if (_operator.Arguments[k].Name == name) return k;
        }
        return -1;
    }

    private ArgumentException Wrong(string what) => new($"{_operator.Name} {what}. Its schema: {_operator.Schema}");

    private bool TryBox(string type, object? value, out Arg arg)
    {
        arg = Arg.None;
        if (type[0] == '?') return value is null || TryBox(type[1..], value, out arg);
        if (value is null) return false;
        if (type[0] == '[') return value is not string && value is IEnumerable sequence && TryBoxList(type[1..], sequence.Cast<object?>().ToList(), out arg);
        Arg? boxed = (type, value) switch
        {
            ("TensorType", Tensor tensor) => Arg.Of(tensor),
            ("IntType" or "SymIntType" or "ScalarTypeType" or "MemoryFormatType" or "LayoutType", _) when IsInteger(value) => Arg.Of(Integer(value)),
            ("FloatType" or "SymFloatType", _) when IsNumber(value) => Arg.Of(Number(value)),
            ("NumberType", Scalar scalar) => Arg.Of((ScalarValue)scalar),
            ("NumberType", bool flag) => Arg.Of(flag),
            ("NumberType", _) when IsInteger(value) => Arg.Of(Integer(value)),
            ("NumberType", _) when IsNumber(value) => Arg.Of(Number(value)),
            ("BoolType" or "SymBoolType", bool flag) => Arg.Of(flag),
            ("StringType", string text) => List(ArgTag.String, Encoding.UTF8.GetBytes(text)),
            ("DeviceObjType", Device device) => Arg.Of(device),
            ("DeviceObjType", string text) => Arg.Of(new Device(text)),
            ("GeneratorType", Generator generator) => Arg.Of(generator),
            _ => null,
        };
        arg = boxed ?? Arg.None;
        return boxed is not null;
    }

    private bool TryBoxList(string type, List<object?> items, out Arg arg)
    {
        Arg? boxed = type switch
        {
            "TensorType" when items.All(item => item is Tensor) => List(ArgTag.TensorList, items.Select(item => ((Tensor)item!).Handle).ToArray()),
            "?TensorType" when items.All(item => item is Tensor or null) => List(ArgTag.OptionalTensorList, items.Select(item => ((Tensor?)item)?.Handle ?? 0).ToArray()),
            "IntType" or "SymIntType" when items.All(IsInteger) => List(ArgTag.IntList, items.Select(item => Integer(item!)).ToArray()),
            "FloatType" when items.All(IsNumber) => List(ArgTag.DoubleList, items.Select(item => Number(item!)).ToArray()),
            "NumberType" when items.All(IsNumber) => List(ArgTag.ScalarList, items.Select(item => Number(item!)).ToArray()),
            "BoolType" when items.All(item => item is bool) => List(ArgTag.BoolList, items.Select(item => (byte)((bool)item! ? 1 : 0)).ToArray()),
            _ => null,
        };
        arg = boxed ?? Arg.None;
        return boxed is not null;
    }

    /// <summary>An argument in memory that lives as long as the call.</summary>
    private Arg List<T>(ArgTag tag, T[] items)
        where T : unmanaged
    {
        var memory = NativeMemory.Alloc((nuint)Math.Max(1, items.Length), (nuint)sizeof(T));
        _memory.Add((nint)memory);
        items.CopyTo(new Span<T>(memory, items.Length));
        return Arg.List(tag, memory, items.Length);
    }

    private static bool IsInteger(object? value) => value is long or int or short or sbyte or byte or uint or ushort or Enum;

    private static bool IsNumber(object? value) => value is double or float or Half || (IsInteger(value) && value is not Enum);

    private static long Integer(object value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);

    private static double Number(object value) => value is Half half ? (double)half : Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static object? Unbox(Arg result) => result.Tag switch
    {
        ArgTag.Tensor => Tensor.Wrap(result.Pointer),
        ArgTag.TensorList => result.TakeTensors(),
        ArgTag.Int => result.Integer,
        ArgTag.Double => result.Number,
        ArgTag.Bool => result.Integer != 0,
        ArgTag.String => Take<byte>(result, Encoding.UTF8.GetString),
        ArgTag.IntList => Take<long>(result, items => items.ToArray()),
        ArgTag.DoubleList => Take<double>(result, items => items.ToArray()),
        ArgTag.BoolList => Take<byte>(result, items => Array.ConvertAll(items.ToArray(), item => item != 0)),
        _ => null,
    };

    private static object Take<T>(Arg result, Func<ReadOnlySpan<T>, object> read)
        where T : unmanaged
    {
        var value = read(new ReadOnlySpan<T>((void*)result.Pointer, result.Count));
        Native.rk_memory_free(result.Pointer);
        return value;
    }
}
#endif
