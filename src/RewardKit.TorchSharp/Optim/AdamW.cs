using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>AdamW (Loshchilov and Hutter, arXiv:1711.05101).</summary>
            public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                AdamW([new AdamW.ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>AdamW (Loshchilov and Hutter, arXiv:1711.05101) over named parameters.</summary>
            public static AdamW AdamW(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                AdamW(parameters.Select(entry => entry.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>AdamW (Loshchilov and Hutter, arXiv:1711.05101) over groups; what a group leaves open is given here.</summary>
            public static AdamW AdamW(IEnumerable<AdamW.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>AdamW (Loshchilov and Hutter, arXiv:1711.05101).</summary>
    public class AdamW : OptimizerHelper
    {
        private readonly Options _defaults;

        /// <summary>Over groups; what a group leaves open is given here.</summary>
        public AdamW(IEnumerable<ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
        {
            CheckRange(lr, 0, double.PositiveInfinity, nameof(lr));
            CheckRange(beta1, 0, 1, nameof(beta1));
            CheckRange(beta2, 0, 1, nameof(beta2));
            CheckRange(eps, 0, double.PositiveInfinity, nameof(eps));
            CheckRange(weight_decay, 0, double.PositiveInfinity, nameof(weight_decay));
            _defaults = new Options
            {
                LearningRate = lr,
                beta1 = beta1,
                beta2 = beta2,
                eps = eps,
                weight_decay = weight_decay,
                amsgrad = amsgrad,
                maximize = maximize,
            };
            foreach (var group in parameters) add_param_group(group);
        }

        /// <summary>Over parameters that share all settings.</summary>
        public AdamW(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        /// <inheritdoc/>
        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= _defaults.LearningRate;
            options.beta1 ??= _defaults.beta1;
            options.beta2 ??= _defaults.beta2;
            options.eps ??= _defaults.eps;
            options.weight_decay ??= _defaults.weight_decay;
            options.amsgrad ??= _defaults.amsgrad;
            options.maximize ??= _defaults.maximize;
            AddGroup(param_group);
        }

        /// <inheritdoc/>
        public override Tensor? step(Func<Tensor>? closure = null) =>
            Each<ParamGroup>(closure, (group, parameter, gradient) =>
            {
                var options = group.Options!;
                double lr = group.LearningRate, beta1 = options.beta1!.Value, beta2 = options.beta2!.Value, eps = options.eps!.Value;
                double weightDecay = options.weight_decay!.Value;
                var amsgrad = options.amsgrad!.Value;
                var step = NextStep(parameter);
                var state = State(parameter, amsgrad ? 3 : 2);
                if (options.maximize!.Value) gradient = gradient.neg();
                parameter.mul_(1 - lr * weightDecay);
                state[0].mul_(beta1).add_(gradient, 1 - beta1);
                state[1].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
                if (amsgrad) state[2].copy_(maximum(state[2], state[1]));
                var denominator = state[amsgrad ? 2 : 1].sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(eps);
                parameter.addcdiv_(state[0], denominator, -lr / (1 - Math.Pow(beta1, step)));
            });

        /// <summary>Settings of a group; null stands for the optimiser's.</summary>
        public class Options : OptimizerOptions
        {
            /// <summary>Decay of the mean of the gradient, in [0, 1).</summary>
            public double? beta1;
            /// <summary>Decay of the mean of its square, in [0, 1).</summary>
            public double? beta2;
            /// <summary>Added to the denominator.</summary>
            public double? eps;
            /// <summary>Decoupled weight decay: the weights shrink by lr times it.</summary>
            public double? weight_decay;
            /// <summary>Divide by the largest mean square so far.</summary>
            public bool? amsgrad;
            /// <summary>Follow the gradient upwards.</summary>
            public bool? maximize;
        }

        /// <summary>Parameters that share settings.</summary>
        public class ParamGroup : ParamGroup<Options>
        {
            /// <summary>An empty group.</summary>
            public ParamGroup()
            {
            }

            /// <summary>A group with these settings.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, Options options) : base(parameters, options)
            {
            }

            /// <summary>A group with these settings.</summary>
            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    beta1 = beta1,
                    beta2 = beta2,
                    eps = eps,
                    weight_decay = weight_decay,
                    amsgrad = amsgrad,
                    maximize = maximize,
                })
            {
            }
        }
    }
}
