using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>How a model is written.</summary>
public sealed record SaveOptions
{
    /// <summary>Weights that take more bytes than this are written in several files; default 5 GB, as other tools do it.</summary>
    public long ShardBytes { get; init; } = 5_000_000_000;

    /// <summary>The weights' type in the files: <c>float32</c>, <c>bfloat16</c> or <c>float16</c>; null: their own.</summary>
    public string? Dtype { get; init; }

    /// <summary>What the model card says of how the model came about; null: nothing.</summary>
    public ModelCard? Card { get; init; }

    internal ScalarType? Type => Dtype is null ? null : Checkpoint.Dtype(Dtype, "The files to save") is { } type ? type
        : throw RewardKitException.Input($"A model cannot be saved with the dtype \"{Dtype}\"; expected float32, bfloat16 or float16.");
}
