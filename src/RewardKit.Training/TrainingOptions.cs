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

/// <summary>The settings of a training run; everything but data, model, loss and seed.</summary>
public sealed record TrainingOptions
{
    /// <summary>Passes over the data.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Pairs behind one optimiser step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>
    /// Pairs in one forward and backward pass, at most; a step is accumulated from as many as it takes. Null: the whole
    /// batch at once.
    /// </summary>
    public int? MicroBatchSize { get; init; }

    /// <summary>The peak learning rate of AdamW.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate moves after the warm-up.</summary>
    public Schedule Schedule { get; init; } = Schedule.Cosine;

    /// <summary>The share of the steps over which the learning rate rises from zero, in [0, 1].</summary>
    public double WarmupRatio { get; init; } = 0.03;

    /// <summary>Decoupled weight decay of matrices; vectors (norms, biases) have none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>AdamW's first moment decay.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's second moment decay.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's denominator floor.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The global gradient norm is clipped to this.</summary>
    public double MaxGradNorm { get; init; } = 1.0;
}
