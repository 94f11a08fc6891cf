namespace RewardKit.Models.Generation;

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

    /// <summary>Refuses what makes no sense.</summary>
    /// <param name="vocabulary">The model's number of tokens.</param>
    /// <exception cref="RewardKitException">The message names the option, its value and what was expected.</exception>
    internal GenerationOptions Checked(int vocabulary)
    {
        if (MaxTokens < 1) throw Refused(nameof(MaxTokens), MaxTokens, "at least 1");
        if (!(Temperature >= 0 && double.IsFinite(Temperature))) throw Refused(nameof(Temperature), Temperature, "0 for greedy, or a positive number");
        if (TopK < 0) throw Refused(nameof(TopK), TopK, "0 for all tokens, or at least 1");
        if (!(TopP > 0 && TopP <= 1)) throw Refused(nameof(TopP), TopP, "more than 0 and at most 1");
        if (!(RepetitionPenalty > 0 && double.IsFinite(RepetitionPenalty))) throw Refused(nameof(RepetitionPenalty), RepetitionPenalty, "a positive number");
        if (Temperature == 0 && (TopK > 0 || TopP < 1))
            throw RewardKitException.Input("TopK and TopP have no effect on greedy generation (Temperature 0): set Temperature, say to 1, or leave them out.");
        if (StopStrings.Any(string.IsNullOrEmpty)) throw RewardKitException.Input("StopStrings has an empty string, at which every text would end at once.");
        foreach (var id in StopTokens)
            if (id < 0 || id >= vocabulary) throw Refused(nameof(StopTokens), id, $"ids in the model's vocabulary of {vocabulary}");
        return this;
    }

    private static RewardKitException Refused(string name, object value, string expected) =>
        RewardKitException.Input(FormattableString.Invariant($"{name} is {value}; expected {expected}."));
}
