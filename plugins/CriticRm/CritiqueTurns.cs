namespace RewardKit.Plugins.CriticRm;

/// <summary>
/// How an answer and its critique are one response: the answer, a user's request for a critique, the critique as the next answer.
/// So chat templates take it, and what the model writes after the request is just what it learnt to write there.
/// </summary>
public static class CritiqueTurns
{
    /// <summary>The request for a critique, unless another one is set.</summary>
    public const string LeadIn = "Now judge the answer above: what is good about it, what is wrong or missing?";

    /// <summary>The answer with its critique; with an empty one the answer itself.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="critique">The critique.</param>
    /// <param name="leadIn">The request; empty: none.</param>
    public static Conversation After(Conversation answer, string critique, string leadIn) =>
        critique.Length == 0 ? answer : new([.. answer.Messages, .. Request(leadIn), new("assistant", critique)]);

    /// <summary>What a critique of an answer is written to.</summary>
    /// <param name="prompt">What was asked.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="leadIn">The request; empty: none.</param>
    public static Conversation Before(Conversation prompt, Conversation answer, string leadIn) =>
        new([.. prompt.Messages, .. answer.Messages, .. Request(leadIn)]);

    private static Message[] Request(string leadIn) => leadIn.Length == 0 ? [] : [new("user", leadIn)];
}
