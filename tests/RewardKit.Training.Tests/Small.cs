using RewardKit.Models;
using RewardKit.Training.Data;

namespace RewardKit.Training.Tests;

/// <summary>A random Llama that trains in no time, and real pairs for it.</summary>
internal static class Small
{
    /// <summary>A folder with stories260K: weights, and a tokenizer of 512 tokens.</summary>
    public static readonly string Stories = Path.Combine(TestContext.CurrentContext.TestDirectory, "stories260K");

    /// <summary>Two layers of width 16.</summary>
    public static readonly ModelSpec Llama = new()
    {
        Configuration = new ModelConfig
        {
            VocabSize = 512,
            HiddenSize = 16,
            IntermediateSize = 32,
            NumHiddenLayers = 2,
            NumAttentionHeads = 4,
            NumKeyValueHeads = 2,
            MaxPositionEmbeddings = 256,
            TieWordEmbeddings = true,
        },
        Tokenizer = Stories,
        MaxPromptTokens = 48,
        MaxResponseTokens = 32,
    };

    /// <summary>The same, to be shown both responses of a pair; the tokenizer has no token for the usual labels.</summary>
    public static readonly ModelSpec Pairwise = Llama with
    {
        Pairs = new() { First = "T", Second = "S", Tie = "B" },
        MaxPromptTokens = 40,
    };

    /// <summary>HH-RLHF's harmlessness pairs, the first 24.</summary>
    public static readonly IReadOnlyList<PreferenceExample> Pairs = HhRlhf.Load(new PairFile(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "data", "hh-rlhf", "harmless-base", "test.jsonl.gz"))).Examples.Take(24).ToArray();
}
