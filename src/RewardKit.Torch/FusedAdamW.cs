using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv:1711.05101) in one pass over memory, with the arithmetic of torch.optim.AdamW.
/// A parameter without a gradient is left alone and does not count the step.
/// </summary>
public sealed class FusedAdamW : IDisposable
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _eps;
    private readonly List<Slot> _slots = [];

    /// <summary>An optimiser over groups of named parameters.</summary>
    /// <param name="groups">The groups; no parameter and no name stands twice.</param>
    /// <param name="beta1">Decay of the mean of the gradient, in [0, 1).</param>
    /// <param name="beta2">Decay of the mean of its square, in [0, 1).</param>
    /// <param name="eps">Added to the denominator.</param>
    public FusedAdamW(IEnumerable<Group> groups, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8)
    {
        if (beta1 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "beta1 must be at least 0 and below 1");
        if (beta2 is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "beta2 must be at least 0 and below 1");
        if (eps is not >= 0) throw new ArgumentOutOfRangeException(nameof(eps), eps, "eps must not be negative");
        (_beta1, _beta2, _eps) = (beta1, beta2, eps);
        var names = new HashSet<string>();
        var parameters = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        foreach (var group in groups)
        {
            if (group.WeightDecay is not >= 0)
                throw new ArgumentOutOfRangeException(nameof(groups), group.WeightDecay, "The weight decay of a group must not be negative");
            foreach (var (name, parameter) in group.Parameters)
            {
                if (!names.Add(name) || !parameters.Add(parameter))
                    throw new ArgumentException($"The parameter '{name}' stands twice in the optimiser's groups", nameof(groups));
                _slots.Add(new Slot(name, parameter, group.WeightDecay));
            }
        }
    }

    /// <summary>The usual two groups: matrices decay; vectors (biases, norms) do not. Frozen parameters are left out.</summary>
    public static FusedAdamW Over(IEnumerable<(string name, Parameter parameter)> parameters, double weightDecay, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8)
    {
        var trained = parameters.Where(entry => entry.parameter.requires_grad).ToList();
        return new FusedAdamW(
            [new Group(trained.Where(entry => entry.parameter.ndim >= 2), weightDecay), new Group(trained.Where(entry => entry.parameter.ndim < 2), 0)],
            beta1, beta2, eps);
    }

    /// <summary>Parameters that share a weight decay.</summary>
    /// <param name="Parameters">Parameters with unique names, such as <c>named_parameters()</c> gives.</param>
    /// <param name="WeightDecay">The weights shrink by the learning rate times this in each step.</param>
    public sealed record Group(IEnumerable<(string name, Parameter parameter)> Parameters, double WeightDecay);

    /// <summary>The parameters of all groups.</summary>
    public IEnumerable<Parameter> Parameters => _slots.Select(slot => slot.Parameter);

    /// <summary>One step. The gradients stay as they are.</summary>
    /// <param name="lr">The learning rate of this step.</param>
    /// <param name="gradScale">What the gradients are multiplied by first; clipping and averaging need no pass of their own.</param>
    public void Step(double lr, double gradScale = 1)
    {
#if TORCH_PACKAGE
        StepReference(lr, gradScale);
#else
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var due = Due().ToList();
        foreach (var batch in due.GroupBy(entry => (entry.Slot.WeightDecay, entry.Slot.Steps, entry.Slot.Parameter.dtype, entry.Slot.Parameter.device.type, entry.Slot.Parameter.device.index)))
        {
            Ops.adamw_(
                batch.Select(entry => (Tensor)entry.Slot.Parameter).ToArray(), batch.Select(entry => entry.Gradient).ToArray(),
                batch.Select(entry => entry.Slot.Mean).ToArray(), batch.Select(entry => entry.Slot.Square).ToArray(),
                lr, _beta1, _beta2, _eps, batch.Key.WeightDecay, batch.Key.Steps, gradScale);
        }
#endif
    }

    /// <summary>The same in TorchSharp calls.</summary>
    internal void StepReference(double lr, double gradScale = 1)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (slot, unscaled) in Due())
        {
            var gradient = unscaled.mul(gradScale);
            slot.Parameter.mul_(1 - lr * slot.WeightDecay);
            slot.Mean.mul_(_beta1).add_(gradient, 1 - _beta1);
            slot.Square.mul_(_beta2).addcmul_(gradient, gradient, 1 - _beta2);
            var denominator = slot.Square.sqrt().div_(Math.Sqrt(1 - Math.Pow(_beta2, slot.Steps))).add_(_eps);
            slot.Parameter.addcdiv_(slot.Mean, denominator, -lr / (1 - Math.Pow(_beta1, slot.Steps)));
        }
    }

    /// <summary>The norm of all gradients together, for clipping: <c>Step(lr, Math.Min(1, limit / norm))</c>.</summary>
    public double GradientNorm()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var norms = _slots.Select(slot => slot.Parameter.grad).OfType<Tensor>().Select(gradient => gradient.norm().to_type(ScalarType.Float64).cpu()).ToArray();
        return norms.Length == 0 ? 0 : stack(norms).norm().item<double>();
    }

    /// <summary>Frees the gradients.</summary>
    public void ZeroGrad()
    {
        foreach (var slot in _slots) slot.Parameter.grad = null;
    }

    /// <summary>
    /// The state, the tensors themselves: for each parameter NAME the means <c>NAME.exp_avg</c> and <c>NAME.exp_avg_sq</c> of
    /// its shape and the count <c>NAME.step</c>, int64 <c>[1]</c>, a new tensor.
    /// </summary>
    public Dictionary<string, Tensor> StateDict()
    {
        var state = new Dictionary<string, Tensor>();
        foreach (var slot in _slots)
        {
            state[slot.Name + ".exp_avg"] = slot.Mean;
            state[slot.Name + ".exp_avg_sq"] = slot.Square;
            state[slot.Name + ".step"] = full(1, slot.Steps, ScalarType.Int64);
        }
        return state;
    }

    /// <summary>Copies a state that <see cref="StateDict"/> gave, for parameters of the same names and shapes.</summary>
    /// <exception cref="ArgumentException">A tensor is missing or has another shape.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        using var noGrad = no_grad();
        foreach (var slot in _slots)
        {
            var steps = Find(slot.Name + ".step", [1]);
            slot.Mean.copy_(Find(slot.Name + ".exp_avg", slot.Parameter.shape));
            slot.Square.copy_(Find(slot.Name + ".exp_avg_sq", slot.Parameter.shape));
            slot.Steps = steps.item<long>();
        }

        Tensor Find(string name, long[] shape)
        {
            if (!state.TryGetValue(name, out var tensor)) throw new ArgumentException($"The optimiser's state lacks '{name}'", nameof(state));
            return tensor.shape.SequenceEqual(shape)
                ? tensor
                : throw new ArgumentException($"'{name}' of the optimiser's state has the shape [{string.Join(", ", tensor.shape)}] instead of [{string.Join(", ", shape)}]", nameof(state));
        }
    }

    /// <summary>Frees the state.</summary>
    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }
        _slots.Clear();
    }

    /// <summary>The parameters that have a gradient; counts their step.</summary>
    private IEnumerable<(Slot Slot, Tensor Gradient)> Due()
    {
        foreach (var slot in _slots)
        {
            if (slot.Parameter.grad is not { } gradient) continue;
            slot.Steps++;
            yield return (slot, gradient);
        }
    }

    private sealed class Slot(string name, Parameter parameter, double weightDecay)
    {
        public string Name => name;

        public Parameter Parameter => parameter;

        public double WeightDecay => weightDecay;

        public Tensor Mean { get; } = zeros_like(parameter).DetachFromDisposeScope();

        public Tensor Square { get; } = zeros_like(parameter).DetachFromDisposeScope();

        public long Steps { get; set; }
    }
}
