using static TorchSharp.torch;

namespace RewardKit.Models.Tests;

/// <summary>A reward model of random weights that is small, but whose numbers are not.</summary>
internal static class SmallModel
{
    public const ForwardNeeds All = ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.Features;

    public static readonly ModelConfig Config = new()
    {
        VocabSize = 40,
        HiddenSize = 24,
        IntermediateSize = 40,
        NumHiddenLayers = 2,
        NumAttentionHeads = 3,
        NumKeyValueHeads = 1,
        MaxPositionEmbeddings = 64,
        InitializerRange = 0.3,
    };

    public static RewardModel Random(int seed = 1, RewardHead? head = null, ModelConfig? config = null) =>
        RewardModel.Create(new ModelSpec { Configuration = config ?? Config }, head ?? new(), seed);

    public static (float[] Rewards, float[] LogProbs, float[] Features) Run(RewardModel model, params PackedItem[] items)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        using var batch = new PackedBatch(items);
        var output = model.Forward(batch, All);
        return (Numbers(output.Rewards!), model.HasLanguageHead ? Numbers(output.ResponseLogProbs!) : [], Numbers(output.Features!));
    }

    public static float[] Numbers(Tensor tensor) => tensor.data<float>().ToArray();
}
