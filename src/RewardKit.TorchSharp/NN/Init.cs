namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Initial values, written into tensors without recording.</summary>
        public static partial class init
        {
            /// <summary>Which side of a weight counts.</summary>
            public enum FanInOut
            {
                /// <summary>The inputs of one output.</summary>
                FanIn = 0,
                /// <summary>The outputs of one input.</summary>
                FanOut = 1,
            }

            /// <summary>What follows the weight; it sets the gain.</summary>
            public enum NonlinearityType
            {
                /// <summary>Nothing.</summary>
                Linear = 0,
                /// <summary>A convolution.</summary>
                Conv1D = 1,
                /// <summary>A convolution.</summary>
                Conv2D = 2,
                /// <summary>A convolution.</summary>
                Conv3D = 3,
                /// <summary>A transposed convolution.</summary>
                ConvTranspose1D = 4,
                /// <summary>A transposed convolution.</summary>
                ConvTranspose2D = 5,
                /// <summary>A transposed convolution.</summary>
                ConvTranspose3D = 6,
                /// <summary>A sigmoid.</summary>
                Sigmoid = 7,
                /// <summary>A hyperbolic tangent.</summary>
                Tanh = 8,
                /// <summary>A rectifier.</summary>
                ReLU = 9,
                /// <summary>A leaky rectifier.</summary>
                LeakyReLU = 10,
            }

            /// <summary>Sets every element to one value.</summary>
            public static Tensor constant_(Tensor tensor, Scalar val) => Written(tensor, t => t.fill_(val));

            /// <summary>Sets every element to one.</summary>
            public static Tensor ones_(Tensor tensor) => Written(tensor, t => t.fill_(1));

            /// <summary>Sets every element to zero.</summary>
            public static Tensor zeros_(Tensor tensor) => Written(tensor, t => t.zero_());

            /// <summary>Draws from a normal distribution.</summary>
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null) =>
                Written(tensor, t => t.normal_(mean, std, generator));

            /// <summary>Draws from a uniform distribution.</summary>
            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1, Generator? generator = null) =>
                Written(tensor, t => t.uniform_(low, high, generator));

            /// <summary>Draws from a normal distribution cut off at <paramref name="a"/> and <paramref name="b"/>.</summary>
            public static Tensor trunc_normal_(Tensor tensor, double mean = 0, double std = 1, double a = -2, double b = 2, Generator? generator = null) =>
                Written(tensor, t =>
                {
                    // By inversion: uniform between the two ends' probabilities, mapped to [-1, 1] for the inverse error function.
                    var (low, high) = (TwiceNormalBelow((a - mean) / std) - 1, TwiceNormalBelow((b - mean) / std) - 1);
                    t.uniform_(low, high, generator);
                    Ops.erfinv_(t);
                    t.mul_(std * Math.Sqrt(2));
                    t.add_(mean);
                    t.clamp_(a, b);
                });

            /// <summary>Uniform within ± gain √(3 / fan) (He et al., arXiv:1502.01852).</summary>
            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn, NonlinearityType nonlinearity = NonlinearityType.LeakyReLU)
            {
                var (fanIn, fanOut) = Fans(tensor);
                var bound = Gain(nonlinearity, a) * Math.Sqrt(3.0 / (mode == FanInOut.FanIn ? fanIn : fanOut));
                return uniform_(tensor, -bound, bound);
            }

            /// <summary>Uniform within ± gain √(6 / (inputs + outputs)) (Glorot and Bengio, 2010).</summary>
            public static Tensor xavier_uniform_(Tensor tensor, double gain = 1)
            {
                var (fanIn, fanOut) = Fans(tensor);
                var bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
                return uniform_(tensor, -bound, bound);
            }

            private static Tensor Written(Tensor tensor, Action<Tensor> write)
            {
                using var noGrad = no_grad();
                write(tensor);
                return tensor;
            }

            private static (long, long) Fans(Tensor tensor)
            {
                if (tensor.ndim < 2)
                    throw new ArgumentException($"A weight needs two dimensions to tell inputs from outputs; this one has the shape [{string.Join(", ", tensor.shape)}]");
                var field = tensor.numel() / Math.Max(1, tensor.size(0) * tensor.size(1));
                return (tensor.size(1) * field, tensor.size(0) * field);
            }

            private static double Gain(NonlinearityType nonlinearity, double slope) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + slope * slope)),
                _ => 1,
            };

            /// <summary>2 Φ(x), by libtorch's error function.</summary>
            private static double TwiceNormalBelow(double x)
            {
                using var scope = NewDisposeScope();
                return 1 + tensor(x / Math.Sqrt(2), ScalarType.Float64).erf().item<double>();
            }
        }
    }
}
