using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance;

/// <summary>A loss under test.</summary>
/// <param name="make">Makes the loss with the options to test; called often.</param>
public sealed class LossSubject(Func<ILoss> make) : Subject
{
    /// <summary>All that a forward pass can give.</summary>
    internal const ForwardNeeds Everything =
        ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs | ForwardNeeds.Features | ForwardNeeds.Heads
        | ForwardNeeds.Preferences | ForwardNeeds.TiePreference | ForwardNeeds.LastTurnLogProbs | ForwardNeeds.TokenRewards | ForwardNeeds.StepRewards;

    private RewardHead? _head;

    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Loss;

    /// <summary>The pairs that batches are made of: at least eight, preferences and ties among them.</summary>
    public IReadOnlyList<PreferenceExample> Examples { get; init; } = SyntheticPairs.Draw(10, seed: 1);

    /// <summary>Metrics that every batch must have, beside those that the rules find for themselves.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = [];

    /// <summary>A batch of the examples.</summary>
    internal LossCase Case(int seed = 1) => LossCase.Draw(Examples, _head ??= make().Head, seed);

    internal override bool HasDevice => true;

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) =>
        new LossSubject(() => session.CreateLoss(use)) { Traits = Traits, Examples = Examples, Metrics = Metrics };

    internal override Transcript Use(object plugin, int scenario, int seed, Device device)
    {
        var loss = (ILoss)plugin;
        (loss as IStatefulLoss)?.Restore(null);
        var transcript = new Transcript();
        transcript.Add("Needs", loss.Needs.ToString());
        transcript.Add("Head", loss.Head.ToString());
        foreach (var step in (int[])[0, 7 + scenario])
        {
            var batch = Case(20 + scenario) with { Step = new(step, 100, 50) };
            var outcome = Compute(batch, loss, device: device, seed: seed);
            transcript.Add("the loss", outcome.Loss);
            foreach (var (name, gradient, _) in outcome.Gradients) transcript.Add($"the gradient of {name}", gradient);
            foreach (var (name, value) in outcome.Metrics) transcript.Add($"the metric {name}", value);
        }
        return transcript;
    }

    /// <summary>Computes a loss and its gradient.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="loss">The loss; a new one unless given.</param>
    /// <param name="type">The element type of what the model says.</param>
    /// <param name="device">Where it lies; the CPU unless given.</param>
    /// <param name="framed">Whether it lies in memory with gaps.</param>
    /// <param name="seed">Seeds torch before.</param>
    /// <param name="backward">Whether to compute gradients; otherwise there are none.</param>
    internal LossOutcome Compute(
        LossCase batch, ILoss? loss = null, ScalarType type = ScalarType.Float64, Device? device = null, bool framed = false, int seed = 1,
        bool backward = true)
    {
        using var scope = NewDisposeScope();
        manual_seed(seed);
        device ??= CPU;
        var leaves = batch.Tensors(type, device, framed);
        var result = (loss ?? make()).Compute(batch.Batch(device), leaves.Forward(Everything));
        if (backward && result.Loss.requires_grad) result.Loss.sum().backward();
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, value) in result.Metrics) metrics.Add(name, Read(value.mean()).Single());
        return new(
            Read(result.Loss.sum()).Single(),
            [
                new("the rewards", Gradient(leaves.Rewards)), new("the log-probabilities", Gradient(leaves.LogProbs)),
                new("the features", Gradient(leaves.Features)), new("the head's outputs", Gradient(leaves.HeadRewards)),
                new("the head's weights", Gradient(leaves.HeadWeights), ByPair: false),
                new("the preferences", Gradient(leaves.Preferences)), new("the preference for a tie", Gradient(leaves.TiePreference)),
                new("the last turns' log-probabilities", Gradient(leaves.LastTurns)),
                new("the rewards at tokens", Gradient(leaves.TokenRewards)), new("the rewards at steps", Gradient(leaves.StepRewards)),
            ],
            metrics);
    }

    private static double[] Gradient(Tensor leaf) => Read(leaf.grad ?? zeros_like(leaf));

    private static double[] Read(Tensor tensor) => tensor.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
}

/// <summary>A gradient of a loss.</summary>
/// <param name="Of">What it is taken by, in words.</param>
/// <param name="Gradient">The numbers.</param>
/// <param name="ByPair">Whether they are those of the pairs in turn.</param>
internal sealed record LossGradient(string Of, double[] Gradient, bool ByPair = true);

/// <summary>What a loss said of a batch.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Gradients">Its gradient by all that the model says; zeros where it has none.</param>
/// <param name="Metrics">Its metrics.</param>
internal sealed record LossOutcome(
    double Loss, IReadOnlyList<LossGradient> Gradients, SortedDictionary<string, double> Metrics)
{
    public IEnumerable<double> Numbers => Gradients.SelectMany(g => g.Gradient).Prepend(Loss);

    /// <summary>The first of loss and gradients in which another outcome differs, in words; null if there is none.</summary>
    public string? Difference(LossOutcome other, double tolerance)
    {
        if (Conformance.Numbers.Difference([Loss], [other.Loss], tolerance) is { } value) return $"the loss was {value}";
        foreach (var ((of, mine, _), (_, theirs, _)) in Gradients.Zip(other.Gradients))
            if (Conformance.Numbers.Difference(mine, theirs, tolerance) is { } difference) return $"the gradient of {of}: {difference}";
        return null;
    }

    /// <summary>The same for the metrics.</summary>
    public string? MetricDifference(LossOutcome other, double tolerance)
    {
        if (Metrics.Keys.Except(other.Metrics.Keys).Concat(other.Metrics.Keys.Except(Metrics.Keys)).FirstOrDefault() is { } once)
            return $"the metric {once} was there once only";
        return Metrics.Keys
            .Select(name => Conformance.Numbers.Difference([Metrics[name]], [other.Metrics[name]], tolerance) is { } d ? $"the metric {name} was {d}" : null)
            .FirstOrDefault(d => d is not null);
    }
}
