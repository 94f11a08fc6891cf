using System.Collections.Frozen;
using System.Text;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>Characters that look like others: small letters, digits, hyphen and apostrophe.</summary>
public static class Homoglyphs
{
    private const string Plain = "abcdefghijklmnopqrstuvwxyz0123456789-'";

    private const string Lookalikes = "ɑ Ь ϲ ԁ е 𝚏 ɡ հ і ϳ 𝒌 ⅼ ｍ ո о р ԛ ⲅ ѕ 𝚝 ս ѵ ԝ × у ᴢ O l ᒿ Ʒ Ꮞ Ƽ б 𝟕 Ȣ ৭ ˗ `";

    private static readonly FrozenDictionary<char, string> Map =
        Plain.Zip(Lookalikes.Split(' ')).ToFrozenDictionary(pair => pair.First, pair => pair.Second);

    /// <summary>Replaces every character that has a lookalike.</summary>
    /// <param name="text">The text.</param>
    /// <returns>As many code points, some of them outside the basic plane.</returns>
    public static string Substitute(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (Map.TryGetValue(c, out var other)) result.Append(other);
            else result.Append(c);
        }
        return result.ToString();
    }
}
