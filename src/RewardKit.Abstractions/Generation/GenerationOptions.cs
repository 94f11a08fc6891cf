namespace RewardKit;

/// <summary>
/// How text is generated. The cuts are Hugging Face's logits processors and come in their order: repetition penalty,
/// temperature, top-k, top-p.
/// </summary>
public sealed record GenerationOptions
{
    /// <summary>The most tokens of a row, the end token included.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Logits are divided by it before sampling. 0: greedy, always the most probable token.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the k most probable tokens stay, and those as probable as the k-th; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>
    /// Only the most probable tokens stay, the fewest whose probabilities sum to at least this (Holtzman et al. 2020,
    /// arXiv:1904.09751); 1: all.
    /// </summary>
    public double TopP { get; init; } = 1;

    /// <summary>
    /// The logits of tokens that are in the prompt or the text so far are divided by it where positive and multiplied where
    /// negative (Keskar et al. 2019, arXiv:1909.05858); 1: they stay. Holds for greedy, too.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>A row ends where its text has one of these, which is then not part of the text. They may span tokens.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>A row ends with one of these tokens, beside the model's own end tokens.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Whether the model's own end tokens are tokens like others.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>
    /// Decides what is sampled: row r draws with the seed <c>Seed + r</c>, unless a call gives each row its own. A row's draws
    /// depend on its seed only, not on the rows beside it.
    /// </summary>
    public long Seed { get; init; }
}
