namespace RewardKit.Models;

/// <summary>The architecture of a Llama-family model, under the names of Hugging Face's <c>config.json</c>.</summary>
public sealed record ModelConfig
{
    /// <summary>Tokens in the vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the gated MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Query heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Key and value heads; divides the query heads.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>Width of one head; null: hidden size / heads.</summary>
    public int? HeadDim { get; init; }

    /// <summary>Context length in tokens.</summary>
    public int MaxPositionEmbeddings { get; init; } = 2048;

    /// <summary>Epsilon of the root-mean-square norms.</summary>
    public double RmsNormEps { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Llama-3 frequency scaling; null for none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the language-model head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Standard deviation of random weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Reads a Hugging Face folder's <c>config.json</c>.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RewardKitException">There is none, or it asks for something not supported; the message names it.</exception>
    public static ModelConfig Load(string folder) => ConfigFile.Load(folder).Model().Checked(folder);

    /// <summary>The width of one head.</summary>
    internal int HeadWidth => HeadDim ?? HiddenSize / NumAttentionHeads;

    /// <summary>Refuses shapes that no model can have.</summary>
    /// <param name="where">The folder or configuration, for the message.</param>
    internal ModelConfig Checked(string where)
    {
        foreach (var (name, value) in new[]
        {
            (nameof(VocabSize), VocabSize), (nameof(HiddenSize), HiddenSize), (nameof(IntermediateSize), IntermediateSize),
            (nameof(NumHiddenLayers), NumHiddenLayers), (nameof(NumAttentionHeads), NumAttentionHeads),
            (nameof(NumKeyValueHeads), NumKeyValueHeads), (nameof(MaxPositionEmbeddings), MaxPositionEmbeddings),
        })
            if (value < 1) throw RewardKitException.Input($"{where}: {name} is {value}; expected at least 1.");
        if (HeadDim is null && HiddenSize % NumAttentionHeads != 0)
            throw RewardKitException.Input(
                $"{where}: HiddenSize {HiddenSize} does not divide into {NumAttentionHeads} heads; set HeadDim or another number of heads.");
        if (HeadWidth < 2 || HeadWidth % 2 != 0)
            throw RewardKitException.Input($"{where}: heads are {HeadWidth} wide; rotary positions need an even width.");
        if (NumAttentionHeads % NumKeyValueHeads != 0)
            throw RewardKitException.Input(
                $"{where}: NumKeyValueHeads {NumKeyValueHeads} does not divide NumAttentionHeads {NumAttentionHeads}.");
        return this;
    }
}

/// <summary>Llama-3 rotary scaling, as <c>rope_scaling</c> of <c>config.json</c> with type <c>llama3</c>.</summary>
/// <param name="Factor">Low frequencies are divided by this.</param>
/// <param name="LowFreqFactor">Context / this = the longest wavelength left between the regimes.</param>
/// <param name="HighFreqFactor">Context / this = the shortest wavelength scaled at all.</param>
/// <param name="OriginalMaxPositionEmbeddings">The context length before scaling.</param>
public sealed record RopeScaling(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings);
