using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        /// <summary>Optimisers and learning-rate schedules.</summary>
        public static partial class optim
        {
            /// <summary>Changes parameters by their gradients.</summary>
            public abstract partial class Optimizer : IDisposable
            {
                /// <summary>The groups, each with settings of its own.</summary>
                protected IList<ParamGroup> _parameter_groups = [];

                /// <summary>There is no native optimiser behind these; <paramref name="handle"/> is ignored.</summary>
                protected Optimizer(nint handle)
                {
                }

                /// <summary>The groups, for schedules.</summary>
                public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

                /// <summary>Adds a group; settings that it leaves open are the optimiser's.</summary>
                public virtual void add_param_group(ParamGroup param_group) =>
                    throw new NotSupportedException($"{GetType().Name} takes no further parameter groups");

                /// <summary>The parameters of all groups.</summary>
                public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

                /// <summary>Changes every parameter that has a gradient.</summary>
                /// <param name="closure">Computes the loss, if wanted; its result is returned.</param>
                public abstract Tensor? step(Func<Tensor>? closure = null);

                /// <summary>Sets the gradients to zero.</summary>
                public virtual void zero_grad()
                {
                    foreach (var parameter in parameters())
                    {
                        using var gradient = parameter.grad;
                        gradient?.zero_();
                    }
                }

                /// <summary>Frees the state.</summary>
                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                /// <summary>Frees the state.</summary>
                protected virtual void Dispose(bool disposing)
                {
                }
            }

            /// <summary>What a schedule changes.</summary>
            public interface ILearningRateController
            {
                /// <summary>The learning rate now.</summary>
                double LearningRate { get; set; }

                /// <summary>The learning rate that a schedule starts from.</summary>
                double InitialLearningRate { get; set; }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Settings of a group; null stands for the optimiser's.</summary>
    public class OptimizerOptions
    {
        /// <summary>The learning rate.</summary>
        public double? LearningRate { get; set; }

        /// <summary>The learning rate that a schedule starts from.</summary>
        public double InitialLearningRate { get; set; }
    }

    /// <summary>Parameters that share settings.</summary>
    public class ParamGroup : optim.ILearningRateController
    {
        /// <summary>The parameters.</summary>
        public IEnumerable<Parameter> Parameters { get; set; } = [];

        /// <summary>The settings.</summary>
        public OptimizerOptions? Options { get; set; }

        /// <summary>The learning rate now.</summary>
        public double LearningRate
        {
            get => Options!.LearningRate!.Value;
            set => Options!.LearningRate = value;
        }

        /// <summary>The learning rate that a schedule starts from.</summary>
        public double InitialLearningRate
        {
            get => Options!.InitialLearningRate;
            set => Options!.InitialLearningRate = value;
        }
    }

    /// <summary>Parameters that share settings of one kind.</summary>
    public class ParamGroup<TOptions> : ParamGroup where TOptions : OptimizerOptions
    {
        /// <summary>An empty group.</summary>
        public ParamGroup()
        {
        }

        /// <summary>A group of these parameters.</summary>
        public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
        {
            Parameters = parameters;
            base.Options = options;
        }

        /// <summary>The settings.</summary>
        public new TOptions? Options
        {
            get => (TOptions?)base.Options;
            set => base.Options = value;
        }
    }

    /// <summary>What the optimisers have in common.</summary>
    public abstract class OptimizerHelper : optim.Optimizer
    {
        private readonly Dictionary<Parameter, Tensor[]> _state = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<Parameter, long> _steps = new(ReferenceEqualityComparer.Instance);

        /// <summary>An optimiser without groups.</summary>
        protected OptimizerHelper() : base(0)
        {
        }

        /// <summary>Calls <paramref name="update"/> on each parameter that has a gradient, unrecorded, in a scope of its own.</summary>
        internal Tensor? Each<TGroup>(Func<Tensor>? closure, Action<TGroup, Parameter, Tensor> update) where TGroup : ParamGroup
        {
            Tensor? loss = null;
            if (closure is not null)
            {
                using var grad = enable_grad();
                loss = closure();
            }
            using var noGrad = no_grad();
            foreach (var group in _parameter_groups)
            {
                foreach (var parameter in group.Parameters)
                {
                    using var scope = NewDisposeScope();
                    if (parameter.grad is { } gradient) update((TGroup)group, parameter, gradient);
                }
            }
            return loss;
        }

        /// <summary>The tensors kept for a parameter, of its shape and zero at first.</summary>
        internal Tensor[] State(Parameter parameter, int count)
        {
            if (!_state.TryGetValue(parameter, out var tensors))
            {
                tensors = new Tensor[count];
                for (var k = 0; k < count; k++) tensors[k] = zeros_like(parameter).DetachFromDisposeScope();
                _state[parameter] = tensors;
            }
            return tensors;
        }

        /// <summary>Counts a step of a parameter, from 1.</summary>
        internal long NextStep(Parameter parameter) => _steps[parameter] = _steps.GetValueOrDefault(parameter) + 1;

        /// <summary>Frees the state.</summary>
        protected override void Dispose(bool disposing)
        {
            if (!disposing) return;
            foreach (var tensor in _state.Values.SelectMany(tensors => tensors)) tensor.Dispose();
            _state.Clear();
        }

        /// <summary>Adds a group whose settings are complete.</summary>
        internal void AddGroup(ParamGroup group)
        {
            group.Parameters = group.Parameters.ToList();
            var known = new HashSet<Parameter>(parameters(), ReferenceEqualityComparer.Instance);
            foreach (var parameter in group.Parameters)
            {
                if (!known.Add(parameter)) throw new ArgumentException("A parameter stands in two groups of the optimiser, or twice in one");
            }
            group.InitialLearningRate = group.LearningRate;
            _parameter_groups.Add(group);
        }

        internal static void CheckRange(double value, double low, double high, string name)
        {
            if (!(value >= low && value < high))
                throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {low}" + (double.IsPositiveInfinity(high) ? "" : $" and below {high}"));
        }
    }
}
