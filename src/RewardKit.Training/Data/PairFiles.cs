using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Training.Data;

/// <summary>
/// Reads preference pairs from JSON Lines, a JSON array or CSV (by the name <c>.csv</c>), each plain or gzip, in the layout
/// that the first record shows: prompt, chosen and rejected (texts or messages), chosen and rejected conversations,
/// HH-RLHF's dialogues, UltraFeedback's binarized form (Tunstall et al. 2023, arXiv:2310.16944), or scored responses.
/// </summary>
public static class PairFiles
{
    /// <summary>The reason that later copies of a pair (same prompt, chosen and rejected) are skipped for.</summary>
    public const string Duplicate = "duplicate of an earlier pair";

    /// <summary>Reads a file. Records that hold no comparison are left out and named by reason.</summary>
    /// <param name="data">The file and how to read it.</param>
    /// <returns>The usable pairs, each once, in file order, and the records left out.</returns>
    /// <exception cref="RewardKitException">
    /// The file cannot be read, a record is malformed (file, line, key and what was expected are named), or there is no
    /// usable pair.
    /// </exception>
    public static LoadedPairs Load(PairData data)
    {
        if (data.Reading is not { } reading) return HhRlhf.Load(data);
        var path = Path.GetFullPath(data.Path);
        var source = PairId.Source(path);
        var (examples, skipped) = (new List<PreferenceExample>(), new OrderedDictionary<string, List<long>>());
        var records = 0L;
        PairLayout? layout = null;
        PairReader? reader = null;
        ScoredResponses? scored = null;
        foreach (var record in Records(path))
        {
            records++;
            layout ??= PairLayout.Of(record, reading.Columns);
            if (layout.Kind == PairLayout.Kinds.Scored)
            {
                scored ??= new(layout.Columns, source);
                if (scored.Add(record) is { } unscored) Skip(unscored, record.Number);
                continue;
            }
            var (pair, reason) = (reader ??= new(layout, source)).Read(record);
            if (pair is not null) examples.Add(pair);
            else Skip(reason!, record.Number);
        }
        if (layout is null) throw RewardKitException.Input($"{path} has no records.");
        if (scored is not null)
        {
            (examples, var alone) = scored.Pairs();
            foreach (var record in alone) Skip("no other response of the prompt has another score", record);
        }
        var known = new HashSet<(Conversation, Conversation, Conversation)>();
        var unique = new List<PreferenceExample>();
        foreach (var pair in examples)
        {
            if (known.Add((pair.Prompt, pair.Chosen, pair.Rejected))) unique.Add(pair);
            else Skip(Duplicate, pair.Provenance.Record);
        }
        if (unique.Count == 0)
            throw RewardKitException.Input($"{path} ({layout.Name}) has no usable pair: {string.Join(", ", skipped.Select(s => $"{s.Key} ({s.Value.Count})"))}.");
        if (reading.Part is { } part)
        {
            unique = [.. unique.Where(pair => IsIn(part, pair.Prompt))];
            if (unique.Count == 0)
                throw RewardKitException.Input(FormattableString.Invariant($"{path}: no pair falls into the {(part.First ? "train" : "test")} part at fraction {part.Fraction} and seed {part.Seed}; take another fraction or more pairs."));
        }
        return new(unique, [.. skipped.Select(s => new SkippedRecords(s.Key, s.Value))]) { Layout = layout.Name, Records = records };

        void Skip(string reason, long record)
        {
            if (skipped.TryGetValue(reason, out var places)) places.Add(record);
            else skipped.Add(reason, [record]);
        }
    }

    private static IEnumerable<DataRecord> Records(string path)
    {
        var name = Path.GetFileName(path);
        if (name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase))
            return CsvRecords.Read(path);
        var first = JsonLines.Lines(path).Select(line => line.Span.Trim(" \t\r"u8).ToArray()).FirstOrDefault(line => line.Length > 0);
        return first is [(byte)'[', ..] ? JsonArrays.Read(path) : JsonLines.Read(path);
    }

    private static bool IsIn(PairPart part, Conversation prompt)
    {
        var text = string.Concat(prompt.Messages.Select(m => $"\0{m.Role}\0{m.Content}"));
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{part.Seed}{text}"));
        return BinaryPrimitives.ReadUInt64BigEndian(hash) < part.Fraction * Math.Pow(2, 64) == part.First;
    }
}
