namespace RewardKit.Models.Generation;

/// <summary>Refuses options of generation that make no sense.</summary>
internal static class GenerationCheck
{
    /// <summary>The options, if they make sense.</summary>
    /// <param name="options">The options.</param>
    /// <param name="vocabulary">The model's number of tokens.</param>
    /// <exception cref="RewardKitException">The message names the option, its value and what was expected.</exception>
    public static GenerationOptions Checked(this GenerationOptions options, int vocabulary)
    {
        if (options.MaxTokens < 1) throw Refused(nameof(options.MaxTokens), options.MaxTokens, "at least 1");
        if (!(options.Temperature >= 0 && double.IsFinite(options.Temperature)))
            throw Refused(nameof(options.Temperature), options.Temperature, "0 for greedy, or a positive number");
        if (options.TopK < 0) throw Refused(nameof(options.TopK), options.TopK, "0 for all tokens, or at least 1");
        if (!(options.TopP > 0 && options.TopP <= 1)) throw Refused(nameof(options.TopP), options.TopP, "more than 0 and at most 1");
        if (!(options.RepetitionPenalty > 0 && double.IsFinite(options.RepetitionPenalty)))
            throw Refused(nameof(options.RepetitionPenalty), options.RepetitionPenalty, "a positive number");
        if (options.Temperature == 0 && (options.TopK > 0 || options.TopP < 1))
            throw RewardKitException.Input("TopK and TopP have no effect on greedy generation (Temperature 0): set Temperature, say to 1, or leave them out.");
        if (options.StopStrings.Any(string.IsNullOrEmpty)) throw RewardKitException.Input("StopStrings has an empty string, at which every text would end at once.");
        foreach (var id in options.StopTokens)
            if (id < 0 || id >= vocabulary) throw Refused(nameof(options.StopTokens), id, $"ids in the model's vocabulary of {vocabulary}");
        return options;
    }

    private static RewardKitException Refused(string name, object value, string expected) =>
        RewardKitException.Input(FormattableString.Invariant($"{name} is {value}; expected {expected}."));
}
