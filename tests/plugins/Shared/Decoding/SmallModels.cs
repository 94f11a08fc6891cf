using System.Reflection;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Plugins.Tests.Decoding;

/// <summary>Real models over the tokenizer of stories260K: that one, and others of random weights.</summary>
public static class SmallModels
{
    public static readonly string Folder = Path.Combine(
        typeof(SmallModels).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!, "scripts/models/stories260K");

    public static LanguageModel Stories(string? dtype = null) => LanguageModel.Load(Folder, dtype: dtype);

    /// <summary>A model of random weights, with a template of its own if so asked.</summary>
    public static LanguageModel Random(int seed, Func<ModelConfig, ModelConfig>? change = null, string? dtype = null, bool ownTemplate = false)
    {
        var config = ModelConfig.Load(Folder) with { InitializerRange = 0.3 };
        var spec = new ModelSpec { Configuration = change?.Invoke(config) ?? config, Tokenizer = Folder, Dtype = dtype };
        var encoder = PairEncoder.Create(spec);
        if (ownTemplate) encoder = new(encoder.Tokenizer, new StoryTemplate(), encoder.MaxPromptTokens, encoder.MaxResponseTokens);
        return new($"model {seed}", CausalModel.Create(spec, seed), encoder, [2]);
    }

    /// <summary>A reward model of the stories' body with a head of random weights.</summary>
    public static RewardModel Reward(int seed) => RewardModel.Create(new() { Folder = Folder }, new(), seed);

    /// <summary>Log-probabilities of the next token by one forward pass, <c>[tokens]</c>: without a cache, over the first tokens of the vocabulary.</summary>
    public static torch.Tensor LogProbs(LanguageModel model, IReadOnlyList<int> ids, int tokens = 512)
    {
        using var batch = new PackedBatch([new([.. ids], [[]])]);
        return model.Model.Logits(batch)[^1].to_type(torch.ScalarType.Float32).narrow(0, 0, tokens).log_softmax(-1);
    }

    private sealed class StoryTemplate : ChatTemplate
    {
        public override string Name => "story";

        public override bool AddsBeginToken => true;

        public override bool AppendsEndToken => true;

        public override string Render(Conversation conversation, bool addGenerationPrompt) => RenderPrompt(conversation);

        public override string RenderPrompt(Conversation prompt) => $"Story: {prompt.LastContent}";

        public override string RenderResponse(Conversation prompt, Conversation response) => response.LastContent;
    }
}
