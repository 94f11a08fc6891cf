using System.Globalization;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.CriticRm;

/// <summary>
/// What the critic is asked: the plugin's prompts, or a user's files of the same names. <c>{{name}}</c> in a file stands for a
/// text at hand.
/// </summary>
/// <param name="folder">Files here replace the plugin's of the same name; null: none.</param>
public sealed class Prompts(string? folder)
{
    /// <summary>The prompts, each with the placeholders it must have, and no other.</summary>
    public static IReadOnlyDictionary<string, string[]> Placeholders { get; } = new Dictionary<string, string[]>
    {
        ["critic"] = ["conversation", "answer", "least", "most"],
        ["meta-judge"] = ["conversation", "answer", "critique"],
        ["summarise"] = ["conversation", "answer", "critiques"],
    };

    private readonly PromptFiles _files = new("Critic-RM", Placeholders, folder);

    /// <summary>A prompt with its placeholders filled.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="values">All its placeholders.</param>
    public Conversation Fill(string name, params (string Placeholder, string Text)[] values) => Conversation.User(_files.Fill(name, values));

    /// <summary>The prompt for a critique with a score.</summary>
    public Conversation Critic(Conversation prompt, Conversation answer, double least, double most) => Fill(
        "critic", ("conversation", Show(prompt)), ("answer", Show(answer)), ("least", Number(least)), ("most", Number(most)));

    /// <summary>A conversation as prompts show it: a single turn as its text, more with who speaks.</summary>
    public static string Show(Conversation conversation) => PromptFiles.Show(conversation);

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);
}
