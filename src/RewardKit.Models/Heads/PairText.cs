using System.Text;
using System.Text.RegularExpressions;

namespace RewardKit.Models;

/// <summary>
/// How a pairwise model is asked: both responses stand in one user turn, and the model replies with a label that names the
/// better one. The defaults are those of RLHFlow's pairwise preference model (Dong et al. 2024, arXiv:2405.07863), on which
/// RRM and Crome build. The chat template is the tokenizer's, around this text.
/// </summary>
public sealed partial record PairText
{
    /// <summary>The user turn, with <c>{context}</c>, <c>{first}</c> and <c>{second}</c> once each.</summary>
    public string Layout { get; init; } = "[CONTEXT] \n{context}\n [RESPONSE A] {first} [RESPONSE B] {second} \n";

    /// <summary>A turn of the conversation in it, with <c>{role}</c> and <c>{content}</c> at most once each.</summary>
    public string Turn { get; init; } = "\n<turn> {role}\n {content}";

    /// <summary>The reply that the first response is better; one token.</summary>
    public string First { get; init; } = "A";

    /// <summary>The reply that the second response is better; one token.</summary>
    public string Second { get; init; } = "B";

    /// <summary>The reply that neither is better, for losses that train it; one token then.</summary>
    public string Tie { get; init; } = "Same";

    /// <summary>Refuses a layout that does not show all parts.</summary>
    /// <param name="where">Where it comes from, for the message.</param>
    /// <exception cref="RewardKitException">A part is missing or stands twice, or a label is empty.</exception>
    public void Check(string where)
    {
        foreach (var part in (string[])["{context}", "{first}", "{second}"])
            if (Layout.Split(part).Length != 2)
                throw RewardKitException.Input($"{where}: the layout of a pair's text must have {part} exactly once; it is \"{Layout}\".");
        if (!Turn.Contains("{content}", StringComparison.Ordinal))
            throw RewardKitException.Input($"{where}: the turn of a pair's text must have {{content}}; it is \"{Turn}\".");
        if (First.Length == 0 || Second.Length == 0 || Tie.Length == 0) throw RewardKitException.Input($"{where}: a label of a pair's text is empty.");
    }

    /// <summary>The turns before the responses.</summary>
    internal string Context(Conversation prompt) => string.Concat(prompt.Messages.Select(OfTurn));

    /// <summary>A response: its turn's content, and turns that a method adds to it.</summary>
    internal string Response(Conversation response)
    {
        if (response.Messages.IsEmpty) return "";
        var text = new StringBuilder(response.Messages[0].Content);
        foreach (var message in response.Messages.Skip(1)) text.Append(OfTurn(message));
        return text.ToString();
    }

    /// <summary>The user turn.</summary>
    internal Conversation Question(string context, string first, string second) =>
        Conversation.User(Fill(Layout, ("context", context), ("first", first), ("second", second)));

    private string OfTurn(Message message) => Fill(Turn, ("role", message.Role), ("content", message.Content));

    // All places at once: what is put in one is never looked through for another.
    private static string Fill(string pattern, params (string Name, string Text)[] parts) => Place().Replace(
        pattern, found => parts.FirstOrDefault(p => p.Name == found.Groups[1].Value) is { Name: not null } part ? part.Text : found.Value);

    [GeneratedRegex(@"\{(\w+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}

/// <summary>The replies of a pairwise model as tokens.</summary>
/// <param name="First">The first response is better.</param>
/// <param name="Second">The second is.</param>
/// <param name="Tie">Neither is; null where that label is not one token.</param>
public readonly record struct PairLabels(int First, int Second, int? Tie);
