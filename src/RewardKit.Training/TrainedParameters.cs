using RewardKit.Models;
using RewardKit.Torch;
using TorchSharp.Modules;

namespace RewardKit.Training;

/// <summary>
/// A model as it is set up for training: what is frozen, what decays, how activations are kept. Disposed, the model is as
/// it was, but for its weights.
/// </summary>
internal sealed class TrainedParameters : IDisposable
{
    private readonly RewardModel _model;
    private readonly Parameter[] _frozen;

    private TrainedParameters(RewardModel model, Parameter[] frozen, FusedAdamW optimizer) => (_model, _frozen, Optimizer) = (model, frozen, optimizer);

    /// <summary>AdamW over what is trained.</summary>
    public FusedAdamW Optimizer { get; }

    /// <summary>Sets a model up.</summary>
    /// <exception cref="RewardKitException">A name in the options fits nothing, or nothing is left to train.</exception>
    public static TrainedParameters Of(RewardModel model, TrainingOptions options)
    {
        var withoutDecay = ParameterNames.Fitting(model, options.NoDecay, "noDecay");
        var frozen = ParameterNames.Fitting(model, options.Freeze, "freeze");
        foreach (var parameter in frozen) parameter.requires_grad = false;
        var trained = model.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        if (trained.Length == 0) throw RewardKitException.Input("freeze: every parameter is frozen, and nothing is left to train.");
        // Vectors (norms, biases) never decay.
        var decays = trained.ToLookup(p => p.parameter.ndim >= 2 && !withoutDecay.Contains(p.parameter, ReferenceEqualityComparer.Instance));
        var optimizer = new FusedAdamW(
            [new(decays[true], options.WeightDecay), new(decays[false], 0)], options.Beta1, options.Beta2, options.Epsilon);
        model.ActivationCheckpointing = options.ActivationCheckpointing;
        return new(model, frozen, optimizer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        _model.ActivationCheckpointing = false;
        foreach (var parameter in _frozen) parameter.requires_grad = true;
    }
}
