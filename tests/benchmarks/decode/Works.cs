using RewardKit.Models;

namespace RewardKit.Benchmarks.Decode;

/// <summary>What both sides do; peer.py has the same numbers.</summary>
internal static class Works
{
    public const int PromptTokens = 32, NewTokens = 128;

    public static readonly int[] Batches = [1, 8];

    /// <summary>Llamas with grouped queries.</summary>
    public static readonly (string Name, ModelConfig Config)[] Models =
    [
        ("10M", Llama(320, 864, 6, 5, 5, 4096)),
        ("100M", Llama(768, 2048, 12, 12, 4, 32000)),
    ];

    public static int[] Prompt(int row, int vocabulary) => [.. Enumerable.Range(0, PromptTokens).Select(i => (int)((row * 1009L + i * 7919L + 1) % vocabulary))];

    // Weights of some size, so that the most probable token stands out.
    private static ModelConfig Llama(int hidden, int inner, int layers, int heads, int keyHeads, int vocabulary) => new()
    {
        HiddenSize = hidden,
        IntermediateSize = inner,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        NumKeyValueHeads = keyHeads,
        VocabSize = vocabulary,
        InitializerRange = 0.1,
    };
}
