using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Hosting.Experiments;

/// <summary>A name that a person chose, as the name of a folder.</summary>
public static class FolderName
{
    private const int Longest = 80;

    /// <summary>
    /// The name itself where it consists of ASCII letters, digits, dots, dashes and underscores (no dot first); otherwise
    /// with dashes for the rest and eight digits of the name's hash, so that two names never share a folder.
    /// </summary>
    public static string Of(string name)
    {
        var plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')).TrimStart('.');
        if (plain == name && plain.Length is > 0 and <= Longest) return plain;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        return $"{plain[..Math.Min(plain.Length, Longest)].Trim('-')}-{hash}";
    }
}
