using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>
/// Log-probabilities of the starting model that another run may have computed. Kept by what went through the model together, so
/// that a number found is the number that this run would compute, to the last bit.
/// </summary>
internal static class KnownLogProbs
{
    /// <summary>Log-probabilities of the responses of some pairs, <c>[pairs, 2]</c>.</summary>
    /// <param name="pairs">The pairs, of one pass.</param>
    /// <param name="precision">What the pass computes in.</param>
    /// <param name="device">Where.</param>
    /// <param name="context">Says where they are kept.</param>
    /// <param name="compute">Computes them.</param>
    public static torch.Tensor Of(
        TokenPair[] pairs, Precision precision, torch.Device device, TrainingContext context, Func<TokenPair[], torch.Tensor> compute)
    {
        if (context.LogProbs is not { } store) return compute(pairs);
        var content = Content(pairs, precision, device);
        if (store.Find(content) is { } known && known.Length == 2 * pairs.Length) return torch.tensor(known, [pairs.Length, 2], device: device);
        var computed = compute(pairs);
        store.Keep(content, computed.cpu().contiguous().data<float>().ToArray());
        return computed;
    }

    private static byte[] Content(TokenPair[] pairs, Precision precision, torch.Device device)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add([(int)precision, (int)device.type, torch.get_num_threads()]);
        foreach (var pair in pairs)
            foreach (var text in (int[][])[pair.Prompt.Ids, pair.Chosen.Ids, pair.Rejected.Ids])
            {
                Add([text.Length]);
                Add(text);
            }
        return hash.GetHashAndReset();

        void Add(int[] numbers) => hash.AppendData(MemoryMarshal.AsBytes(numbers.AsSpan()));
    }
}
