using TorchSharp;

namespace RewardKit;

/// <summary>
/// Makes one model's weights of several models' weights, without training. The first model is the one that the result is
/// like: its configuration, its tokenizer and its heads are the result's, unless the merger says otherwise.
/// </summary>
public interface IWeightMerger
{
    /// <summary>
    /// Whether low-rank adapters of one base and one form are handed over as they are, their factors by name (
    /// <c>….lora_A.weight</c>, <c>[rank, in]</c>, and <c>….lora_B.weight</c>, <c>[out, rank]</c>), and the result is such an adapter.
    /// Otherwise each is merged into its base before.
    /// </summary>
    bool TakesAdapters => false;

    /// <summary>Merges models of one architecture.</summary>
    /// <param name="models">The models, at least one, the one that the result is like first.</param>
    /// <returns>The tensors of the result, made one at a time as they are written.</returns>
    /// <exception cref="RewardKitException">The models do not fit each other; the message names the tensor and both shapes.</exception>
    MergedWeights Merge(IReadOnlyList<MergeMember> models);
}

/// <summary>A model among those that are merged.</summary>
/// <param name="Model">Its weights.</param>
/// <param name="Weight">Its share, as the user gives it.</param>
public sealed record MergeMember(IModelWeights Model, double Weight);

/// <summary>What a tensor is for: some methods treat heads and embeddings apart.</summary>
public enum WeightRole
{
    /// <summary>A layer or a norm.</summary>
    Body,

    /// <summary>Token embeddings, <c>[vocabulary, hidden]</c>; row i belongs to token i.</summary>
    Embedding,

    /// <summary>The language-model head, <c>[vocabulary, hidden]</c> (or its bias); row i belongs to token i.</summary>
    LanguageHead,

    /// <summary>The scalar head of a reward model.</summary>
    RewardHead,
}

/// <summary>A tensor of a model.</summary>
/// <param name="Name">Its name in Hugging Face's layout.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Role">What it is for.</param>
public sealed record ModelWeight(string Name, IReadOnlyList<long> Shape, torch.ScalarType Type, WeightRole Role);

/// <summary>A model's weights by name, read one at a time.</summary>
public interface IModelWeights
{
    /// <summary>A name for messages.</summary>
    string Name { get; }

    /// <summary>Every tensor, in the order of the files. A tied head is not among them.</summary>
    IReadOnlyList<ModelWeight> Weights { get; }

    /// <summary>By id, the tokenizer's tokens; empty where there is no tokenizer.</summary>
    IReadOnlyList<string> Tokens { get; }

    /// <summary>A copy of a tensor's numbers in CPU memory. The caller owns it.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="RewardKitException">There is none of this name.</exception>
    torch.Tensor Read(string name);
}

/// <summary>The result of a merge.</summary>
/// <param name="Weights">The tensors, in the order of the files.</param>
/// <param name="Make">
/// Makes one of them, of the shape and type that it has in <paramref name="Weights"/>. The host disposes it once it is
/// written.
/// </param>
/// <param name="NewTokens">Tokens that the result has after those of the first model; usually none.</param>
public sealed record MergedWeights(
    IReadOnlyList<ModelWeight> Weights, Func<ModelWeight, torch.Tensor> Make, IReadOnlyList<string> NewTokens)
{
    /// <summary>A result with the first model's tokens.</summary>
    /// <param name="weights">The tensors, in the order of the files.</param>
    /// <param name="make">Makes one of them.</param>
    public MergedWeights(IReadOnlyList<ModelWeight> weights, Func<ModelWeight, torch.Tensor> make) : this(weights, make, []) { }
}
