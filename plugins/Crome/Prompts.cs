using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.Crome;

/// <summary>
/// What the oracle is asked: the plugin's prompts, or a user's files of the same names. <c>{{name}}</c> in a file stands for
/// a text of the pair at hand.
/// </summary>
/// <param name="folder">Files here replace the plugin's of the same name; null: none.</param>
public sealed class Prompts(string? folder)
{
    private static readonly string[] Common = ["question"];

    /// <summary>The prompts, each with the placeholders it must have, and no other.</summary>
    public static IReadOnlyDictionary<string, string[]> Placeholders { get; } = new Dictionary<string, string[]>
    {
        ["attributes"] = [.. Common, "response_1", "response_2", "count"],
        ["review"] = [.. Common, "attributes", "count"],
        ["elements"] = [.. Common, "accepted", "rejected", "attribute", "count"],
        ["degrade"] = [.. Common, "answer", "attribute", "elements"],
        ["upgrade"] = [.. Common, "answer", "attribute", "elements"],
        ["verify"] = [.. Common, "original", "rewrite", "attribute", "elements", "direction"],
        ["differences"] = [.. Common, "response_1", "response_2"],
        ["align"] = [.. Common, "answer", "differences"],
        ["paraphrase"] = [.. Common, "answer"],
    };

    private readonly PromptFiles _files = new("Crome", Placeholders, folder);

    /// <summary>A prompt with its placeholders filled.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="values">All its placeholders.</param>
    public string Fill(string name, params (string Placeholder, string Text)[] values) => _files.Fill(name, values);

    /// <summary>A conversation as prompts show it: a single turn as its text, more with who speaks.</summary>
    public static string Show(Conversation conversation) => PromptFiles.Show(conversation);
}
