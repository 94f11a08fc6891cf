using RewardKit.Models.Llama;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What a forward pass gives; just what was asked for, the rest is null. The caller owns the tensors.</summary>
/// <param name="Rewards">The scalar head at each sequence's last token, <c>[sequences]</c>.</param>
/// <param name="ResponseLogProbs">
/// Log-probability of each response given its prompt, summed over its tokens (the end-of-text token among them),
/// <c>[sequences]</c>, float32; 0 for a response without tokens.
/// </param>
/// <param name="Features">Final hidden states at each sequence's last token, <c>[sequences, hidden]</c>.</param>
public sealed record ModelOutput(Tensor? Rewards, Tensor? ResponseLogProbs, Tensor? Features);

/// <summary>
/// A decoder with a scalar head on its last token, and with its language-model head beside it. Parameters bear Hugging
/// Face's names: <c>model.layers.0.self_attn.q_proj.weight</c>, <c>lm_head.weight</c>, <c>score.weight</c>.
/// </summary>
public sealed class RewardModel : nn.Module
{
    private readonly LlamaModel model;
    private readonly Linear? lm_head;
    private readonly Linear score;
    private readonly ConfigFile _file;

    internal RewardModel(ConfigFile file, ModelConfig config, bool languageHead, bool scoreBias) : base(nameof(RewardModel))
    {
        (_file, Config) = (file, config);
        HasLanguageHead = languageHead;
        model = new LlamaModel(config);
        lm_head = languageHead && !config.TieWordEmbeddings ? Layers.Linear(config.HiddenSize, config.VocabSize) : null;
        score = Layers.Linear(config.HiddenSize, 1, scoreBias);
        RegisterComponents();
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>
    /// Whether it can give log-probabilities. A sequence classifier saved by other tools has lost the language-model head
    /// unless it is tied to the embeddings.
    /// </summary>
    public bool HasLanguageHead { get; }

    /// <summary>Where the weights are.</summary>
    public Device Device => score.weight!.device;

    /// <summary>
    /// Makes the model that a specification asks for. A folder with a trained scalar head keeps it; other folders get a
    /// fresh one. Random weights depend on the seed and the parameter's name only. Weights are float32.
    /// </summary>
    /// <param name="spec">A folder, or a configuration for random weights.</param>
    /// <param name="head">How a fresh scalar head starts.</param>
    /// <param name="seed">Decides random weights.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <exception cref="RewardKitException">
    /// The folder is no model of a known architecture, or a tensor is missing, surplus or misshapen; the message names it
    /// and the shapes.
    /// </exception>
    public static RewardModel Create(ModelSpec spec, RewardHead head, int seed, Device? device = null)
    {
        if (spec.Folder is null == spec.Configuration is null)
            throw RewardKitException.Input("A model needs either a folder or a configuration"
                + (spec.Folder is null ? "; neither is given." : $"; both are given (folder {spec.Folder})."));
        var result = spec.Folder is { } folder
            ? Checkpoint.Load(folder, head, seed)
            : Checkpoint.Random(spec.Configuration!, head, seed);
        return device is null ? result : result.to(device);
    }

    /// <summary>Loads a trained reward model: a folder with <c>score.weight</c> among its tensors.</summary>
    /// <param name="folder">As <see cref="Save"/> writes it, or a one-label sequence classifier of other tools.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <exception cref="RewardKitException">It is not one, or it is damaged.</exception>
    public static RewardModel Load(string folder, Device? device = null)
    {
        var result = Checkpoint.Load(folder, head: null, seed: 0);
        return device is null ? result : result.to(device);
    }

    /// <summary>
    /// Writes a folder in Hugging Face's layout for sequence classification: <c>config.json</c>, <c>model.safetensors</c>
    /// and the tokenizer's files; the template and the limits are noted in <c>config.json</c>, so that
    /// <see cref="PairEncoder.Create(ModelSpec)"/> on this folder encodes texts alike. Other tools load it as
    /// <c>LlamaForSequenceClassification</c>; they ignore a head's bias, a constant on all rewards. The folder is written
    /// beside and renamed.
    /// </summary>
    /// <param name="folder">The folder; replaced if it exists.</param>
    /// <param name="encoder">How texts become the model's tokens.</param>
    public void Save(string folder, PairEncoder encoder) => Checkpoint.Save(this, _file, folder, encoder);

    /// <summary>Runs the model over packed texts.</summary>
    /// <param name="batch">The texts, on the model's device.</param>
    /// <param name="needs">What to compute. <see cref="ForwardNeeds.ReferenceLogProbs"/> is another model's affair.</param>
    /// <exception cref="RewardKitException">Log-probabilities are asked of a model without a language-model head.</exception>
    public ModelOutput Forward(PackedBatch batch, ForwardNeeds needs)
    {
        using var scope = NewDisposeScope();
        var hidden = model.call(batch);
        Tensor? rewards = null, features = null, logProbs = null;
        if ((needs & (ForwardNeeds.Rewards | ForwardNeeds.Features)) != 0)
        {
            var last = hidden.index_select(0, batch.LastTokens);
            if (needs.HasFlag(ForwardNeeds.Features)) features = last;
            if (needs.HasFlag(ForwardNeeds.Rewards)) rewards = score.call(last).squeeze(-1);
        }
        if (needs.HasFlag(ForwardNeeds.ResponseLogProbs)) logProbs = ResponseLogProbs(hidden, batch);
        return new(
            rewards?.MoveToOuterDisposeScope(), logProbs?.MoveToOuterDisposeScope(), features?.MoveToOuterDisposeScope());
    }

    /// <summary>Scores of the next token at every row, <c>[tokens, vocab]</c>; large, for tests and short texts.</summary>
    /// <param name="batch">The texts, on the model's device.</param>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    public Tensor Logits(PackedBatch batch)
    {
        using var hidden = model.call(batch);
        return nn.functional.linear(hidden, LanguageHead);
    }

    private Parameter LanguageHead =>
        !HasLanguageHead ? throw RewardKitException.Input(
            "This model has no language-model head (its checkpoint has no lm_head.weight and its embeddings are not tied), "
            + "so there are no log-probabilities. Start from the causal language model instead.")
        : lm_head?.weight ?? model.Embeddings;

    private Tensor ResponseLogProbs(Tensor hidden, PackedBatch batch)
    {
        if (batch.Targets.NumberOfElements == 0) return zeros(batch.Sequences, device: hidden.device);
        var tokens = TokenLogProbs.Apply(hidden.index_select(0, batch.PredictFrom), LanguageHead, batch.Targets).to(ScalarType.Float32);
        // Summed piece by piece and not scattered, so that the order of addition is the same on every device.
        var responses = tokens.split([.. batch.ResponseLengths.Select(length => (long)length)], 0);
        return stack(responses.Select(response => response.sum()));
    }
}
