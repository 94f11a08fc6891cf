namespace TorchSharp;

/// <summary>A kind of device; the values are libtorch's.</summary>
public enum DeviceType
{
    /// <summary>The processor.</summary>
    CPU = 0,
    /// <summary>An NVIDIA GPU.</summary>
    CUDA = 1,
    /// <summary>MKL-DNN.</summary>
    MKLDNN = 2,
    /// <summary>OpenGL.</summary>
    OPENGL = 3,
    /// <summary>OpenCL.</summary>
    OPENCL = 4,
    /// <summary>IDEEP.</summary>
    IDEEP = 5,
    /// <summary>An AMD GPU.</summary>
    HIP = 6,
    /// <summary>An FPGA.</summary>
    FPGA = 7,
    /// <summary>MSNPU.</summary>
    MSNPU = 8,
    /// <summary>XLA.</summary>
    XLA = 9,
    /// <summary>An Apple GPU.</summary>
    MPS = 13,
    /// <summary>Shapes without data.</summary>
    META = 14,
}

/// <summary>How <c>ToString</c> writes a tensor.</summary>
public enum TensorStringStyle
{
    /// <summary>Shape, type and device.</summary>
    Metadata,
    /// <summary>Shape, type and device, then the values in columns.</summary>
    Julia,
    /// <summary>The values in nested brackets.</summary>
    Numpy,
    /// <summary>Shape and type, then the values in nested braces.</summary>
    CSharp,
    /// <summary>The style of the parameterless <c>ToString</c>.</summary>
    Default,
}

public static partial class torch
{
    /// <summary>The type of a tensor's elements; the values are libtorch's.</summary>
    public enum ScalarType : sbyte
    {
        /// <summary>8 bits, unsigned.</summary>
        Byte = 0,
        /// <summary>8 bits, signed.</summary>
        Int8 = 1,
        /// <summary>16 bits, signed.</summary>
        Int16 = 2,
        /// <summary>32 bits, signed.</summary>
        Int32 = 3,
        /// <summary>64 bits, signed.</summary>
        Int64 = 4,
        /// <summary>IEEE half precision.</summary>
        Float16 = 5,
        /// <summary>IEEE single precision.</summary>
        Float32 = 6,
        /// <summary>IEEE double precision.</summary>
        Float64 = 7,
        /// <summary>Two singles.</summary>
        ComplexFloat32 = 9,
        /// <summary>Two doubles.</summary>
        ComplexFloat64 = 10,
        /// <summary>One byte, 0 or 1.</summary>
        Bool = 11,
        /// <summary>Quantised, 8 bits signed.</summary>
        QInt8 = 12,
        /// <summary>Quantised, 8 bits unsigned.</summary>
        QUInt8 = 13,
        /// <summary>Quantised, 32 bits.</summary>
        QInt32 = 14,
        /// <summary>The upper half of a single.</summary>
        BFloat16 = 15,
    }

    /// <summary>bfloat16.</summary>
    public static ScalarType bfloat16 = ScalarType.BFloat16;

    /// <summary>Half precision.</summary>
    public static ScalarType float16 = ScalarType.Float16;

    /// <summary>Single precision.</summary>
    public static ScalarType float32 = ScalarType.Float32;

    /// <summary>Double precision.</summary>
    public static ScalarType float64 = ScalarType.Float64;

    /// <summary>32-bit integers.</summary>
    public static ScalarType int32 = ScalarType.Int32;

    /// <summary>64-bit integers.</summary>
    public static ScalarType int64 = ScalarType.Int64;
}
