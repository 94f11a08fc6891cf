using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Keeps small gradients of float16 from vanishing, in the manner of torch.amp.GradScaler: the loss is multiplied by a scale,
/// the gradients are divided by it before the step, a step with a gradient that is not finite is left out and halves the
/// scale, and a run of good steps doubles it (Micikevicius et al., arXiv:1710.03740). bfloat16 needs none.
/// </summary>
/// <example>
/// <code>
/// scaler.Scale(loss).backward();
/// scaler.Unscale(optimiser);     // only to clip
/// scaler.Step(optimiser);
/// scaler.Update();
/// </code>
/// </example>
public sealed class GradScaler
{
    private readonly Dictionary<object, Seen> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly bool _enabled;
    private float _scale;
    private long _goodSteps;

    /// <summary>A scaler in its first state.</summary>
    /// <param name="initScale">The first scale.</param>
    /// <param name="growthFactor">What the scale grows by after a run of good steps, above 1.</param>
    /// <param name="backoffFactor">What it shrinks by after a step that was left out, between 0 and 1.</param>
    /// <param name="growthInterval">How many good steps in a row make it grow.</param>
    /// <param name="enabled">Where false, the scale is 1 and every step is taken.</param>
    public GradScaler(double initScale = 65536, double growthFactor = 2, double backoffFactor = 0.5, long growthInterval = 2000, bool enabled = true)
    {
        if (initScale is not (> 0 and <= float.MaxValue)) throw new ArgumentOutOfRangeException(nameof(initScale), initScale, "The scale must be positive and finite");
        if (growthFactor is not > 1) throw new ArgumentOutOfRangeException(nameof(growthFactor), growthFactor, "The growth factor must be above 1");
        if (backoffFactor is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(backoffFactor), backoffFactor, "The backoff factor must lie between 0 and 1");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(growthInterval);
        (_scale, GrowthFactor, BackoffFactor, GrowthInterval, _enabled) = (enabled ? (float)initScale : 1, growthFactor, backoffFactor, growthInterval, enabled);
    }

    private enum Stage
    {
        Ready,
        Unscaled,
        Stepped,
    }

    /// <summary>What losses are multiplied by now.</summary>
    public double CurrentScale => _scale;

    /// <summary>What the scale grows by after a run of good steps.</summary>
    public double GrowthFactor { get; private set; }

    /// <summary>What it shrinks by after a step that was left out.</summary>
    public double BackoffFactor { get; private set; }

    /// <summary>How many good steps in a row make it grow.</summary>
    public long GrowthInterval { get; private set; }

    /// <summary>The loss times the scale.</summary>
    public Tensor Scale(Tensor loss) => _enabled ? loss.mul(_scale) : loss.alias();

    /// <summary>Divides the gradients of an optimiser's parameters by the scale, so that they can be clipped before the step.</summary>
    /// <exception cref="InvalidOperationException">They were unscaled, or the step taken, since the last <see cref="Update"/>.</exception>
    public void Unscale(optim.Optimizer optimizer) => Unscale(optimizer, optimizer.parameters());

    /// <summary>Divides the gradients of an optimiser's parameters by the scale, so that they can be clipped before the step.</summary>
    /// <exception cref="InvalidOperationException">They were unscaled, or the step taken, since the last <see cref="Update"/>.</exception>
    public void Unscale(FusedAdamW optimizer) => Unscale(optimizer, optimizer.Parameters);

    /// <summary>Takes the optimiser's step, with gradients divided by the scale, if all of them are finite.</summary>
    /// <returns>Whether the step was taken.</returns>
    public bool Step(optim.Optimizer optimizer) => Step(optimizer, optimizer.parameters(), () => optimizer.step()?.Dispose());

    /// <summary>Takes the optimiser's step, with gradients divided by the scale, if all of them are finite.</summary>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="lr">The learning rate of this step.</param>
    /// <param name="gradScale">What the unscaled gradients are multiplied by first, for clipping.</param>
    /// <returns>Whether the step was taken.</returns>
    public bool Step(FusedAdamW optimizer, double lr, double gradScale = 1) => Step(optimizer, optimizer.Parameters, () => optimizer.Step(lr, gradScale));

    /// <summary>Adapts the scale, once after the steps of all optimisers.</summary>
    /// <exception cref="InvalidOperationException">No optimiser has stepped or been unscaled since the last time.</exception>
    public void Update()
    {
        if (!_enabled) return;
        if (_seen.Values.All(seen => seen.Stage == Stage.Ready)) throw new InvalidOperationException("GradScaler.Update wants at least one Step or Unscale since the last Update");
        if (_seen.Values.Any(seen => seen.Overflowed))
        {
            _scale *= (float)BackoffFactor;
            _goodSteps = 0;
        }
        else if (++_goodSteps == GrowthInterval)
        {
            var grown = _scale * (float)GrowthFactor;
            if (float.IsFinite(grown)) _scale = grown;
            _goodSteps = 0;
        }
        _seen.Clear();
    }

