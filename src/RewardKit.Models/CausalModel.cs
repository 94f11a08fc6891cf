using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// A causal language model. Parameters bear Hugging Face's names: <c>model.layers.0.self_attn.q_proj.weight</c>,
/// <c>lm_head.weight</c>.
/// </summary>
public class CausalModel : nn.Module
{
    internal CausalModel(ConfigFile file, ModelConfig config, ModelWeights weights, bool languageHead) : base(nameof(CausalModel))
    {
        (File, Config) = (file, config);
        Decoder = new Decoder(config, weights["model"]);
        register_module("model", Decoder);
        Adapters = new(this);
        if (!languageHead) return;
        Head = new LanguageHead(config, weights["lm_head"], Decoder);
        register_module("lm_head", Head);
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; private set; }

    /// <summary>
    /// Whether it can give log-probabilities. A sequence classifier saved by other tools has lost the language-model head
    /// unless it is tied to the embeddings.
    /// </summary>
    public bool HasLanguageHead => Head is not null;

    /// <summary>Where the weights are.</summary>
    public Device Device => Decoder.Embeddings.device;

    /// <summary>The weights' type; a scalar head may keep another.</summary>
    public ScalarType Type => Decoder.Embeddings.dtype;

    /// <summary>Its low-rank adapters; none at first.</summary>
    public LoraAdapters Adapters { get; }

    /// <summary>
    /// Whether a pass with gradients keeps, of each layer, its input alone, and computes the rest again in the backward pass
    /// (Chen et al. 2016, arXiv:1604.06174). Run that before the scope of the forward pass is disposed.
    /// </summary>
    public bool ActivationCheckpointing
    {
        get => Decoder.KeepsInputsOnly;
        set => Decoder.KeepsInputsOnly = value;
    }

    /// <summary>
    /// Switches adapters off until the result is disposed: <c>using (model.DisableAdapters())</c> asks the base model, as a
    /// reference policy does. Without adapters nothing changes.
    /// </summary>
    public IDisposable DisableAdapters() => Adapters.Off();

    /// <summary>The decoder without a head.</summary>
    internal Decoder Decoder { get; }

    /// <summary>The language-model head; null where the checkpoint lacks it.</summary>
    internal LanguageHead? Head { get; }

    /// <summary>The configuration's file.</summary>
    internal ConfigFile File { get; }

    /// <summary>The type that was asked for, as <see cref="ModelSpec.Dtype"/>, to be noted when it is saved; null where none was.</summary>
    internal string? AskedDtype { get; set; }

    /// <summary>The class that other tools load the saved model as.</summary>
    internal virtual string Architecture => File.Family().CausalModel;

    /// <summary>
    /// Makes the language model that a specification asks for. A scalar head in its folder is left aside. Random weights
    /// depend on the seed and the parameter's name only.
    /// </summary>
    /// <param name="spec">A folder, or a configuration for random weights.</param>
    /// <param name="seed">Decides random weights.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <exception cref="RewardKitException">
    /// The folder is no model of a known architecture, or a tensor is missing, surplus or misshapen; the message names it
    /// and the shapes.
    /// </exception>
    public static CausalModel Create(ModelSpec spec, int seed, Device? device = null) => Checkpoint.Causal(spec, seed, device);

    /// <summary>
    /// Writes a folder in Hugging Face's layout, beside and renamed: <c>config.json</c>, <c>generation_config.json</c>,
    /// safetensors in one file or several with an index, the tokenizer's files, and a model card. Weights keep their type. With
    /// an adapter in use that is not merged, it is PEFT's layout instead: the adapter's configuration and tensors, the scalar
    /// head among them, and the name of the folder that the base comes from. The template and the limits are noted in <c>config.json</c>, so that <see cref="PairEncoder.Create(ModelSpec)"/> on this
    /// folder encodes texts alike.
    /// </summary>
    /// <param name="folder">The folder; replaced if it exists.</param>
    /// <param name="encoder">How texts become the model's tokens.</param>
    /// <param name="options">Anything but the defaults.</param>
    public void Save(string folder, PairEncoder encoder, SaveOptions? options = null) =>
        ModelFolder.Save(this, folder, encoder, options ?? new());

