using System.Text;

namespace RewardKit.Models.Tests.Tokenization;

/// <summary>Short texts from all over Unicode, half of it where tokenizers are known to stumble; the seed decides.</summary>
internal sealed class RandomTexts(int seed)
{
    private static readonly string[] Snippets =
    [
        " ", "  ", "    ", "\t", "\n", "\r\n", "\r", "\n\n", "\u00A0", "\u0085", "\u2028", "\u3000", "\u200B", "\uFEFF", "\u001C", "\0", "\u007F",
        "'s", "'S", "'ll", "'RE", "'", "\u2019s", "'\u017F", "a", "I", "the", " the", "Hello", "WORLD", "don't", "x1y2", "_", "-", "...", "!?", " (", "://",
        "0", "7", "12", "345", "2024", "\u0663", "\u00BD", "\u2167", "\u4E00", "\u6F22\u5B57", "\u3053\u3093\u306B\u3061\u306F", "\uD55C\uAD6D\uC5B4",
        "\u1112\u1161\u11AB", "e\u0301", "\u00E9", "\u1E9B\u0323", "q\u0307\u0323", "\u0344", "\u212B", "\uFB01", "\uFF21", "\u0130", "\u03A3\u03C2",
        "\u05E9\u05DC\u05D5\u05DD", "\u0645\u0631\u062D\u0628\u0627", "\u202E", "\u0928\u092E\u0938\u094D\u0924\u0947", "\u0E2A\u0E27\u0E31\u0E2A",
        "\U0001F600", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA", "1\uFE0F\u20E3", "\u2764\uFE0F",
        "\U0001D4B3", "\U00020000", "\U000323B0", "\U0001F130", "\uD800", "\uDC00", "\uDBFF\uDBFF", "\uFFFD", "\uFFFF", "\uE000",
        "\u2581", "\u2581\u2581", "<0x41>", "<s>", "</s>", "<unk>", "<|endoftext|>", "<|user|>", "<|", "\u0120", "\u010A", "\u00AD",
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next text: up to two dozen parts.</summary>
    public string Next()
    {
        var text = new StringBuilder();
        for (var parts = _random.Next(24); parts >= 0; parts--)
        {
            switch (_random.Next(6))
            {
                case 0:
                    text.Append((char)_random.Next(0x80));
                    break;
                case 1:
                    // Most scripts, and most that combines.
                    text.Append((char)_random.Next(0x3000));
                    break;
                case 2:
                    AppendPoint(text, _random.Next(0x110000));
                    break;
                default:
                    text.Append(Snippets[_random.Next(Snippets.Length)]);
                    break;
            }
        }
        return text.ToString();
    }

    private static void AppendPoint(StringBuilder text, int point)
    {
        if (point > 0xFFFF) text.Append(char.ConvertFromUtf32(point));
        else text.Append((char)point);
    }
}
