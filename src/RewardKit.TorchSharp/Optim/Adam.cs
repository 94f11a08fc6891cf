using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <summary>Adam (Kingma and Ba, arXiv:1412.6980).</summary>
            public static Adam Adam(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Adam([new Adam.ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>Adam (Kingma and Ba, arXiv:1412.6980) over named parameters.</summary>
            public static Adam Adam(IEnumerable<(string name, Parameter parameter)> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                Adam(parameters.Select(entry => entry.parameter), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            /// <summary>Adam (Kingma and Ba, arXiv:1412.6980) over groups; what a group leaves open is given here.</summary>
            public static Adam Adam(IEnumerable<Adam.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Adam (Kingma and Ba, arXiv:1412.6980).</summary>
    public class Adam : OptimizerHelper, optim.IBetas
    {
        private Options Defaults => (Options)_defaults!;

        /// <summary>Over groups; what a group leaves open is given here.</summary>
        public Adam(IEnumerable<ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
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
        public Adam(IEnumerable<Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1E-08, double weight_decay = 0, bool amsgrad = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, beta1, beta2, eps, weight_decay, amsgrad, maximize)
        {
        }

        /// <summary>The coefficients that groups take which leave them open.</summary>
        public (double, double) Betas
        {
            get => (Defaults.beta1!.Value, Defaults.beta2!.Value);
            set => (Defaults.beta1, Defaults.beta2) = value;
        }

        /// <inheritdoc/>
        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= Defaults.LearningRate;
            options.beta1 ??= Defaults.beta1;
            options.beta2 ??= Defaults.beta2;
            options.eps ??= Defaults.eps;
            options.weight_decay ??= Defaults.weight_decay;
            options.amsgrad ??= Defaults.amsgrad;
            options.maximize ??= Defaults.maximize;
            AddGroup(param_group, parameter => new State(parameter));
        }

        /// <inheritdoc/>
        public override Tensor? step(Func<Tensor>? closure = null) =>
            Each<ParamGroup, State>(closure, (group, parameter, gradient, state) =>
            {
                var options = group.Options!;
                double lr = group.LearningRate, beta1 = options.beta1!.Value, beta2 = options.beta2!.Value, eps = options.eps!.Value;
                double weightDecay = options.weight_decay!.Value;
                var amsgrad = options.amsgrad!.Value;
                var step = ++state.step;
                if (options.maximize!.Value) gradient = gradient.neg();
                if (weightDecay != 0) gradient = gradient.add(parameter, weightDecay);
                state.exp_avg.mul_(beta1).add_(gradient, 1 - beta1);
                state.exp_avg_sq.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
                if (amsgrad) state.max_exp_avg_sq!.copy_(maximum(state.max_exp_avg_sq, state.exp_avg_sq));
                var denominator = (amsgrad ? state.max_exp_avg_sq! : state.exp_avg_sq).sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(eps);
                parameter.addcdiv_(state.exp_avg, denominator, -lr / (1 - Math.Pow(beta1, step)));
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
            /// <summary>Weight decay, added to the gradient.</summary>
            public double? weight_decay;
            /// <summary>Divide by the largest mean square so far.</summary>
            public bool? amsgrad;
            /// <summary>Follow the gradient upwards.</summary>
            public bool? maximize;

            /// <inheritdoc/>
            public override void SaveStateDict(BinaryWriter writer)
            {
                base.SaveStateDict(writer);
                writer.Write(beta1!.Value);
                writer.Write(beta2!.Value);
                writer.Write(eps!.Value);
                writer.Write(weight_decay!.Value);
                writer.Write(amsgrad!.Value);
                writer.Write(maximize!.Value);
            }

            /// <inheritdoc/>
            public override void LoadStateDict(BinaryReader reader)
            {
                base.LoadStateDict(reader);
                beta1 = reader.ReadDouble();
                beta2 = reader.ReadDouble();
                eps = reader.ReadDouble();
                weight_decay = reader.ReadDouble();
                amsgrad = reader.ReadBoolean();
                maximize = reader.ReadBoolean();
            }

            /// <inheritdoc/>
            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var options = (Options)source;
                beta1 = options.beta1;
                beta2 = options.beta2;
                eps = options.eps;
                weight_decay = options.weight_decay;
                amsgrad = options.amsgrad;
                maximize = options.maximize;
            }
        }

        /// <summary>What is kept for a parameter.</summary>
        public class State : OptimizerState, IDisposable
        {
            /// <summary>How many steps were made.</summary>
            public long step;
            /// <summary>The mean of the gradient.</summary>
            public Tensor exp_avg = null!;
            /// <summary>The mean of its square.</summary>
            public Tensor exp_avg_sq = null!;
            /// <summary>The largest mean square so far, with amsgrad.</summary>
            public Tensor? max_exp_avg_sq;

            /// <summary>State of a parameter; <see cref="Initialize"/> fills it.</summary>
            public State(Parameter parameter) : base(parameter)
            {
            }

            /// <inheritdoc/>
            public override void Initialize(OptimizerOptions options)
            {
                Dispose();
                step = 0;
                exp_avg = zeros_like(_parameter).DetachFromDisposeScope();
                exp_avg_sq = zeros_like(_parameter).DetachFromDisposeScope();
                max_exp_avg_sq = ((Options)options).amsgrad == true ? zeros_like(_parameter).DetachFromDisposeScope() : null;
            }

            /// <summary>Frees the tensors.</summary>
            public void Dispose()
            {
                exp_avg?.Dispose();
                exp_avg_sq?.Dispose();
                max_exp_avg_sq?.Dispose();
            }

            /// <inheritdoc/>
            public override void to(Device device)
            {
                exp_avg = Moved(exp_avg, device)!;
                exp_avg_sq = Moved(exp_avg_sq, device)!;
                max_exp_avg_sq = Moved(max_exp_avg_sq, device);
            }

            /// <inheritdoc/>
            public override void SaveStateDict(BinaryWriter writer)
            {
                writer.Write(step);
                exp_avg.Save(writer);
                exp_avg_sq.Save(writer);
                SaveConditionalStateTensor(writer, max_exp_avg_sq);
            }

            /// <inheritdoc/>
            public override void LoadStateDict(BinaryReader reader)
            {
                step = reader.ReadInt64();
                exp_avg.Load(reader);
                exp_avg_sq.Load(reader);
                LoadConditionalStateTensor(reader, ref max_exp_avg_sq);
            }

            /// <inheritdoc/>
            public override void LoadStateDict(OptimizerState source)
            {
                var other = (State)source;
                step = other.step;
                Copy(other.exp_avg, ref exp_avg!);
                Copy(other.exp_avg_sq, ref exp_avg_sq!);
                Copy(other.max_exp_avg_sq, ref max_exp_avg_sq);
            }

            /// <inheritdoc/>
            public override bool ApproximatelyEquals(OptimizerState other) =>
                other is State state && step == state.step && Close(exp_avg, state.exp_avg) && Close(exp_avg_sq, state.exp_avg_sq) &&
                Close(max_exp_avg_sq, state.max_exp_avg_sq);
        }

        /// <summary>Parameters that share settings.</summary>
        public class ParamGroup : ParamGroup<Options>, optim.IBetas
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

            /// <summary>The group's coefficients.</summary>
            public (double, double) Betas
            {
                get => (Options!.beta1!.Value, Options.beta2!.Value);
                set => (Options!.beta1, Options.beta2) = value;
            }
        }
    }
}