    /// <summary>
    /// Makes room for more tokens, before an optimiser is made: the new ones start as the mean of those there are, in the
    /// embeddings and in the language-model head. Saved and loaded, the model keeps them.
    /// </summary>
    /// <param name="tokens">The tokens to have room for.</param>
    /// <param name="multiple">Rounds up to a multiple of this; some devices are faster then.</param>
    /// <exception cref="RewardKitException">The model has more tokens already.</exception>
    public void GrowVocabulary(int tokens, int multiple = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(multiple, 1);
        var size = checked((tokens + multiple - 1) / multiple * multiple);
        if (size < Config.VocabSize)
            throw RewardKitException.Input($"The model has {Config.VocabSize} tokens; a vocabulary can grow to more, and not shrink to {size}.");
        if (size == Config.VocabSize) return;
        Decoder.GrowVocabulary(size);
        Head?.GrowVocabulary(size);
        Config = Config with { VocabSize = size };
    }

    /// <summary>Scores of the next token at every row, <c>[tokens, vocab]</c>; large, for tests and short texts.</summary>
    /// <param name="batch">The texts, on the model's device.</param>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    public Tensor Logits(PackedBatch batch)
    {
        using var hidden = Hidden(batch);
        return NeedHead().Logits(hidden);
    }

    /// <summary>
    /// Appends tokens to texts in a cache and scores what may come next. Without gradients; the first tokens of a text cost
    /// what a forward pass costs, each later one a token's work.
    /// </summary>
    /// <param name="cache">The texts so far; made for this model.</param>
    /// <param name="tokens">By row of the cache, the tokens to append; a row with none stays as it is.</param>
    /// <returns>Logits after the last token of each row that got tokens, in order, <c>[rows with tokens, vocab]</c>, float32 or wider.</returns>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    /// <exception cref="ArgumentException">The cache is not this model's, a token is not in the vocabulary, or there is none.</exception>
    public Tensor Next(KeyValueCache cache, IReadOnlyList<int[]> tokens)
    {
        NeedHead();
        using var hidden = cache.Append(this, tokens);
        return NextLogits(hidden);
    }

