using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Training.Data;

/// <summary>Names for files and pairs: short, and the same on every machine.</summary>
internal static class PairId
{
    /// <summary>
    /// The same for the same texts, whatever else differs: 128 bits of a hash, so that texts need not stay in memory for being
    /// compared.
    /// </summary>
    public static UInt128 Content(params ReadOnlySpan<Conversation> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            Number(text.Messages.Length);
            foreach (var message in text.Messages)
            {
                Text(message.Role);
                Text(message.Content);
            }
        }
        return BinaryPrimitives.ReadUInt128BigEndian(hash.GetHashAndReset());

        void Text(string text)
        {
            Number(text.Length);
            hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
        }

        void Number(int number) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in number)));
    }

    /// <summary><c>harmless-base/train</c> for <c>.../harmless-base/train.jsonl.gz</c>.</summary>
    public static string Source(string path)
    {
        var file = Path.GetFileName(path);
        var stem = file.IndexOf('.') is > 0 and var dot ? file[..dot] : file;
        return Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } folder ? $"{folder}/{stem}" : stem;
    }

    // 32 bits: the place in the file already tells records apart; this tells whether the file has changed.
    public static string Of(string source, string place, string chosen, string rejected) =>
        $"{source}:{place}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{chosen}\0{rejected}")).AsSpan(0, 4))}";
}
