namespace RewardKit;

/// <summary>Why a row ended.</summary>
public enum FinishReason
{
    /// <summary>With one of the model's end tokens, or of <see cref="GenerationOptions.StopTokens"/>.</summary>
    StopToken,

    /// <summary>Its text has one of <see cref="GenerationOptions.StopStrings"/>.</summary>
    StopString,

    /// <summary>It has <see cref="GenerationOptions.MaxTokens"/>.</summary>
    MaxTokens,

    /// <summary>Prompt and text fill the model's context.</summary>
    ContextFull,

    /// <summary>A server would not answer it.</summary>
    Refused,
}

/// <summary>One more token of a row.</summary>
/// <param name="Row">Which prompt it continues.</param>
/// <param name="Id">The token.</param>
/// <param name="LogProb">
/// Its natural log-probability under the model's own distribution: before penalty, temperature and cuts.
/// </param>
/// <param name="Text">
/// What is sure of the text by now and was not before: whole characters, nothing of a possible stop string. Often empty.
/// </param>
/// <param name="Finish">Why the row ends here; null where it goes on.</param>
public readonly record struct GeneratedToken(int Row, int Id, double LogProb, string Text, FinishReason? Finish);

/// <summary>What was generated from one prompt.</summary>
/// <param name="Text">
/// The text as it goes on from the prompt's, without special tokens, stop string and stop token. Bytes that make up no
/// character are U+FFFD.
/// </param>
/// <param name="Ids">All tokens, the stop token included.</param>
/// <param name="LogProbs">Of each token, as <see cref="GeneratedToken.LogProb"/>.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record GeneratedText(string Text, IReadOnlyList<int> Ids, IReadOnlyList<double> LogProbs, FinishReason Finish)
{
    /// <summary>
    /// How far the way in which it was sampled lies from a reference model, in nats: the sum over its steps of
    /// <c>KL(p || reference)</c>, exactly over the vocabulary, where p is what a token is drawn from, after the rule,
    /// temperature and cuts. Its mean over answers is the divergence of the two distributions over whole texts. Null where it
    /// was not measured. A decoder that chooses among whole texts adds what its choice costs.
    /// </summary>
    public double? Divergence { get; init; }
}
