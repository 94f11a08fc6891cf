using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public abstract partial class Optimizer
            {
                /// <summary>The settings of each group, and what is kept for each parameter, group by group.</summary>
                public class StateDictionary
                {
                    internal StateDictionary()
                    {
                    }

                    /// <summary>The settings of each group.</summary>
                    public List<Modules.OptimizerOptions> Options { get; } = [];

                    /// <summary>What is kept for each parameter.</summary>
                    public List<Modules.OptimizerState> State { get; } = [];
                }
            }

            /// <summary>What has a momentum, which some schedules change.</summary>
            public interface IMomentum
            {
                /// <summary>How much of the last step is kept.</summary>
                double Momentum { get; set; }
            }

            /// <summary>What has Adam's coefficients, which some schedules change.</summary>
            public interface IBetas
            {
                /// <summary>The decay of the mean of the gradient, and of the mean of its square.</summary>
                (double, double) Betas { get; set; }
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>What an optimiser keeps for a parameter.</summary>
    public abstract class OptimizerState
    {
        /// <summary>The parameter.</summary>
        protected Parameter _parameter;

        /// <summary>State of a parameter; <see cref="Initialize"/> fills it.</summary>
        public OptimizerState(Parameter parameter) => _parameter = parameter;

        /// <summary>Sets it to what it is before the first step.</summary>
        public abstract void Initialize(OptimizerOptions options);

        /// <summary>Writes it in TorchSharp's format.</summary>
        public abstract void SaveStateDict(BinaryWriter writer);

        /// <summary>Reads it in TorchSharp's format.</summary>
        public abstract void LoadStateDict(BinaryReader reader);

        /// <summary>Copies another's values.</summary>
        public abstract void LoadStateDict(OptimizerState source);

        /// <summary>Whether it has another's values, within rounding.</summary>
        public virtual bool ApproximatelyEquals(OptimizerState other) => false;

        /// <summary>Moves it to a device.</summary>
        public virtual void to(Device device)
        {
        }

        /// <summary>Reads a tensor that may be missing.</summary>
        protected static void LoadConditionalStateTensor(BinaryReader reader, ref Tensor? result)
        {
            if (reader.ReadBoolean())
            {
                TensorExtensionMethods.Load(ref result, reader);
                result!.DetachFromDisposeScope();
                return;
            }
            result?.Dispose();
            result = null;
        }

        /// <summary>Writes a tensor that may be missing.</summary>
        protected static void SaveConditionalStateTensor(BinaryWriter writer, Tensor? tensor)
        {
            writer.Write(tensor is not null);
            tensor?.Save(writer);
        }

        /// <summary>The tensor on a device: itself, or a copy in its place.</summary>
        internal static Tensor? Moved(Tensor? tensor, Device device)
        {
            if (tensor is null || (tensor.device_type == device.type && tensor.device.index == device.index)) return tensor;
            using (tensor) return tensor.to(device).DetachFromDisposeScope();
        }

        /// <summary>A copy of the values in place of a tensor, of its type and device where there is one.</summary>
        internal static void Copy(Tensor? source, ref Tensor? target)
        {
            using var noGrad = no_grad();
            if (source is not null && target is not null)
            {
                target.copy_(source);
                return;
            }
            target?.Dispose();
            target = source?.clone().DetachFromDisposeScope();
        }

        internal static bool Close(Tensor? one, Tensor? other) =>
            one is null ? other is null : other is not null && one.allclose(other);
    }
}
