namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor of the shape of the array with a copy of its values.</summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => FromArray(rawArray, null, device, false, null);

    /// <summary>A tensor of the shape of the array with a copy of its values.</summary>
    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        FromArray(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of the shape of the array with a copy of its values.</summary>
    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) => FromArray(data, dtype, device, false, null);

    /// <summary>The tensor itself, converted and moved where asked for.</summary>
    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null) =>
        data.to(dtype ?? data.dtype, device ?? data.device);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<int>(rawArray, [rawArray.Length], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(IList<int> rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<int>(Items(rawArray), [rawArray.Count], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<bool>(rawArray, [rawArray.Length], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(IList<bool> rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<bool>(Items(rawArray), [rawArray.Count], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(long[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<long>(rawArray, [rawArray.Length], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(IList<long> rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<long>(Items(rawArray), [rawArray.Count], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<float>(rawArray, [rawArray.Length], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(IList<float> rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<float>(Items(rawArray), [rawArray.Count], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<double>(rawArray, [rawArray.Length], dtype, device, false, null);

    /// <summary>A vector with a copy of the values.</summary>
    public static Tensor as_tensor(IList<double> rawArray, ScalarType? dtype = null, Device? device = null) =>
        Make<double>(Items(rawArray), [rawArray.Count], dtype, device, false, null);
}
