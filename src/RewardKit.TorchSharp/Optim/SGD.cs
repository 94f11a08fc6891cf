using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Gradient descent, with momentum if wanted.</summary>
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                SGD([new SGD.ParamGroup { Parameters = parameters }], learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Gradient descent over named parameters.</summary>
            public static SGD SGD(IEnumerable<(string name, Parameter parameter)> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                SGD(parameters.Select(entry => entry.parameter), learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <summary>Gradient descent over groups; what a group leaves open is given here.</summary>
            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Gradient descent, with momentum if wanted.</summary>
    public class SGD : OptimizerHelper
    {
        private readonly Options _defaults;

        /// <summary>Over groups; what a group leaves open is given here.</summary>
        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        {
            CheckRange(lr, 0, double.PositiveInfinity, nameof(lr));
            CheckRange(momentum, 0, double.PositiveInfinity, nameof(momentum));
            CheckRange(weight_decay, 0, double.PositiveInfinity, nameof(weight_decay));
            if (nesterov && (momentum == 0 || dampening != 0))
                throw new ArgumentException("Nesterov momentum needs momentum and no dampening");
            _defaults = new Options
            {
                LearningRate = lr,
                momentum = momentum,
                dampening = dampening,
                weight_decay = weight_decay,
                nesterov = nesterov,
                maximize = maximize,
            };
            foreach (var group in parameters) add_param_group(group);
        }

        /// <summary>Over parameters that share all settings.</summary>
        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        /// <inheritdoc/>
        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= _defaults.LearningRate;
            options.momentum ??= _defaults.momentum;
            options.dampening ??= _defaults.dampening;
            options.weight_decay ??= _defaults.weight_decay;
            options.nesterov ??= _defaults.nesterov;
            options.maximize ??= _defaults.maximize;
            AddGroup(param_group);
        }

        /// <inheritdoc/>
        public override Tensor? step(Func<Tensor>? closure = null) =>
            Each<ParamGroup>(closure, (group, parameter, gradient) =>
            {
                var options = group.Options!;
                var momentum = options.momentum!.Value;
                if (options.maximize!.Value) gradient = gradient.neg();
                if (options.weight_decay!.Value != 0) gradient = gradient.add(parameter, options.weight_decay.Value);
                if (momentum != 0)
                {
                    var velocity = State(parameter, 1)[0];
                    // The first gradient enters undampened.
                    velocity.mul_(momentum).add_(gradient, NextStep(parameter) == 1 ? 1 : 1 - options.dampening!.Value);
                    gradient = options.nesterov!.Value ? gradient.add(velocity, momentum) : velocity;
                }
                parameter.add_(gradient, -group.LearningRate);
            });

        /// <summary>Settings of a group; null stands for the optimiser's.</summary>
        public class Options : OptimizerOptions
        {
            /// <summary>How much of the last step is kept.</summary>
            public double? momentum;
            /// <summary>How much of the gradient is kept out of the momentum.</summary>
            public double? dampening;
            /// <summary>Weight decay, added to the gradient.</summary>
            public double? weight_decay;
            /// <summary>Nesterov's momentum.</summary>
            public bool? nesterov;
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
            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 0.001, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options
                {
                    LearningRate = lr,
                    momentum = momentum,
                    dampening = dampening,
                    weight_decay = weight_decay,
                    nesterov = nesterov,
                    maximize = maximize,
                })
            {
            }
        }
    }
}
