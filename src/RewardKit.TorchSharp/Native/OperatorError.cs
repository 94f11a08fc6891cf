using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>Writes the message of an operator that failed: its name, libtorch's reason, every argument.</summary>
internal static unsafe class OperatorError
{
    public static ExternalException Create(string name, string parameters, Arg* args, int count)
    {
        var text = new StringBuilder();
        text.Append(name).Append(" failed: ").Append(Native.LastError.Trim());
        var names = parameters.Split(',');
        for (var k = 0; k < count; k++)
        {
            if (args[k].Tag is ArgTag.None or ArgTag.Default || (args[k].Tag is ArgTag.TensorList && args[k].Count == 0)) continue;
            text.Append("\n  ").Append(names[k]).Append(": ");
            Describe(text, args[k]);
        }
        return new ExternalException(text.ToString());
    }

    public static ArgumentNullException Missing(string op, string name) => new(name, $"{op} needs a tensor as {name}, but was given null");

    public static ObjectDisposedException Disposed(string op, string name) => new(nameof(torch.Tensor),
        $"{op} was given a disposed tensor as {name}. It was disposed by hand or with its dispose scope; move it to an outer scope to keep it.");

    private static void Describe(StringBuilder text, Arg arg)
    {
        switch (arg.Tag)
        {
            case ArgTag.Tensor:
                Describe(text, arg.Pointer);
                break;
            case ArgTag.TensorList or ArgTag.OptionalTensorList:
                const int most = 16;
                for (var k = 0; k < Math.Min(arg.Count, most); k++)
                {
                    if (k > 0) text.Append("; ");
                    Describe(text, ((nint*)arg.Pointer)[k]);
                }
                if (arg.Count > most) text.Append(CultureInfo.InvariantCulture, $"; ... {arg.Count} tensors");
                break;
            case ArgTag.IntList:
                text.Append('[').AppendJoin(", ", new ReadOnlySpan<long>((void*)arg.Pointer, arg.Count).ToArray()).Append(']');
                break;
            case ArgTag.Double:
                text.Append(CultureInfo.InvariantCulture, $"{arg.Number}");
                break;
            case ArgTag.Bool:
                text.Append(arg.Integer != 0 ? "true" : "false");
                break;
            case ArgTag.String:
                text.Append('"').Append(Encoding.UTF8.GetString((byte*)arg.Pointer, arg.Count)).Append('"');
                break;
            case ArgTag.Int:
                text.Append(CultureInfo.InvariantCulture, $"{arg.Integer}");
                break;
            case ArgTag.Device:
                text.Append(new torch.Device((DeviceType)arg.Integer, arg.Count));
                break;
            default:
                text.Append(CultureInfo.InvariantCulture, $"{arg.Tag} of {arg.Count}");
                break;
        }
    }

    private static void Describe(StringBuilder text, nint handle)
    {
        if (handle == 0)
        {
            text.Append("none");
            return;
        }
        var sizes = new long[Native.rk_tensor_dim(handle)];
        fixed (long* pointer = sizes) Native.rk_tensor_sizes(handle, pointer);
        int index;
        var type = (DeviceType)Native.rk_tensor_device(handle, &index);
        text.Append((torch.ScalarType)Native.rk_tensor_dtype(handle)).Append(" [").AppendJoin(", ", sizes).Append("] on ")
            .Append(new torch.Device(type, index));
    }
}
