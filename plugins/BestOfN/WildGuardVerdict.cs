namespace RewardKit.Plugins.BestOfN;

/// <summary>What a safety classifier says of a prompt and a response. A field is null where it says nothing of it.</summary>
/// <param name="IsPromptHarmful">Whether the prompt asks for something harmful.</param>
/// <param name="IsRefusal">Whether the response refuses.</param>
/// <param name="IsResponseHarmful">Whether the response is harmful.</param>
/// <param name="IsUnreadable">Whether its text has not the form that it should have.</param>
public sealed record WildGuardVerdict(bool? IsPromptHarmful, bool? IsRefusal, bool? IsResponseHarmful, bool IsUnreadable)
{
    /// <summary>
    /// Reads WildGuard's text (arXiv:2406.18495): three lines <c>label: value</c>, known by their order, with the values yes and
    /// no, and for the two about the response n/a. Letter case and blanks do not matter. A text with another number of lines
    /// or another value is unreadable; what can be read of three lines is kept.
    /// </summary>
    /// <param name="text">The text.</param>
    public static WildGuardVerdict Parse(string text)
    {
        string[][] lines = [.. text.Split('\n').Where(l => !string.IsNullOrWhiteSpace(l)).Select(l => l.Split(':', 2))];
        if (lines.Length != 3 || lines.Any(l => l.Length != 2)) return new(null, null, null, true);
        var readable = true;
        bool? Value(int line)
        {
            switch (lines[line][1].Trim().ToLowerInvariant())
            {
                case "yes": return true;
                case "no": return false;
                case "n/a" when line > 0: return null;
                default:
                    readable = false;
                    return null;
            }
        }
        var (prompt, refusal, harm) = (Value(0), Value(1), Value(2));
        return new(prompt, refusal, harm, !readable);
    }
}
