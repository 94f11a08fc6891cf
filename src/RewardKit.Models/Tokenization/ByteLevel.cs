using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// GPT-2's printable alphabet for bytes (Radford et al. 2019): printable Latin-1 stands for itself, every other byte for
/// a character from U+0100 on, so that vocabularies of byte strings can be written as text.
/// </summary>
internal static class ByteLevel
{
    private static readonly char[] Letters = Alphabet();
    private static readonly Dictionary<char, byte> Bytes =
        Letters.Select((c, b) => (c, b)).ToDictionary(x => x.c, x => (byte)x.b);

    /// <summary>The character for a byte.</summary>
    public static char ToChar(byte value) => Letters[value];

    /// <summary>
    /// Appends the bytes a token stands for. A token with a character outside the alphabet (an added token) is text as it
    /// is.
    /// </summary>
    public static void Decode(string token, List<byte> bytes)
    {
        if (token.All(Bytes.ContainsKey)) foreach (var c in token) bytes.Add(Bytes[c]);
        else bytes.AddRange(Encoding.UTF8.GetBytes(token));
    }

    private static char[] Alphabet()
    {
        var alphabet = new char[256];
        var next = '\u0100';
        for (var b = 0; b < 256; b++)
        {
            var printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            alphabet[b] = printable ? (char)b : next++;
        }
        return alphabet;
    }
}