    /// <summary>Scores of the next token, <c>[rows, vocab]</c>, float32 or wider, without gradients.</summary>
    /// <param name="hidden">Final hidden states, <c>[rows, hidden]</c>.</param>
    internal Tensor NextLogits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var logits = NeedHead().Logits(hidden);
        return (logits.dtype == ScalarType.Float64 ? logits : logits.to_type(ScalarType.Float32)).MoveToOuterDisposeScope();
    }

    /// <summary>The scalar head that an adapter has its own copy of; null where there is none.</summary>
    internal virtual RewardHeads? HeadToAdapt => null;

    /// <summary>Adds an adapter's scalar head, not yet in use.</summary>
    internal virtual RewardHeads AddHead(string adapter, ModelWeights weights) => throw new InvalidOperationException("a language model has no scalar head");

    /// <summary>Uses an adapter's scalar head; null: the model's own.</summary>
    internal virtual void UseHead(RewardHeads? head)
    {
    }

    /// <summary>
    /// The tensors that a whole model is saved with: the base's, with the scalar head in use. Those that are no parameters are
    /// the caller's.
    /// </summary>
    internal virtual IEnumerable<KeyValuePair<string, Tensor>> Tensors()
    {
        var adapters = Adapters.Parameters.ToHashSet<object>(ReferenceEqualityComparer.Instance);
        return named_parameters().Where(p => !adapters.Contains(p.parameter)).Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter));
    }

    /// <summary>Final hidden states, <c>[tokens, hidden]</c>.</summary>
    internal Tensor Hidden(PackedBatch batch) => Run(batch.TokenIds, batch.Positions, new PackedTexts(batch.Segments));

    /// <summary>Runs the decoder: <see cref="Models.Decoder.Forward"/>.</summary>
    /// <exception cref="RewardKitException">The weights are of a type that their device cannot compute in.</exception>
    internal Tensor Run(Tensor tokens, Tensor positions, IAttention attention) =>
        Type == ScalarType.Float16 && Device.type == DeviceType.CPU
            ? throw RewardKitException.Input("float16 weights can be kept and saved on the CPU, but it does not compute with them: load the model with dtype bfloat16 or float32.")
            : Decoder.Forward(tokens, positions, attention);

    /// <summary>
    /// Log-probability of each response, summed over its tokens, <c>[sequences]</c>, float32.
    /// </summary>
    /// <param name="hidden">Final hidden states, <c>[tokens, hidden]</c>.</param>
    /// <param name="batch">The texts.</param>
    internal Tensor ResponseLogProbs(Tensor hidden, PackedBatch batch) => LogProbs(hidden, batch, ForwardNeeds.ResponseLogProbs).Responses!;

    /// <summary>Log-probabilities summed over responses, over their last turns alone, or both, as they are needed; else null.</summary>
    /// <param name="hidden">Final hidden states, <c>[tokens, hidden]</c>.</param>
    /// <param name="batch">The texts.</param>
    /// <param name="needs">What is.</param>
    internal (Tensor? Responses, Tensor? LastTurns) LogProbs(Tensor hidden, PackedBatch batch, ForwardNeeds needs)
    {
        var (whole, last) = (needs.HasFlag(ForwardNeeds.ResponseLogProbs), needs.HasFlag(ForwardNeeds.LastTurnLogProbs));
        if (!whole && !last) return (null, null);
        var head = NeedHead();
        using var scope = NewDisposeScope();
        // Of what is not needed no logit is computed.
        var lengths = whole ? batch.ResponseLengths : batch.LastTurnLengths;
        if (lengths.All(length => length == 0)) return (whole ? None() : null, last ? None() : null);
        var (rows, targets) = (batch.PredictFrom, batch.Targets);
        if (!whole)
        {
            var places = tensor(LastTurnPlaces(batch).ToArray(), device: rows.device);
            (rows, targets) = (rows.index_select(0, places), targets.index_select(0, places));
        }
        var tokens = head.LogProbs(hidden.index_select(0, rows), targets).to(ScalarType.Float32);
        // Summed piece by piece and not scattered, so that the order of addition is the same on every device.
        var responses = tokens.split([.. lengths.Select(length => (long)length)], 0);
        return (
            whole ? stack(responses.Select(response => response.sum())).MoveToOuterDisposeScope() : null,
            last ? stack(responses.Zip(batch.LastTurnLengths, (response, turn) => response.narrow(0, response.size(0) - turn, turn).sum())).MoveToOuterDisposeScope() : null);

        Tensor None() => zeros(batch.Sequences, device: hidden.device).MoveToOuterDisposeScope();
    }

    private static IEnumerable<long> LastTurnPlaces(PackedBatch batch)
    {
        var end = 0L;
        foreach (var (length, turn) in batch.ResponseLengths.Zip(batch.LastTurnLengths))
        {
            end += length;
            for (var place = end - turn; place < end; place++) yield return place;
        }
    }

    /// <summary>The language-model head.</summary>
    /// <exception cref="RewardKitException">There is none.</exception>
    internal LanguageHead NeedHead() => Head ?? throw RewardKitException.Input(
        "This model has no language-model head (its checkpoint has no lm_head.weight and its embeddings are not tied), "
        + "so there are no log-probabilities. Start from the causal language model instead.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Adapters.Free();
        base.Dispose(disposing);
    }

    /// <summary>Parts are registered by name in the constructor, not found among the fields.</summary>
    protected override void RegisterComponents()
    {
    }
}