    /// <summary>
    /// The state between two updates: float64 <c>[1]</c> each for <c>scale</c>, <c>growth_factor</c>, <c>backoff_factor</c>,
    /// and int64 <c>[1]</c> for <c>growth_interval</c>, <c>growth_tracker</c>.
    /// </summary>
    public Dictionary<string, Tensor> StateDict() => new()
    {
        ["scale"] = full(1, _scale, ScalarType.Float64),
        ["growth_factor"] = full(1, GrowthFactor, ScalarType.Float64),
        ["backoff_factor"] = full(1, BackoffFactor, ScalarType.Float64),
        ["growth_interval"] = full(1, GrowthInterval, ScalarType.Int64),
        ["growth_tracker"] = full(1, _goodSteps, ScalarType.Int64),
    };

    /// <summary>Takes over a state that <see cref="StateDict"/> gave.</summary>
    /// <exception cref="ArgumentException">An entry is missing.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var (scale, growth, backoff) = (Find("scale").item<double>(), Find("growth_factor").item<double>(), Find("backoff_factor").item<double>());
        var (interval, tracker) = (Find("growth_interval").item<long>(), Find("growth_tracker").item<long>());
        if (_enabled) (_scale, GrowthFactor, BackoffFactor, GrowthInterval, _goodSteps) = ((float)scale, growth, backoff, interval, tracker);
        _seen.Clear();

        Tensor Find(string name) => state.TryGetValue(name, out var tensor) ? tensor : throw new ArgumentException($"The scaler's state lacks '{name}'", nameof(state));
    }

    private bool Step(object optimizer, IEnumerable<Tensor> parameters, Action step)
    {
        if (_enabled)
        {
            var seen = Of(optimizer);
            if (seen.Stage == Stage.Stepped) throw new InvalidOperationException("GradScaler.Step was called twice for an optimiser since the last Update");
            if (seen.Stage == Stage.Ready) Unscale(optimizer, parameters);
            seen.Stage = Stage.Stepped;
            if (seen.Overflowed) return false;
        }
        step();
        return true;
    }

    private void Unscale(object optimizer, IEnumerable<Tensor> parameters)
    {
        if (!_enabled) return;
        var seen = Of(optimizer);
        if (seen.Stage == Stage.Unscaled) throw new InvalidOperationException("GradScaler.Unscale was called twice for an optimiser since the last Update");
        if (seen.Stage == Stage.Stepped) throw new InvalidOperationException("GradScaler.Unscale was called after Step for an optimiser; it goes before");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var gradients = parameters.Select(parameter => parameter.grad).OfType<Tensor>().ToList();
        if (gradients.Any(gradient => gradient.dtype == ScalarType.Float16))
            throw new InvalidOperationException("A float16 gradient cannot be unscaled; keep the parameters in float32 and compute in float16 by Autocast");
        var inverse = (float)(1.0 / _scale);
        // One answer a device and type, so that the host waits for each device once.
        foreach (var group in gradients.GroupBy(gradient => (gradient.device.ToString(), gradient.dtype)).Select(group => group.ToArray()))
            seen.Overflowed |= Unscale(group, inverse);
        seen.Stage = Stage.Unscaled;
    }

    /// <summary>Multiplies gradients of one device and type; whether one held what is not finite.</summary>
    private static bool Unscale(Tensor[] gradients, float inverse)
    {
#if !TORCH_PACKAGE
        const string fused = "aten::_amp_foreach_non_finite_check_and_unscale_";
        var device = gradients[0].device;
        if (Operator.Find(fused).HasKernel(device.type))
        {
            var found = zeros(1, ScalarType.Float32, device);
            Operator.Call(fused, gradients, found, full(1, inverse, ScalarType.Float32, device));
            return found.item<float>() != 0;
        }
#endif
        return UnscaleReference(gradients, inverse);
    }

    /// <summary>The same in TorchSharp calls.</summary>
    internal static bool UnscaleReference(Tensor[] gradients, float inverse)
    {
        var finite = stack(gradients.Select(gradient => gradient.isfinite().all()).ToArray()).all().item<bool>();
        foreach (var gradient in gradients) gradient.mul_(inverse);
        return !finite;
    }

    private Seen Of(object optimizer)
    {
        if (!_seen.TryGetValue(optimizer, out var seen)) _seen[optimizer] = seen = new Seen();
        return seen;
    }

    /// <summary>What happened to an optimiser since the last update.</summary>
    private sealed class Seen
    {
        public Stage Stage { get; set; }

        public bool Overflowed { get; set; }
    }
}
