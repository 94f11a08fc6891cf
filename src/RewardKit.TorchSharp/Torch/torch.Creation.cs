namespace TorchSharp;

public static partial class torch
{
    /// <summary>Zeros.</summary>
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros([size], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros([rows, columns], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros([dim0, dim1, dim2], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Zeros.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros([dim0, dim1, dim2, dim3], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones([size], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones([rows, columns], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones([dim0, dim1, dim2], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Ones.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones([dim0, dim1, dim2, dim3], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format([size], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format(size, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format([rows, columns], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format([dim0, dim1, dim2], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Memory as it was; write before you read.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_memory_format([dim0, dim1, dim2, dim3], dtype, null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full([size], value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full(size, value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full(size, value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full([rows, columns], value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(long dim0, long dim1, long dim2, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full([dim0, dim1, dim2], value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, of the type of the value unless said.</summary>
    public static Tensor full(long dim0, long dim1, long dim2, long dim3, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full([dim0, dim1, dim2, dim3], value, dtype ?? FullType(value), null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand([size], dtype, null, Usable(device)) : Ops.rand_generator([size], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand(size, dtype, null, Usable(device)) : Ops.rand_generator(size, generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand(size, dtype, null, Usable(device)) : Ops.rand_generator(size, generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand([rows, columns], dtype, null, Usable(device)) : Ops.rand_generator([rows, columns], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand([dim0, dim1, dim2], dtype, null, Usable(device)) : Ops.rand_generator([dim0, dim1, dim2], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Uniform random numbers in [0, 1).</summary>
    public static Tensor rand(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.rand([dim0, dim1, dim2, dim3], dtype, null, Usable(device)) : Ops.rand_generator([dim0, dim1, dim2, dim3], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn([size], dtype, null, Usable(device)) : Ops.randn_generator([size], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn(size, dtype, null, Usable(device)) : Ops.randn_generator(size, generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn(size, dtype, null, Usable(device)) : Ops.randn_generator(size, generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn([rows, columns], dtype, null, Usable(device)) : Ops.randn_generator([rows, columns], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn([dim0, dim1, dim2], dtype, null, Usable(device)) : Ops.randn_generator([dim0, dim1, dim2], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution.</summary>
    public static Tensor randn(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        Made(generator is null ? Ops.randn([dim0, dim1, dim2, dim3], dtype, null, Usable(device)) : Ops.randn_generator([dim0, dim1, dim2, dim3], generator, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>As zeros, in the shape, type and device of another tensor unless said.</summary>
    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.zeros_like(input, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>As ones, in the shape, type and device of another tensor unless said.</summary>
    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.ones_like(input, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>As empty, in the shape, type and device of another tensor unless said.</summary>
    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.empty_like(input, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>One value throughout, in the shape, type and device of another tensor unless said.</summary>
    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null) =>
        Made(Ops.full_like(input, value, dtype, null, Usable(device)), requires_grad, names);

    /// <summary>Random numbers from the standard normal distribution, in the shape, type and device of another tensor unless said.</summary>
    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Ops.randn_like(input, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>Random integers from 0 to before high.</summary>
    public static Tensor randint(int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(0, high, Array.ConvertAll(size, length => (long)length), dtype, device, requires_grad, generator, names);

    /// <summary>Random integers from low to before high.</summary>
    public static Tensor randint(int low, int high, int[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(low, high, Array.ConvertAll(size, length => (long)length), dtype, device, requires_grad, generator, names);

    /// <summary>Random integers from 0 to before high.</summary>
    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(0, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>Random integers from low to before high.</summary>
    public static Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(low, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>Random integers from 0 to before high.</summary>
    public static Tensor randint(long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(0, high, size.Shape, dtype, device, requires_grad, generator, names);

    /// <summary>Random integers from low to before high.</summary>
    public static Tensor randint(long low, long high, Size size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null, string[]? names = null) =>
        RandInt(low, high, size.Shape, dtype, device, requires_grad, generator, names);

    /// <summary>The integers from 0 to before n in random order.</summary>
    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, Generator? generator = null) =>
        Made(generator is null ? Ops.randperm(n, dtype, null, Usable(device)) : Ops.randperm_generator(n, generator, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>The integers from 0 to before n in random order, written to a tensor, which takes their shape.</summary>
    public static Tensor randperm(long n, Tensor @out, Generator? generator = null)
    {
        if (generator is null) Ops.randperm_out(n, @out);
        else Ops.randperm_generator_out(n, generator, @out);
        return @out.alias();
    }

    /// <summary>The numbers from 0 to before stop; integers unless a number has a fraction type.</summary>
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Ops.arange(stop, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>The numbers from start to before stop.</summary>
    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Ops.arange_start(start, stop, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>Every step-th number from start to before stop.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Ops.arange_start_step(start, stop, step, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>Numbers at equal distances, both ends included.</summary>
    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Made(Ops.linspace(start, end, steps, dtype, null, Usable(device)), requires_grad, null);

    /// <summary>The indices of the lower triangle, [2, count].</summary>
    public static Tensor tril_indices(long row, long col, long offset = 0, ScalarType dtype = ScalarType.Int64, Device? device = null) =>
        Ops.tril_indices(row, col, offset, dtype, null, Usable(device));

    /// <summary>Null stays null: the operator then takes the default or that of its input.</summary>
    private static Device? Usable(Device? device) => device is null ? null : InitializeDevice(device);

    /// <summary>The type of a filled tensor, as PyTorch infers it.</summary>
    private static ScalarType? FullType(Scalar value) =>
        value.Value.IsFloating ? null : value.Type == ScalarType.Bool ? ScalarType.Bool : ScalarType.Int64;

    /// <summary>Random integers.</summary>
    private static Tensor RandInt(long low, long high, ReadOnlySpan<long> size, ScalarType? dtype, Device? device, bool requires_grad, Generator? generator, string[]? names) =>
        Made(
    generator is null
        ? Ops.randint_low(low, high, size, dtype ?? ScalarType.Int64, null, Usable(device))
        : Ops.randint_low_generator(low, high, size, generator, dtype ?? ScalarType.Int64, null, Usable(device)),
    requires_grad, names);

    /// <summary>What every factory does last.</summary>
    private static Tensor Made(Tensor tensor, bool requires_grad, string[]? names)
    {
        if (names is not null) throw new NotSupportedException("Named dimensions are not offered");
        if (requires_grad) tensor.requires_grad = true;
        return tensor;
    }
}
