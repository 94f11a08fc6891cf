namespace RewardKit.Models;

/// <summary>Which model to start from, and how text becomes its tokens. Cheap to name, loaded on demand.</summary>
public sealed record ModelSpec
{
    /// <summary>
    /// A Hugging Face folder: <c>config.json</c>, <c>*.safetensors</c>, <c>tokenizer.json</c>. Null for a model that
    /// starts from <see cref="Configuration"/> with random weights. A folder with an adapter in PEFT's layout stands for that
    /// adapter on its base.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>
    /// The base model's folder where <see cref="Folder"/> holds an adapter (<c>adapter_config.json</c>); null: the one that
    /// the adapter's configuration names.
    /// </summary>
    public string? Base { get; init; }

    /// <summary>Adapts the folder's model by a fresh low-rank adapter instead of training its weights; null: no adapter.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>The architecture of a model with random weights; null when <see cref="Folder"/> is given.</summary>
    public ModelConfig? Configuration { get; init; }

    /// <summary>
    /// The weights' type: <c>float32</c>, <c>bfloat16</c>, <c>float16</c>, or <c>auto</c> for that of the folder's embeddings.
    /// Null: what the folder notes, because it was trained so, else <c>float32</c>.
    /// </summary>
    public string? Dtype { get; init; }

    /// <summary>
    /// Makes the reward the difference of two label tokens' logits, without a head of its own. Null: what the folder notes,
    /// else a scalar head.
    /// </summary>
    public LabelTokens? LabelTokens { get; init; }

    /// <summary>
    /// Makes it a pairwise model, asked by this text: it reads both responses of a pair and replies which is better, without a
    /// head of its own. A loss that reads <see cref="ForwardNeeds.Preferences"/> trains one. Null: what the folder of a trained
    /// reward model notes, else no such model.
    /// </summary>
    public PairText? Pairs { get; init; }

    /// <summary>
    /// Makes it a language model alone, without any reward: a policy. A loss that reads no reward trains one. False: what the
    /// folder of a trained model notes.
    /// </summary>
    public bool IsPolicy { get; init; }

    /// <summary>A folder with tokenizer files; null for the model folder's own.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>
    /// The chat template's name: <c>plain</c>, <c>text</c> (a response goes on from its prompt, without marks), <c>default</c>
    /// for the tokenizer's own, or one of several in its files; null for the tokenizer's own, or <c>plain</c> where it has none.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>Longer prompts lose tokens on the left. Null: the context length less <see cref="MaxResponseTokens"/>.</summary>
    public int? MaxPromptTokens { get; init; }

    /// <summary>Longer responses lose tokens on the right. Null: half the context length.</summary>
    public int? MaxResponseTokens { get; init; }

    /// <summary>Refuses a type that no model can have, before there is a model to load.</summary>
    /// <param name="where">Where the specification comes from, for the message.</param>
    /// <exception cref="RewardKitException"><see cref="Dtype"/> is none of the names that it can have.</exception>
    public void Check(string where) => Checkpoint.Dtype(Dtype, where);

    /// <summary>
    /// The same in the form that a loss trains: pairwise, by the text that is set here, else the one that the folder notes, else
    /// the usual one; a policy, where the loss reads no reward; or with a reward for each response.
    /// </summary>
    /// <param name="needs">What the loss reads.</param>
    public ModelSpec For(ForwardNeeds needs) => this with
    {
        Pairs = !needs.HasFlag(ForwardNeeds.Preferences) ? null : Pairs ?? TextSettings.OfFolder(Folder)?.Pairs ?? new(),
        IsPolicy = TrainsPolicy(needs),
    };

    /// <summary>Whether a loss that reads this trains a language model alone: log-probabilities, and nothing of a reward.</summary>
    /// <param name="needs">What the loss reads.</param>
    public static bool TrainsPolicy(ForwardNeeds needs) =>
        (needs & (ForwardNeeds.ResponseLogProbs | ForwardNeeds.LastTurnLogProbs)) != 0
        && (needs & (ForwardNeeds.Rewards | ForwardNeeds.Heads | ForwardNeeds.Features | ForwardNeeds.Preferences | ForwardNeeds.TokenRewards | ForwardNeeds.StepRewards)) == 0;

    /// <summary>The same with another text for pairs; for languages without <c>with</c>.</summary>
    /// <param name="text">The text.</param>
    public ModelSpec WithPairs(PairText text) => this with { Pairs = text };

    /// <summary>The same with a fresh low-rank adapter; for languages without <c>with</c>.</summary>
    /// <param name="options">The adapter.</param>
    public ModelSpec WithLora(LoraOptions options) => this with { Lora = options };
}
