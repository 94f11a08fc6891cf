namespace RewardKit.Training.Data;

/// <summary>A place that preference pairs are read from. Cheap to name, read on demand.</summary>
/// <param name="Path">The file, absolute.</param>
public sealed record PairData(string Path);

/// <summary>Pairs as read, and what was left out.</summary>
/// <param name="Examples">The usable pairs, in file order.</param>
/// <param name="Skipped">Skipped records by reason, in the order the reasons were first met.</param>
public sealed record LoadedPairs(IReadOnlyList<PreferenceExample> Examples, IReadOnlyList<SkippedRecords> Skipped);

/// <summary>Records skipped for one reason.</summary>
/// <param name="Reason">Why, as a short phrase: <c>identical responses</c>.</param>
/// <param name="Records">Their places in the file, from 1.</param>
public sealed record SkippedRecords(string Reason, IReadOnlyList<long> Records);
