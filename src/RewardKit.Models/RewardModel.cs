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
/// <param name="HeadRewards">All outputs of the head, <c>[sequences, outputs]</c>; the first is the reward.</param>
/// <param name="HeadWeights">The head's weights as they were applied, <c>[outputs, hidden]</c>.</param>
/// <param name="LastTurnLogProbs">The log-probabilities summed over the tokens of last turns alone, <c>[sequences]</c>, float32.</param>
public sealed record ModelOutput(
    Tensor? Rewards, Tensor? ResponseLogProbs, Tensor? Features, Tensor? HeadRewards = null, Tensor? HeadWeights = null,
    Tensor? LastTurnLogProbs = null)
{
    /// <summary>
    /// Log-probability of each of a pairwise model's replies, the first response, the second, and where it was asked for a tie,
    /// <c>[sequences, 2 or 3]</c>, float32.
    /// </summary>
    public Tensor? Preferences { get; init; }

    /// <summary>The reward at each response token, sequence by sequence, <c>[response tokens]</c>, float32.</summary>
    public Tensor? TokenRewards { get; init; }
}

/// <summary>
/// A causal language model with exactly one reward: a scalar head on its last token, <c>score.weight</c>, with the
/// language-model head beside it; or the language-model head itself, read at two label tokens. A scalar head may have further
/// outputs, <c>extra_scores.weight</c>, for methods that train with them; they are no part of the reward. In its pairwise form
/// the model has no reward for a text, but replies which of two responses in it is better. As a policy it is the language
/// model alone.
/// </summary>
public sealed class RewardModel : CausalModel
{
    private readonly RewardHeads? _heads;
    private readonly ModuleDict<Projection> _adapterScores = nn.ModuleDict<Projection>();
    private readonly ModuleDict<Projection> _adapterExtras = nn.ModuleDict<Projection>();
    private RewardHeads? _headsInUse;

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights, bool languageHead, RewardHead head)
        : base(file, config, weights, languageHead)
    {
        _headsInUse = _heads = new(weights, config.HiddenSize, head);
        register_module(RewardHeads.First, _heads.Score);
        if (_heads.Extra is { } extra) register_module(RewardHeads.Further, extra);
        register_module("adapter_score", _adapterScores);
        register_module("adapter_extra_scores", _adapterExtras);
    }

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights, (int First, int Second) labels)
        : base(file, config, weights, languageHead: true) => Labels = labels;

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights, PairLabels labels)
        : base(file, config, weights, languageHead: true) => PairLabels = labels;

    internal RewardModel(ConfigFile file, ModelConfig config, ModelWeights weights)
        : base(file, config, weights, languageHead: true) => IsPolicy = true;

    /// <summary>Whether it is a language model alone, trained by a loss that reads no reward.</summary>
    public bool IsPolicy { get; }

    /// <summary>The replies of the pairwise form, which has no reward for a single response; null for any other.</summary>
    public PairLabels? PairLabels { get; }

    /// <summary>Whether it has a scalar head.</summary>
    public bool HasScalarHead => _heads is not null;

    /// <summary>The label tokens whose logits make the reward; null where a scalar head does.</summary>
    public (int First, int Second)? Labels { get; }

    /// <summary>The outputs of its head, of which the first is the reward; 1 where label tokens make it.</summary>
    public int Outputs => _heads?.Form.Outputs ?? 1;

    internal override string Architecture => _heads is null ? base.Architecture : File.Family().Classifier;

    internal override RewardHeads? HeadToAdapt => _heads;

    internal override RewardHeads AddHead(string adapter, ModelWeights weights)
    {
        var heads = new RewardHeads(weights, Config.HiddenSize, _heads!.Form);
        _adapterScores.Add(adapter, heads.Score);
        if (heads.Extra is { } extra) _adapterExtras.Add(adapter, extra);
        return heads;
    }

    internal override void UseHead(RewardHeads? head) => _headsInUse = head ?? _heads;

    internal override IEnumerable<KeyValuePair<string, Tensor>> Tensors()
    {
        if (_headsInUse is null) return base.Tensors();
        var heads = _headsInUse.Saved().ToDictionary();
        return base.Tensors().Select(t => heads.TryGetValue(t.Key, out var saved) ? KeyValuePair.Create(t.Key, saved) : t);
    }

    /// <summary>
    /// Makes the model that a specification asks for. A folder with a trained scalar head keeps it; other folders get a
    /// fresh one, or none where the specification names label tokens. Random weights depend on the seed and the parameter's
    /// name only.
    /// </summary>
    /// <param name="spec">A folder, or a configuration for random weights.</param>
    /// <param name="head">
    /// How a fresh scalar head starts, and how many outputs it is to have. Where a folder has one output and more are asked
    /// for, the others are fresh.
    /// </param>
    /// <param name="seed">Decides random weights.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <exception cref="RewardKitException">
    /// The folder is no model of a known architecture, or a tensor is missing, surplus or misshapen; the message names it
    /// and the shapes. Or it has several outputs, and not as many as are asked for.
    /// </exception>
    /// <exception cref="ArgumentException">No head is as <paramref name="head"/> says.</exception>
    public static RewardModel Create(ModelSpec spec, RewardHead head, int seed, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(head.Outputs, 1, nameof(RewardHead.Outputs));
        if (head is { ZeroInit: true, Norm: not HeadNorm.None }) throw new ArgumentException("A head that starts from zeros has no direction to normalise.", nameof(head));
        return Checkpoint.Reward(spec, head, seed, device);
    }

    /// <summary>
    /// Loads a trained reward model: a folder with <c>score.weight</c> among its tensors, or one saved with label tokens.
    /// </summary>
    /// <param name="folder">As <see cref="CausalModel.Save"/> writes it, or a one-label sequence classifier of other tools.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <param name="dtype">The weights' type, as <see cref="ModelSpec.Dtype"/>.</param>
    /// <exception cref="RewardKitException">It is not one, or it is damaged.</exception>
    public static RewardModel Load(string folder, Device? device = null, string? dtype = null) =>
        Checkpoint.Reward(new ModelSpec { Folder = folder, Dtype = dtype }, head: null, seed: 0, device);

    /// <summary>
    /// What tells whether the adapter in a folder can join others in one model in memory (<see cref="LoraAdapters.Load"/>), which then has
    /// their base once: the same text for all that can. Null for a folder that holds no adapter.
    /// </summary>
    /// <param name="folder">A trained reward model's folder.</param>
    /// <exception cref="RewardKitException">Its base is not there.</exception>
    public static string? SharedBase(string folder) => AdapterFolder.Common(folder);

    /// <summary>Runs the model over packed texts.</summary>
    /// <param name="batch">The texts, on the model's device.</param>
    /// <param name="needs">What to compute. <see cref="ForwardNeeds.ReferenceLogProbs"/> is another model's affair.</param>
    /// <exception cref="RewardKitException">
    /// Log-probabilities are asked of a model without a language-model head, or a head's outputs of one without a scalar head.
    /// </exception>
    public ModelOutput Forward(PackedBatch batch, ForwardNeeds needs)
    {
        using var scope = NewDisposeScope();
        var hidden = Hidden(batch);
        Tensor? rewards = null, features = null, headRewards = null, headWeights = null, preferences = null;
        if ((needs & (ForwardNeeds.Rewards | ForwardNeeds.Features | ForwardNeeds.Heads | ForwardNeeds.Preferences)) != 0)
        {
            var last = hidden.index_select(0, batch.LastTokens);
            if (needs.HasFlag(ForwardNeeds.Features)) features = last;
            if (needs.HasFlag(ForwardNeeds.Heads)) (headRewards, headWeights) = HeadOutputs(last);
            if (needs.HasFlag(ForwardNeeds.Rewards)) rewards = headRewards?.select(1, 0) ?? Rewards(last);
            if (needs.HasFlag(ForwardNeeds.Preferences)) preferences = Preferences(last, needs.HasFlag(ForwardNeeds.TiePreference));
        }
        var tokenRewards = (needs & (ForwardNeeds.TokenRewards | ForwardNeeds.StepRewards)) != 0 ? Rewards(hidden.index_select(0, batch.ResponseTokens)) : null;
        var (logProbs, lastTurns) = LogProbs(hidden, batch, needs);
        return new(
            rewards?.MoveToOuterDisposeScope(), logProbs?.MoveToOuterDisposeScope(), features?.MoveToOuterDisposeScope(),
            headRewards?.MoveToOuterDisposeScope(), headWeights?.MoveToOuterDisposeScope(), lastTurns?.MoveToOuterDisposeScope())
        {
            Preferences = preferences?.MoveToOuterDisposeScope(),
            TokenRewards = tokenRewards?.MoveToOuterDisposeScope(),
        };
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
        using var hidden = cache.Append(this, tokens);
        return NextRewards(hidden);
    }

    /// <summary>Rewards of texts, <c>[rows]</c>, float32 or wider, without gradients.</summary>
    /// <param name="hidden">Final hidden states at their last tokens, <c>[rows, hidden]</c>.</param>
    internal Tensor NextRewards(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        return Rewards(hidden).MoveToOuterDisposeScope();
    }

    // In float32 or wider whatever the weights are: a reward rounded to eight bits could not tell close texts apart.
    private Tensor Rewards(Tensor last)
    {
        if (_headsInUse is not { } heads)
        {
            var (first, second) = Labels ?? throw RewardKitException.Input(IsPolicy
                ? "This model was trained as a policy, by a loss that reads no reward: it has none. Its implicit reward is the difference of its "
                    + "log-probability and that of the model it started from."
                : "This is a pairwise model: it says which of two responses is better and has no reward for one alone.");
            var logits = NeedHead().Logits(last, tensor((long[])[first, second], device: last.device));
            return logits.select(1, 0) - logits.select(1, 1);
        }
        using var wide = NoAutocast(last);
        return heads.Reward(Wide(last));
    }

    private (Tensor Rewards, Tensor Weights) HeadOutputs(Tensor last)
    {
        if (_headsInUse is not { } heads)
            throw RewardKitException.Input("The outputs of a scalar head are asked for, and this model has none" + (IsPolicy ? "." : ": its reward is read at label tokens. Leave the label tokens out."));
        using var wide = NoAutocast(last);
        return heads.All(Wide(last));
    }

    private static IDisposable? NoAutocast(Tensor last) => Autocast.IsEnabled(last.device_type) ? Autocast.Disable(last.device_type) : null;

    private static Tensor Wide(Tensor last) => last.to_type(last.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);

    private Tensor Preferences(Tensor last, bool tie)
    {
        var labels = PairLabels ?? throw RewardKitException.Input(
            "This is no pairwise model: it gives each response a reward of its own. Train the pairwise form (Loss.pairwise).");
        return NeedHead().LogProbs(last, tie ? [labels.First, labels.Second, labels.Tie!.Value] : [labels.First, labels.Second]);
    }
}
