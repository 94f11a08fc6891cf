using RewardKit.Models.Generation;
using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What a forward pass gives; just what was asked for, the rest is null. The caller owns the tensors.</summary>
/// <param name="Rewards">The reward of each sequence, read at its last token, <c>[sequences]</c>, float32.</param>
/// <param name="ResponseLogProbs">
/// Log-probability of each response given its prompt, summed over its tokens (the end-of-text token among them),
/// <c>[sequences]</c>, float32; 0 for a response without tokens.
/// </param>
/// <param name="Features">Final hidden states at each sequence's last token, <c>[sequences, hidden]</c>.</param>
public sealed record ModelOutput(Tensor? Rewards, Tensor? ResponseLogProbs, Tensor? Features);

/// <summary>
/// A causal language model with exactly one reward: a scalar head on its last token, <c>score.weight</c>, with the
/// language-model head beside it; or the language-model head itself, read at two label tokens.
/// </summary>
public sealed class RewardModel : CausalModel
{
    private readonly Projection? _score;
    private readonly ModuleDict<Projection> _adapterScores = nn.ModuleDict<Projection>();
    private Projection? _scoreInUse;

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights, bool languageHead, bool scoreBias)
        : base(file, config, weights, languageHead)
    {
        _scoreInUse = _score = new Projection(weights["score"], config.HiddenSize, 1, scoreBias);
        register_module("score", _score);
        register_module("adapter_score", _adapterScores);
    }

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights, (int First, int Second) labels)
        : base(file, config, weights, languageHead: true) => Labels = labels;

    /// <summary>The label tokens whose logits make the reward; null where a scalar head does.</summary>
    public (int First, int Second)? Labels { get; }

    internal override string Architecture => _score is null ? base.Architecture : File.Family().Classifier;

    internal override Projection? HeadToAdapt => _score;

    internal override Projection AddHead(string adapter, ModelWeights weights)
    {
        var head = new Projection(weights, Config.HiddenSize, 1, _score!.Bias is not null);
        _adapterScores.Add(adapter, head);
        return head;
    }

    internal override void UseHead(Projection? head) => _scoreInUse = head ?? _score;

    internal override IEnumerable<KeyValuePair<string, Tensor>> Tensors() => _scoreInUse is null || _scoreInUse == _score ? base.Tensors()
        : base.Tensors().Select(t => ReferenceEquals(t.Value, _score!.Weight) ? KeyValuePair.Create(t.Key, (Tensor)_scoreInUse.Weight)
            : ReferenceEquals(t.Value, _score.Bias) ? KeyValuePair.Create(t.Key, (Tensor)_scoreInUse.Bias!) : t);

    /// <summary>
    /// Makes the model that a specification asks for. A folder with a trained scalar head keeps it; other folders get a
    /// fresh one, or none where the specification names label tokens. Random weights depend on the seed and the parameter's
    /// name only.
    /// </summary>
    /// <param name="spec">A folder, or a configuration for random weights.</param>
    /// <param name="head">How a fresh scalar head starts.</param>
    /// <param name="seed">Decides random weights.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <exception cref="RewardKitException">
    /// The folder is no model of a known architecture, or a tensor is missing, surplus or misshapen; the message names it
    /// and the shapes.
    /// </exception>
    public static RewardModel Create(ModelSpec spec, RewardHead head, int seed, Device? device = null) =>
        Checkpoint.Reward(spec, head, seed, device);

    /// <summary>
    /// Loads a trained reward model: a folder with <c>score.weight</c> among its tensors, or one saved with label tokens.
    /// </summary>
    /// <param name="folder">As <see cref="CausalModel.Save"/> writes it, or a one-label sequence classifier of other tools.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <param name="dtype">The weights' type, as <see cref="ModelSpec.Dtype"/>.</param>
    /// <exception cref="RewardKitException">It is not one, or it is damaged.</exception>
    public static RewardModel Load(string folder, Device? device = null, string? dtype = null) =>
        Checkpoint.Reward(new ModelSpec { Folder = folder, Dtype = dtype }, head: null, seed: 0, device);

    /// <summary>Runs the model over packed texts.</summary>
    /// <param name="batch">The texts, on the model's device.</param>
    /// <param name="needs">What to compute. <see cref="ForwardNeeds.ReferenceLogProbs"/> is another model's affair.</param>
    /// <exception cref="RewardKitException">Log-probabilities are asked of a model without a language-model head.</exception>
    public ModelOutput Forward(PackedBatch batch, ForwardNeeds needs)
    {
        using var scope = NewDisposeScope();
        var hidden = Hidden(batch);
        Tensor? rewards = null, features = null, logProbs = null;
        if ((needs & (ForwardNeeds.Rewards | ForwardNeeds.Features)) != 0)
        {
            var last = hidden.index_select(0, batch.LastTokens);
            if (needs.HasFlag(ForwardNeeds.Features)) features = last;
            if (needs.HasFlag(ForwardNeeds.Rewards)) rewards = Rewards(last);
        }
        if (needs.HasFlag(ForwardNeeds.ResponseLogProbs)) logProbs = ResponseLogProbs(hidden, batch);
        return new(
            rewards?.MoveToOuterDisposeScope(), logProbs?.MoveToOuterDisposeScope(), features?.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Appends tokens to texts in a cache and reads the reward at the last, as if each text ended there. Without gradients.
    /// </summary>
    /// <param name="cache">The texts so far; made for this model.</param>
    /// <param name="tokens">By row of the cache, the tokens to append; a row with none stays as it is.</param>
    /// <returns>Rewards of the rows that got tokens, in order, <c>[rows with tokens]</c>, float32 or wider.</returns>
    /// <exception cref="ArgumentException">The cache is not this model's, a token is not in the vocabulary, or there is none.</exception>
    public Tensor NextRewards(KeyValueCache cache, IReadOnlyList<int[]> tokens)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        return Rewards(cache.Append(this, tokens)).MoveToOuterDisposeScope();
    }

    // In float32 or wider whatever the weights are: a reward rounded to eight bits could not tell close texts apart.
    private Tensor Rewards(Tensor last)
    {
        if (_scoreInUse is not { } score)
        {
            var (first, second) = Labels!.Value;
            var logits = NeedHead().Logits(last, tensor((long[])[first, second], device: last.device));
            return logits.select(1, 0) - logits.select(1, 1);
        }
        var type = last.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        using var wide = Autocast.IsEnabled(last.device_type) ? Autocast.Disable(last.device_type) : null;
        return nn.functional.linear(last.to_type(type), score.Weight.to_type(type), score.Bias?.to_type(type)).squeeze(-1);
    }
}
