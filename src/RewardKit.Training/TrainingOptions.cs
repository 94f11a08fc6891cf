namespace RewardKit.Training;

/// <summary>How the learning rate moves after the warm-up.</summary>
public enum Schedule
{
    /// <summary>Half a cosine from the peak to zero.</summary>
    Cosine,

    /// <summary>A straight line from the peak to zero.</summary>
    Linear,

    /// <summary>The peak to the end.</summary>
    Constant,
}

/// <summary>The type that matrix products and attention compute in.</summary>
public enum Precision
{
    /// <summary>The type of the weights.</summary>
    OfWeights,

    /// <summary>
    /// bfloat16 by autocast (Micikevicius et al., arXiv:1710.03740): weights, rewards, the loss and the optimiser stay as
    /// they are. Half the memory for activations; faster where the processor or GPU has instructions for it.
    /// </summary>
    BFloat16,
}

/// <summary>Which of a run's models is the one that it leaves.</summary>
public enum KeepModel
{
    /// <summary>The last one.</summary>
    Last,

    /// <summary>The one with the highest <c>eval/accuracy</c>; the earlier one where two are equal.</summary>
    BestAccuracy,

    /// <summary>The one with the lowest <c>eval/loss</c>; the earlier one where two are equal.</summary>
    LowestLoss,
}

/// <summary>What happens to a training pair whose prompt or response has more tokens than the model's limits allow.</summary>
public enum TooLong
{
    /// <summary>It is cut: a prompt on the left, a response on the right.</summary>
    Truncate,

    /// <summary>The pair is left out.</summary>
    Drop,

    /// <summary>The run stops before its first step.</summary>
    Refuse,
}

/// <summary>The settings of a training run; everything but data, model, loss and seed.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Optimiser steps at most, whatever the epochs come to; null: as many as they do.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Pairs behind one optimiser step, over all processes: two processes halve the work of a step, not its batch.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>
    /// Pairs in one forward and backward pass of a process, at most; a step is accumulated from as many passes as it takes. Null: as
    /// <see cref="MicroBatchTokens"/> has it. Where memory does not suffice it is halved on the way, which the user is told.
    /// </summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>
    /// Tokens in one pass, at most; a pair with more is a pass of its own. Null: 2,048 on a CPU, where more is not faster and takes
    /// more memory, and any number on a GPU, where <see cref="MicroBatchSize"/> is given, or where a loss needs its batch whole.
    /// </summary>
    public int? MicroBatchTokens { get; init; }

    /// <summary>What happens to pairs with too many tokens; they are counted in any case.</summary>
    public TooLong TooLong { get; init; } = TooLong.Truncate;

    /// <summary>The peak learning rate of AdamW.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate moves after the warm-up.</summary>
    public Schedule Schedule { get; init; } = Schedule.Cosine;

    /// <summary>The share of the steps over which the learning rate rises from zero, in [0, 1].</summary>
    public double WarmupRatio { get; init; } = 0.03;

    /// <summary>The steps over which it rises; null: by <see cref="WarmupRatio"/>.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>Decoupled weight decay of matrices; vectors (norms, biases) have none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>
    /// Names of matrices that have no weight decay either; <c>*</c> stands for anything, as in <c>*embed_tokens*</c>.
    /// </summary>
    public IReadOnlyList<string> NoDecay { get; init; } = [];

    /// <summary>
    /// Names of parameters that stay as they are; <c>*</c> stands for anything, as in <c>model.layers.0.*</c>.
    /// </summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>AdamW's first moment decay.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's second moment decay.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's denominator floor.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The global gradient norm is clipped to this.</summary>
    public double MaxGradNorm { get; init; } = 1.0;

    /// <summary>Steps from one try on held-out pairs to the next, where there are such pairs; null: once an epoch.</summary>
    public int? ValidateEvery { get; init; }

    /// <summary>Which model the run leaves; other than the last needs held-out pairs and checkpoints.</summary>
    public KeepModel Keep { get; init; }

    /// <summary>The type that matrix products and attention compute in.</summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// Keeps, of each layer, its input alone and computes the rest again in the backward pass: much less memory for about a
    /// third more work. The gradients are the same to the last bit.
    /// </summary>
    public bool ActivationCheckpointing { get; init; }
}
