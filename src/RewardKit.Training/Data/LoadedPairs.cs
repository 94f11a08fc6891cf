namespace RewardKit.Training.Data;

/// <summary>Pairs as read, and what was left out.</summary>
/// <param name="Examples">The usable pairs, in file order.</param>
/// <param name="Skipped">Skipped records by reason, in the order the reasons were first met.</param>
public sealed record LoadedPairs(IReadOnlyList<PreferenceExample> Examples, IReadOnlyList<SkippedRecords> Skipped)
{
    /// <summary>The layout that was found, in words.</summary>
    public string Layout { get; init; } = "HH-RLHF dialogues";

    /// <summary>How many records the file has.</summary>
    public long Records { get; init; } = Examples.Count + Skipped.Sum(s => s.Records.Count);

    /// <summary>How many responses the pairs were made of, where that is not two each; null elsewhere.</summary>
    public long? Responses { get; init; }

    /// <summary>How many pairs came from which source, in a sentence; null for what has one source.</summary>
    public string? Origin { get; init; }
}

/// <summary>Records skipped for one reason.</summary>
/// <param name="Reason">Why, as a short phrase: <c>identical responses</c>.</param>
/// <param name="Records">Their places in the file, from 1.</param>
public sealed record SkippedRecords(string Reason, IReadOnlyList<long> Records);
