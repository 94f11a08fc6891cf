using System.Collections;

namespace TorchSharp.Utils;

/// <summary>
/// The elements of a tensor on the processor, where they are: reading and writing goes through to the tensor. Elements
/// come in the order of the indices, also where the tensor is a view that is not contiguous.
/// </summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly T* _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _contiguous;

    internal TensorAccessor(torch.Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU)
            throw new InvalidOperationException($"This tensor lies on {tensor.device}; copy it with cpu() to reach its data");
        _tensor = tensor;
        Count = tensor.NumberOfElements;
        _data = (T*)Native.rk_tensor_data(tensor.Handle);
        if (_data is null && Count > 0) throw Native.Error("reaching a tensor's data");
        _shape = tensor.shape;
        _strides = tensor.stride();
        _contiguous = tensor.is_contiguous();
    }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>False.</summary>
    public bool IsReadOnly => false;

    /// <summary>An element by its position among all (one index), or by one index per dimension.</summary>
    public T this[params long[] indices]
    {
        get
        {
            var value = Data[Offset(indices)];
            GC.KeepAlive(_tensor);
            return value;
        }
        set
        {
            Data[Offset(indices)] = value;
            GC.KeepAlive(_tensor);
        }
    }

    /// <summary>A copy of all elements.</summary>
    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array.AsSpan());
        return array;
    }

    /// <summary>Copies the elements from <paramref name="tensorIndex"/> on to an array, from <paramref name="arrayIndex"/> on.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies the elements from <paramref name="tensorIndex"/> on to a span, from <paramref name="arrayIndex"/> on.</summary>
    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var target = array[arrayIndex..];
        var count = Within(tensorIndex, target.Length);
        var data = Data;
        if (_contiguous) new ReadOnlySpan<T>(data + tensorIndex, count).CopyTo(target);
        else for (var k = 0; k < count; k++) target[k] = data[Offset(tensorIndex + k)];
        GC.KeepAlive(_tensor);
    }

    /// <summary>Writes the elements of an array, from <paramref name="arrayIndex"/> on, from <paramref name="tensorIndex"/> on.</summary>
    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) =>
        CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    /// <summary>Writes the elements of a span, from <paramref name="arrayIndex"/> on, from <paramref name="tensorIndex"/> on.</summary>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var source = array[arrayIndex..];
        var count = Within(tensorIndex, source.Length);
        var data = Data;
        if (_contiguous) source[..count].CopyTo(new Span<T>(data + tensorIndex, count));
        else for (var k = 0; k < count; k++) data[Offset(tensorIndex + k)] = source[k];
        GC.KeepAlive(_tensor);
    }

    /// <summary>The elements in order.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        for (long k = 0; k < Count; k++) yield return Read(k);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Does nothing; the tensor owns the memory.</summary>
    public void Dispose() => GC.KeepAlive(_tensor);

    /// <summary>The memory, as long as the tensor has it: it may be disposed, moved to another device, or resized.</summary>
    private T* Data
    {
        get
        {
            var handle = _tensor.Handle;
            if (Count > 0 && (Native.rk_tensor_data_now(handle) != _data || Native.rk_tensor_numel(handle) != Count))
                throw new InvalidOperationException("The tensor's elements are somewhere else since this accessor was made; call data() again");
            return _data;
        }
    }

    private T Read(long position)
    {
        var value = Data[Offset(position)];
        GC.KeepAlive(_tensor);
        return value;
    }

    /// <summary>How many of <paramref name="length"/> elements there are from a position on.</summary>
    private int Within(long position, int length) => (ulong)position <= (ulong)Count
        ? (int)Math.Min(length, Count - position)
        : throw OutOfRange([position]);

    private long Offset(long[] indices)
    {
        if (indices.Length == 1)
        {
            if ((ulong)indices[0] >= (ulong)Count) throw OutOfRange(indices);
            return Offset(indices[0]);
        }
        if (indices.Length != _shape.Length) throw OutOfRange(indices);
        long offset = 0;
        for (var k = 0; k < indices.Length; k++)
        {
            if ((ulong)indices[k] >= (ulong)_shape[k]) throw OutOfRange(indices);
            offset += indices[k] * _strides[k];
        }
        return offset;
    }

    private long Offset(long position)
    {
        if (_contiguous) return position;
        long offset = 0;
        for (var k = _shape.Length - 1; k >= 0; k--)
        {
            position = Math.DivRem(position, _shape[k], out var index);
            offset += index * _strides[k];
        }
        return offset;
    }

    private IndexOutOfRangeException OutOfRange(long[] indices) =>
        new($"[{string.Join(", ", indices)}] is not an element of a tensor of shape [{string.Join(", ", _shape)}]");
}
