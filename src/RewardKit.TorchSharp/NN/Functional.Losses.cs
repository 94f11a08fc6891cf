namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>The cross-entropy of targets in [0, 1] and the sigmoid of the input.</summary>
            public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null) =>
                Ops.binary_cross_entropy_with_logits(input, target, weight, pos_weights, (long)reduction);

            /// <summary>The cross-entropy of logits <c>[N, classes, ...]</c> and class indices <c>[N, ...]</c> (or probabilities).</summary>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0) =>
                Ops.cross_entropy_loss(input, target, weight, (long)reduction, ignore_index, label_smoothing);

            /// <summary>The negative of the log-probabilities <c>[N, classes, ...]</c> at the class indices <c>[N, ...]</c>.</summary>
            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                Ops.nll_loss_nd(input, target, weight, (long)reduction);

            /// <summary>target (log target - input), with the input (and the target, if <paramref name="log_target"/>) as logarithms.</summary>
            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                Ops.kl_div(input, target, (long)reduction, log_target);

            /// <summary>The squared difference.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
                Ops.mse_loss(input, target, (long)reduction);

            /// <summary>Lengthens the last dimension by so much on both sides.</summary>
            public static Tensor pad(Tensor input, long pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                Pad(input, [pad, pad], mode, value);

            /// <summary>Lengthens the dimensions: before and after the last, then the one before it, and so on.</summary>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                Pad(input, pad, mode, value);

            /// <summary>Lengthens the dimensions: before and after the last, then the one before it, and so on.</summary>
            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                Pad(input, pad, mode, value);

            /// <summary>Lengthens the last dimension, before and after.</summary>
            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                Pad(input, [pad.Item1, pad.Item2], mode, value);

            /// <summary>Lengthens the last two dimensions, before and after the last, then before and after the other.</summary>
            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                Pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            private static Tensor Pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode, double value) => mode switch
            {
                PaddingModes.Constant => Ops.constant_pad_nd(input, pad, value),
                PaddingModes.Zeros => Ops.constant_pad_nd(input, pad, 0),
                _ => throw new NotSupportedException($"pad: the mode {mode} is not supported here; Constant and Zeros are"),
            };
        }
    }
}
