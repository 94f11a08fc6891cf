using System.Reflection;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.Shared;

/// <summary>
/// The prompts of a method: files that its assembly holds, or a user's files of the same names. <c>{{name}}</c> in a file stands
/// for a text at hand.
/// </summary>
internal sealed partial class PromptFiles
{
    private readonly Dictionary<string, string[]> _pieces; // text and placeholder in turn

    /// <summary>Reads the prompts.</summary>
    /// <param name="method">The method's name, for messages.</param>
    /// <param name="placeholders">The prompts, each with the placeholders it must have, and no other.</param>
    /// <param name="folder">Files here replace the plugin's of the same name; null: none.</param>
    /// <exception cref="RewardKitException">A file has another name, lacks a placeholder, or has one that means nothing.</exception>
    public PromptFiles(string method, IReadOnlyDictionary<string, string[]> placeholders, string? folder)
    {
        _pieces = placeholders.Keys.ToDictionary(name => name, name => Placeholder().Split(ReadOwn(name)));
        if (folder is null) return;
        // In the order of their names, so that of two wrong files it is always the same one that is told.
        foreach (var file in Directory.EnumerateFiles(folder, "*.md").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (!placeholders.TryGetValue(name, out var wanted))
                throw RewardKitException.Input($"{file}: {method} has no prompt of this name. Its prompts are {string.Join(", ", placeholders.Keys.Select(n => n + ".md"))}.");
            var pieces = Placeholder().Split(File.ReadAllText(file));
            var found = pieces.Where((_, i) => i % 2 == 1).ToHashSet();
            if (wanted.FirstOrDefault(w => !found.Contains(w)) is { } missing)
                throw RewardKitException.Input($"{file}: the placeholder {{{{{missing}}}}} is missing. The prompt needs {Show(wanted)}.");
            if (found.FirstOrDefault(f => !wanted.Contains(f)) is { } unknown)
                throw RewardKitException.Input($"{file}: {{{{{unknown}}}}} stands for nothing here. The prompt can have {Show(wanted)}.");
            _pieces[name] = pieces;
        }
    }

    /// <summary>A prompt with its placeholders filled. What is filled in is not looked at again.</summary>
    /// <param name="name">Which one.</param>
    /// <param name="values">All its placeholders.</param>
    public string Fill(string name, params (string Placeholder, string Text)[] values)
    {
        var texts = values.ToDictionary(v => v.Placeholder, v => v.Text);
        return string.Concat(_pieces[name].Select((piece, i) => i % 2 == 1 ? texts[piece] : piece)).Trim();
    }

    /// <summary>A conversation as prompts show it: a single turn as its text, more with who speaks.</summary>
    public static string Show(Conversation conversation) => conversation.Messages is [var only]
        ? only.Content
        : string.Join("\n\n", conversation.Messages.Select(m => $"{m.Role}: {m.Content}"));

    private static string ReadOwn(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".md")!);
        return reader.ReadToEnd();
    }

    private static string Show(IEnumerable<string> names) => string.Join(", ", names.Select(n => $"{{{{{n}}}}}"));

    [GeneratedRegex(@"\{\{(\w+)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
