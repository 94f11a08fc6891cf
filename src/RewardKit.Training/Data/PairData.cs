namespace RewardKit.Training.Data;

/// <summary>A place that preference pairs are read from. Cheap to name, read on demand.</summary>
/// <param name="Path">The file, absolute.</param>
public sealed record PairData(string Path)
{
    /// <summary>How the file is read, by <see cref="PairFiles"/>; null: as HH-RLHF, every record as it is.</summary>
    public PairReading? Reading { get; init; }
}

/// <summary>How a file of pairs is read.</summary>
public sealed record PairReading
{
    /// <summary>Where in a record things are.</summary>
    public PairColumns Columns { get; init; } = new();

    /// <summary>Which of the pairs; null for all.</summary>
    public PairPart? Part { get; init; }
}

/// <summary>
/// The keys (of a CSV file: columns) of a record. A name given here must be there; null means the usual name, where the
/// records have it.
/// </summary>
public sealed record PairColumns
{
    /// <summary>The prompt: a text or a list of messages. Usual: <c>prompt</c>, <c>question</c> or <c>conversations</c>.</summary>
    public string? Prompt { get; init; }

    /// <summary>The better response, or the whole conversation with it. Usual: <c>chosen</c>.</summary>
    public string? Chosen { get; init; }

    /// <summary>The worse response. Usual: <c>rejected</c>.</summary>
    public string? Rejected { get; init; }

    /// <summary>
    /// By how much the chosen response is better. Usual: <c>margin</c>, or the difference of <c>score_chosen</c> and
    /// <c>score_rejected</c>, where equal scores are a tie.
    /// </summary>
    public string? Margin { get; init; }

    /// <summary>
    /// The probability, in [0, 1], that the chosen response is better: 0.5 is a tie, and below it the two change places.
    /// Usual: <c>soft_label</c>.
    /// </summary>
    public string? Label { get; init; }

    /// <summary>Whether neither is better: true, false, 1 or 0. Usual: <c>tie</c>.</summary>
    public string? Tie { get; init; }

    /// <summary>One of several responses to the prompt, in files of scored responses. Usual: <c>response</c>.</summary>
    public string? Response { get; init; }

    /// <summary>The response's score, higher for better. Usual: <c>score</c>.</summary>
    public string? Score { get; init; }
}

/// <summary>A part of a file's pairs, chosen by a hash of the prompt: all pairs of a prompt are in the same part.</summary>
/// <param name="Fraction">The share of the prompts in the first part, in (0, 1).</param>
/// <param name="Seed">Another seed, another division.</param>
/// <param name="First">Whether this is the first part (for training) or the second (for testing).</param>
public sealed record PairPart(double Fraction, int Seed, bool First);

/// <summary>Pairs as read, and what was left out.</summary>
/// <param name="Examples">The usable pairs, in file order.</param>
/// <param name="Skipped">Skipped records by reason, in the order the reasons were first met.</param>
public sealed record LoadedPairs(IReadOnlyList<PreferenceExample> Examples, IReadOnlyList<SkippedRecords> Skipped)
{
    /// <summary>The layout that was found, in words.</summary>
    public string Layout { get; init; } = "HH-RLHF dialogues";

    /// <summary>How many records the file has.</summary>
    public long Records { get; init; } = Examples.Count + Skipped.Sum(s => s.Records.Count);
}

/// <summary>Records skipped for one reason.</summary>
/// <param name="Reason">Why, as a short phrase: <c>identical responses</c>.</param>
/// <param name="Records">Their places in the file, from 1.</param>
public sealed record SkippedRecords(string Reason, IReadOnlyList<long> Records);
