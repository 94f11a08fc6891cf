namespace RewardKit.Training.Data;

/// <summary>
/// Reads preference pairs from JSON Lines, a JSON array or CSV (by the name <c>.csv</c>), each plain or gzip, in the layout
/// that the first record shows: prompt, chosen and rejected (texts or messages), chosen and rejected conversations,
/// HH-RLHF's dialogues, UltraFeedback's binarized form (Tunstall et al. 2023, arXiv:2310.16944), responses with a score or a
/// label each, in steps with a label each (TRL's stepwise supervision), lists of responses with scores or ranks, or GSM8K's graded solutions.
/// </summary>
public static class PairFiles
{
    /// <summary>The reason that later copies of a pair (same prompt, chosen and rejected) are skipped for.</summary>
    public const string Duplicate = "duplicate of an earlier pair";

    /// <summary>The reason that later copies of a prompt are skipped for, where prompts alone are read.</summary>
    public const string DuplicatePrompt = "duplicate of an earlier prompt";

    /// <summary>Reads a file. Records that hold no comparison are left out and named by reason.</summary>
    /// <param name="data">The file and how to read it.</param>
    /// <returns>The usable pairs, each once, in file order, and the records left out.</returns>
    /// <exception cref="RewardKitException">
    /// The file cannot be read, a record is malformed (file, line, key and what was expected are named), or there is no
    /// usable pair.
    /// </exception>
    public static LoadedPairs Load(PairFile data)
    {
        if (data.Reading is not { } reading) return HhRlhf.Load(data);
        if (reading.PromptsOnly) return LoadPrompts(data, reading);
        var path = Path.GetFullPath(data.Path);
        var source = PairId.Source(path);
        var (examples, skipped) = (new PairStore(), new OrderedDictionary<string, List<long>>());
        var known = new HashSet<UInt128>();
        var records = 0L;
        PairLayout? layout = null;
        PairReader? reader = null;
        SingleResponses? singles = null;
        ResponseLists? lists = null;
        GradedSolutions? solutions = null;
        foreach (var record in Records(path))
        {
            records++;
            layout ??= PairLayout.Of(record, reading.Columns);
            if (layout.Kind is PairLayout.Kinds.Scored or PairLayout.Kinds.Labelled or PairLayout.Kinds.Steps)
            {
                singles ??= new(layout, reading, source);
                if (singles.Add(record) is { } ungraded) Skip(ungraded, record.Number);
            }
            else if (layout.Kind == PairLayout.Kinds.Lists)
            {
                var (pairs, reason) = (lists ??= new(layout.Columns, reading.Pairing, source)).Read(record);
                foreach (var pair in pairs) Add(pair);
                if (reason is not null) Skip(reason, record.Number);
            }
            else if (layout.Kind == PairLayout.Kinds.Graded)
            {
                var (pairs, reason) = (solutions ??= new(layout.Columns, reading, source)).Read(record);
                foreach (var pair in pairs) Add(pair);
                if (reason is not null) Skip(reason, record.Number);
            }
            else
            {
                var (pair, reason) = (reader ??= new(layout, source)).Read(record);
                if (pair is not null) Add(pair);
                else Skip(reason!, record.Number);
            }
        }
        if (layout is null) throw RewardKitException.Input($"{path} has no records.");
        if (singles is not null)
        {
            var (pairs, alone, reason) = singles.Pairs();
            foreach (var record in alone) Skip(reason, record);
            foreach (var pair in pairs) Add(pair);
        }
        if (examples.Count == 0)
            throw RewardKitException.Input($"{path} ({layout.Name}) has no usable pair: {string.Join(", ", skipped.Select(s => $"{s.Key} ({s.Value.Count})"))}.");
        return new(examples.Pairs, [.. skipped.Select(s => new SkippedRecords(s.Key, s.Value))])
        {
            Layout = layout.Name,
            Records = records,
            Responses = singles?.Count ?? lists?.Count ?? solutions?.Count,
        };

        void Add(PreferenceExample pair)
        {
            if (known.Add(PairId.Content(pair.Prompt, pair.Chosen, pair.Rejected))) examples.Add(pair);
            else Skip(Duplicate, pair.Provenance.Record);
        }

        void Skip(string reason, long record)
        {
            if (skipped.TryGetValue(reason, out var places)) places.Add(record);
            else skipped.Add(reason, [record]);
        }
    }

    private static LoadedPairs LoadPrompts(PairFile data, PairReading reading)
    {
        var path = Path.GetFullPath(data.Path);
        var (examples, known) = (new PairStore(), new HashSet<UInt128>());
        var skipped = new OrderedDictionary<string, List<long>>();
        var (records, key) = (0L, (string?)null);
        foreach (var record in Records(path))
        {
            records++;
            var (prompt, reason) = PromptRecords.Read(record, key ??= PromptRecords.KeyOf(record, reading.Columns.Prompt), PairId.Source(path));
            if (prompt is not null && known.Add(PairId.Content(prompt.Prompt))) examples.Add(prompt);
            else if (skipped.TryGetValue(reason ??= DuplicatePrompt, out var places)) places.Add(record.Number);
            else skipped.Add(reason, [record.Number]);
        }
        if (examples.Count == 0)
            throw RewardKitException.Input(records == 0 ? $"{path} has no records." : $"{path} has no usable prompt: {string.Join(", ", skipped.Select(s => $"{s.Key} ({s.Value.Count})"))}.");
        return new(examples.Pairs, [.. skipped.Select(s => new SkippedRecords(s.Key, s.Value))]) { Layout = "prompts", Records = records };
    }

    private static IEnumerable<DataRecord> Records(string path)
    {
        if (CsvRecords.Is(path)) return CsvRecords.Read(path);
        var first = JsonLines.Lines(path).Select(line => line.Span.Trim(" \t\r"u8).ToArray()).FirstOrDefault(line => line.Length > 0);
        return first is [(byte)'[', ..] ? JsonArrays.Read(path) : JsonLines.Read(path);
    }
}
