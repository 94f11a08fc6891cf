namespace RewardKit.Models;

/// <summary>
/// A model's architecture under the names of Hugging Face's <c>config.json</c>. One made here, for random weights, is a
/// Llama; the other families come from folders, which set what is not public.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family, as <c>model_type</c> names it.</summary>
    public string ModelType { get; internal init; } = "llama";

    /// <summary>Tokens in the vocabulary.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP.</summary>
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

    /// <summary>Epsilon of the norms.</summary>
    public double RmsNormEps { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Llama-3 frequency scaling; null for none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the language-model head is the embedding matrix.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>Standard deviation of random weights.</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Linear rotary scaling: positions are divided by this.</summary>
    internal double RopeFactor { get; init; } = 1;

    /// <summary>How many channels of a head turn with the position; null: all.</summary>
    internal int? RotaryDim { get; init; }

    /// <summary>Biases of the query, key and value projections.</summary>
    internal bool AttentionBias { get; init; }

    /// <summary>A bias of the attention's output projection.</summary>
    internal bool OutputBias { get; init; }

    /// <summary>Biases of the MLP's projections.</summary>
    internal bool MlpBias { get; init; }

    /// <summary>A bias of the language-model head.</summary>
    internal bool LanguageHeadBias { get; init; }

    /// <summary>The kind of the norms.</summary>
    internal NormKind Norm { get; init; } = NormKind.Rms;

    /// <summary>Whether queries and keys are normed head by head before they turn.</summary>
    internal bool QueryKeyNorm { get; init; }

    /// <summary>Whether the results of attention and MLP are normed before they are added.</summary>
    internal bool PostNorms { get; init; }

    /// <summary>Whether attention and MLP read the same normed input and are added together.</summary>
    internal bool Parallel { get; init; }

    /// <summary>Whether the MLP has a gate beside its first projection.</summary>
    internal bool GatedMlp { get; init; } = true;

    /// <summary>The MLP's activation.</summary>
    internal Activation Activation { get; init; } = Activation.Silu;

    /// <summary>Whether embeddings are multiplied by the root of their width.</summary>
    internal bool ScaleEmbeddings { get; init; }

    /// <summary>Scores are divided by the root of this; null: the width of a head.</summary>
    internal double? QueryScalar { get; init; }

    /// <summary>Attention scores s become c·tanh(s/c); 0: they stay.</summary>
    internal double AttentionSoftcap { get; init; }

    /// <summary>The language-model head's logits, alike.</summary>
    internal double LogitSoftcap { get; init; }

    /// <summary>By layer, how many keys a query sees at most, its own included; 0 in it: all. Empty: all, everywhere.</summary>
    internal IReadOnlyList<int> Windows { get; init; } = [];

    /// <summary>The tensor names in which families differ.</summary>
    internal TensorNames Names { get; init; } = new();

    /// <summary>Reads a Hugging Face folder's <c>config.json</c>.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RewardKitException">There is none, or it asks for something not supported; the message names it.</exception>
    public static ModelConfig Load(string folder) => ConfigFile.Load(folder).Model();

    /// <summary>The width of one head.</summary>
    internal int HeadWidth => HeadDim ?? HiddenSize / NumAttentionHeads;

    /// <summary>The channels of a head that turn with the position.</summary>
    internal int RotaryWidth => RotaryDim ?? HeadWidth;

    /// <summary>What attention scores are multiplied by.</summary>
    internal double AttentionScale => 1 / Math.Sqrt(QueryScalar ?? HeadWidth);

    /// <summary>Refuses shapes that no model can have.</summary>
    /// <param name="where">The file or configuration, for the message.</param>
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
        if (HeadWidth < 2 || RotaryWidth < 2 || RotaryWidth % 2 != 0 || RotaryWidth > HeadWidth)
            throw RewardKitException.Input(
                $"{where}: heads are {HeadWidth} wide, of which {RotaryWidth} channels turn; rotary positions need an even number of them.");
        if (NumAttentionHeads % NumKeyValueHeads != 0)
            throw RewardKitException.Input(
                $"{where}: NumKeyValueHeads {NumKeyValueHeads} does not divide NumAttentionHeads {NumAttentionHeads}.");
        foreach (var (name, value) in new[]
        {
            ("the norms' epsilon", RmsNormEps), ("rope_theta", RopeTheta), ("the rotary scaling's factor", RopeScaling?.Factor ?? RopeFactor),
            ("query_pre_attn_scalar", QueryScalar ?? 1),
        })
            if (!(value > 0 && double.IsFinite(value))) throw RewardKitException.Input(FormattableString.Invariant($"{where}: {name} is {value}; expected a positive number."));
        foreach (var (name, value) in new[]
        {
            ("initializer_range", InitializerRange), ("attn_logit_softcapping", AttentionSoftcap), ("final_logit_softcapping", LogitSoftcap),
        })
            if (!(value >= 0 && double.IsFinite(value))) throw RewardKitException.Input(FormattableString.Invariant($"{where}: {name} is {value}; expected at least 0."));
        return this;
    }
}

/// <summary>Llama-3 rotary scaling, as <c>rope_scaling</c> of <c>config.json</c> with type <c>llama3</c>.</summary>
/// <param name="Factor">Low frequencies are divided by this.</param>
/// <param name="LowFreqFactor">Context / this = the longest wavelength left between the regimes.</param>
/// <param name="HighFreqFactor">Context / this = the shortest wavelength scaled at all.</param>
/// <param name="OriginalMaxPositionEmbeddings">The context length before scaling.</param>
public sealed record RopeScaling(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings);

/// <summary>The kinds of norm.</summary>
internal enum NormKind
{
    /// <summary>Root-mean-square with a gain (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
    Rms,

    /// <summary>The same with the gain stored less one (Gemma).</summary>
    RmsOnePlus,

    /// <summary>Mean and variance, with gain and bias (Ba et al. 2016, arXiv:1607.06450).</summary>
    Layer,
}

/// <summary>The activations of MLPs.</summary>
internal enum Activation
{
    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>The approximation of x·Φ(x) by a hyperbolic tangent (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,
}

/// <summary>Tensor names in which families differ, Llama's where nothing else is said.</summary>
/// <param name="AttentionOutput">The attention's output projection.</param>
/// <param name="Up">The MLP's first projection.</param>
/// <param name="Down">The MLP's last projection.</param>
/// <param name="FinalNorm">The norm after the last layer.</param>
internal sealed record TensorNames(
    string AttentionOutput = "o_proj", string Up = "up_proj", string Down = "down_proj", string FinalNorm = "norm");
