using System.Text.Json.Serialization;

namespace RewardKit.Training.Checkpoints;

/// <summary>
/// What a training has come to between two steps, beside its weights and its optimiser's state. The place in the data
/// follows from the step: seed and epoch decide the order.
/// </summary>
public sealed record TrainingState
{
    /// <summary>One row for each step done.</summary>
    [JsonIgnore]
    public IReadOnlyList<StepLog> Log { get; init; } = [];

    /// <summary>Steps done.</summary>
    [JsonIgnore]
    public int Step => Log.Count;

    /// <summary>Pairs so far, as <see cref="StepReport.Pairs"/>.</summary>
    public required long Pairs { get; init; }

    /// <summary>Tokens so far, as <see cref="StepReport.Tokens"/>.</summary>
    public required long Tokens { get; init; }

    /// <summary>Wall-clock time of the steps so far, without that between stop and resume.</summary>
    public required double Seconds { get; init; }

    /// <summary>The most pairs in one pass: what was asked for, or what it has been made smaller to.</summary>
    public required int MicroBatchSize { get; init; }

    /// <summary>The most tokens in one pass, likewise.</summary>
    public required int MicroBatchTokens { get; init; }

    /// <summary>The states of torch's generators by the device's kind: <c>cpu</c>, <c>cuda</c>.</summary>
    public required IReadOnlyDictionary<string, byte[]> Generators { get; init; }

    /// <summary>What the loss remembers (<see cref="IStatefulLoss"/>); null for one that remembers nothing.</summary>
    [JsonIgnore]
    public byte[]? Loss { get; init; }
}
