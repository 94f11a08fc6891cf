using System.Collections.Immutable;

namespace RewardKit.Training.Data;

/// <summary>
/// What preference pairs are read from: a file, or a tree over files. Cheap to name; <see cref="PairLoader"/> reads it.
/// </summary>
public abstract record PairData
{
    private protected PairData()
    {
    }

    /// <summary>The files in it, from left to right.</summary>
    public abstract IEnumerable<PairFile> Files { get; }

    /// <summary>What it is, in a line.</summary>
    /// <param name="name">Writes a file.</param>
    public abstract string Describe(Func<PairFile, string> name);

    /// <summary>What it is, in a line; a file by its name and its folder's.</summary>
    public sealed override string ToString() =>
        Describe(file => System.IO.Path.Combine(System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(file.Path)) ?? "", System.IO.Path.GetFileName(file.Path)));
}

/// <summary>A file of pairs.</summary>
/// <param name="Path">The file, absolute.</param>
public sealed record PairFile(string Path) : PairData
{
    /// <summary>How the file is read, by <see cref="PairFiles"/>; null: as HH-RLHF, every record as it is.</summary>
    public PairReading? Reading { get; init; }

    /// <summary>
    /// Of HH-RLHF, whether records that hold no comparison are pairs, too, for what cleans them: an empty response, two equal
    /// ones, a dialogue that ends with the human's turn. Where the dialogues part before their last turn, the prompt is what
    /// they share, and each response has several turns.
    /// </summary>
    public bool KeepsFaulty { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<PairFile> Files => [this];

    /// <inheritdoc/>
    public override string Describe(Func<PairFile, string> name) => name(this);
}

/// <summary>A part of the pairs, chosen by a hash of the prompt: all pairs of a prompt are in the same part.</summary>
/// <param name="Whole">What is divided.</param>
/// <param name="Fraction">The share of the prompts in the first part, in (0, 1).</param>
/// <param name="Seed">Another seed, another division.</param>
/// <param name="First">Whether this is the first part (for training) or the second (for testing).</param>
public sealed record PairPart(PairData Whole, double Fraction, int Seed, bool First) : PairData
{
    /// <inheritdoc/>
    public override IEnumerable<PairFile> Files => Whole.Files;

    /// <inheritdoc/>
    public override string Describe(Func<PairFile, string> name) =>
        FormattableString.Invariant($"{Whole.Describe(name)} ({(First ? "train" : "test")} part by prompt, fraction {Fraction}, seed {Seed})");
}

/// <summary>All pairs of several sources, one source after the other. What an earlier source has is left out of a later one.</summary>
/// <param name="Sources">The sources.</param>
public sealed record JoinedPairs(ImmutableArray<PairData> Sources) : PairData
{
    /// <inheritdoc/>
    public override IEnumerable<PairFile> Files => Sources.SelectMany(s => s.Files);

    /// <inheritdoc/>
    public override string Describe(Func<PairFile, string> name) => $"joined: {string.Join(" + ", Sources.Select(s => s.Describe(name)))}";

    /// <inheritdoc/>
    public bool Equals(JoinedPairs? other) => other is not null && Sources.SequenceEqual(other.Sources);

    /// <inheritdoc/>
    public override int GetHashCode() => Sources.Length;
}

/// <summary>
/// Pairs drawn from several sources in given shares. What an earlier source has is left out of a later one.
/// </summary>
/// <param name="Sources">The sources with their weights, above 0; only their ratio counts.</param>
/// <param name="Seed">Decides which pairs are drawn where a source has more than its share.</param>
/// <param name="Total">
/// The number of pairs; a source with fewer than its share is then gone through again. Null: as many as possible with no
/// pair twice.
/// </param>
public sealed record MixedPairs(ImmutableArray<WeightedPairs> Sources, int Seed, int? Total) : PairData
{
    /// <inheritdoc/>
    public override IEnumerable<PairFile> Files => Sources.SelectMany(s => s.Pairs.Files);

    /// <inheritdoc/>
    public override string Describe(Func<PairFile, string> name) => FormattableString.Invariant(
        $"mixture ({(Total is { } total ? FormattableString.Invariant($"{total} pairs, ") : "")}seed {Seed}): {string.Join(" + ", Sources.Select(s => FormattableString.Invariant($"{s.Weight} × {s.Pairs.Describe(name)}")))}");

    /// <inheritdoc/>
    public bool Equals(MixedPairs? other) =>
        other is not null && Sources.SequenceEqual(other.Sources) && (Seed, Total) == (other.Seed, other.Total);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Sources.Length, Seed, Total);
}

/// <summary>A source of a mixture.</summary>
/// <param name="Pairs">The source.</param>
/// <param name="Weight">Its weight, above 0.</param>
public sealed record WeightedPairs(PairData Pairs, double Weight);
