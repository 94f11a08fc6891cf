namespace RewardKit.Benchmarks.Torch;

/// <summary>One thing that both sides do, and the largest ratio of our time to Python's that is asked for.</summary>
internal sealed record Work(string Name, double Target);

/// <summary>The sizes of a Llama; peer.py has the same.</summary>
internal sealed record Sizes(string Name, int Hidden, int Inner, int Layers, int Heads, int Vocabulary)
{
    public int HeadWidth => Hidden / Heads;
}

internal static class Works
{
    /// <summary>Sequences in a training step, tokens in each, and tokens that a decoding run adds.</summary>
    public const int Sequences = 4, Tokens = 256, DecodedTokens = 128;

    public static readonly Sizes[] Models = [new("1M", 128, 344, 4, 4, 1024), new("10M", 320, 864, 6, 5, 4096)];

    public static readonly Work[] All =
    [
        new("add-4x4", 1.3), new("view-4x4", 1.3), new("index-4x4", 1.3), new("slice-4x4", 1.3),
        new("matmul-2048x256x2048", 1.05), new("softmax-2048x2048", 1.05), new("layer-norm-2048x256", 1.05), new("layer-norm-16384x1024", 1.05),
        new("attention-2048", 1), new("attention-2048-backward", 1), new("attention-8192", 1),
        new("train-1M", 1), new("train-10M", 1), new("decode-1M", 1), new("decode-10M", 1),
    ];
}
