using RewardKit.Models;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>Pairs as the model computes them, and the way back from its sequences to pairs.</summary>
/// <param name="Batch">Each prompt once, with its responses.</param>
/// <param name="Sequences">The sequence of each pair's chosen response, then of its rejected one, pair by pair.</param>
internal sealed record PackedPairs(PackedBatch Batch, long[] Sequences)
{
    /// <summary>What the model gave for sequences, <c>[sequences, ...]</c>, for pairs: <c>[pairs, 2, ...]</c>. Null for null.</summary>
    public torch.Tensor? ByPair(torch.Tensor? output)
    {
        if (output is null) return null;
        var shared = !Sequences.AsSpan().SequenceEqual([.. Enumerable.Range(0, Sequences.Length).Select(i => (long)i)]);
        var rows = shared ? output.index_select(0, torch.tensor(Sequences, device: output.device)) : output;
        return rows.view([Sequences.Length / 2, 2, .. output.shape[1..]]);
    }

    /// <summary>
    /// What the model gave for response tokens, sequence by sequence, <c>[response tokens]</c>, in the order of the pairs'
    /// responses. Null for null.
    /// </summary>
    public torch.Tensor? ByToken(torch.Tensor? output)
    {
        if (output is null) return null;
        long[] lengths = [.. Batch.ResponseLengths.Select(length => (long)length)];
        var stretches = output.split(lengths, 0);
        return torch.cat([.. Sequences.Select(sequence => stretches[sequence])]);
    }
}

/// <summary>Tokens are equal where their ids are.</summary>
internal sealed class SameTokens : IEqualityComparer<int[]>
{
    public static readonly SameTokens Comparer = new();

    public bool Equals(int[]? one, int[]? other) => one.AsSpan().SequenceEqual(other);

    public int GetHashCode(int[] ids)
    {
        var hash = new HashCode();
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(ids.AsSpan()));
        return hash.ToHashCode();
    }
}

/// <summary>Responses are equal where their ids are, and the tokens of their last turns.</summary>
internal sealed class SameResponse : IEqualityComparer<EncodedText>
{
    public static readonly SameResponse Comparer = new();

    public bool Equals(EncodedText one, EncodedText other) => one.LastTurn == other.LastTurn && SameTokens.Comparer.Equals(one.Ids, other.Ids);

    public int GetHashCode(EncodedText text) => SameTokens.Comparer.GetHashCode(text.Ids);
}
