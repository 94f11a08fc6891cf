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

        /// <summary>Writes them in TorchSharp's format.</summary>
        public virtual void SaveStateDict(BinaryWriter writer)
        {
            writer.Write(InitialLearningRate);
            writer.Write(LearningRate!.Value);
        }

        /// <summary>Reads them in TorchSharp's format.</summary>
        public virtual void LoadStateDict(BinaryReader reader)
        {
            InitialLearningRate = reader.ReadDouble();
            LearningRate = reader.ReadDouble();
        }

        /// <summary>Copies another's values.</summary>
        public virtual void LoadStateDict(OptimizerOptions source)
        {
            InitialLearningRate = source.InitialLearningRate;
            LearningRate = source.LearningRate;
        }
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
}
