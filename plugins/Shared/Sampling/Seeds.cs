using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Plugins.Shared;

/// <summary>Seeds that depend on a seed and on texts alone, not on what else is drawn.</summary>
internal static class Seeds
{
    /// <summary>A seed of 31 bits, which every server takes.</summary>
    public static int Of(int seed, params ReadOnlySpan<object> names) => (int)(BinaryPrimitives.ReadUInt32LittleEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}\n{string.Join('\n', names)}")))) >> 1);
}
