using System.Text;
using System.Text.Json;

namespace RewardKit.Plugins.Crome;

/// <summary>
/// Finds a JSON object in what a language model wrote: bare, in a code fence, with words around it, with line breaks inside
/// its strings.
/// </summary>
internal static class JsonInText
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>The one object in the text that has a property; null where there is none, or more than one.</summary>
    public static JsonElement? Single(string text, Func<JsonElement, bool> isWanted)
    {
        JsonElement? found = null;
        for (var i = text.IndexOf('{'); i >= 0 && i < text.Length; i = text.IndexOf('{', i))
        {
            if (Read(text, i) is not { } read)
            {
                i++;
                continue;
            }
            i = read.End;
            if (!isWanted(read.Value)) continue;
            if (found is not null) return null;
            found = read.Value;
        }
        return found;
    }

    private static (JsonElement Value, int End)? Read(string text, int start)
    {
        var json = new StringBuilder();
        var (depth, inText) = (0, false);
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (inText && c < ' ')
            {
                json.Append($"\\u{(int)c:x4}");
                continue;
            }
            json.Append(c);
            if (inText && c == '\\' && i + 1 < text.Length) json.Append(text[++i]);
            else if (c == '"') inText = !inText;
            else if (!inText && c == '{') depth++;
            else if (!inText && c == '}' && --depth == 0) return Parse(json.ToString()) is { } value ? (value, i + 1) : null;
        }
        return null;
    }

    private static JsonElement? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Lenient);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
