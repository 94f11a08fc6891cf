namespace RewardKit.Plugins.ReWordBench;

/// <summary>What both evaluators do with their rows.</summary>
/// <param name="Chosen">The transformations.</param>
/// <param name="MinSimilarity">See <see cref="Rewriter"/>.</param>
/// <param name="Rounds">See <see cref="GeneratedRewriter"/>.</param>
/// <param name="Options">How text is generated.</param>
internal sealed record ReWordSettings(IReadOnlyList<Transformation> Chosen, double MinSimilarity, int Rounds, GenerationOptions Options)
{
    /// <summary>The transformations that an option names.</summary>
    /// <param name="names">Names with commas between them; null: those that need no generator; <c>all</c>: all.</param>
    /// <param name="set">The list they are from.</param>
    /// <param name="jailbreaks">A folder; null: the plugin's own texts.</param>
    /// <exception cref="RewardKitException">There is no such transformation.</exception>
    public static IReadOnlyList<Transformation> Choose(string? names, TransformationSet set, string? jailbreaks)
    {
        var known = Transformations.Of(set, jailbreaks is null ? null : Jailbreaks.Read(jailbreaks));
        if (names is null) return [.. known.Where(t => t.Apply is not null)];
        if (names == "all") return known;
        string[] wanted = [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        if (wanted.Length == 0 || !wanted.All(known.Select(t => t.Name).Contains))
            throw RewardKitException.Input($"No such transformations: \"{names}\". Name \"all\", or some of {string.Join(", ", known.Select(t => t.Name))}, with commas between them.");
        return [.. known.Where(t => wanted.Contains(t.Name))];
    }

    /// <summary>What a generator has to write, if anything.</summary>
    public EvaluatorNeeds Needs => Chosen.Any(t => t.Apply is null) ? EvaluatorNeeds.Generator : EvaluatorNeeds.None;

    /// <summary>Rewrites the rows.</summary>
    public async Task<IReadOnlyList<Rewritten>> RewriteAsync(IReadOnlyList<SourceRow> rows, EvaluationContext context, CancellationToken cancellation)
    {
        var rewriter = new Rewriter(context.Seed, MinSimilarity);
        var all = new List<Rewritten>();
        foreach (var transformation in Chosen.Where(t => rows.Any(r => t.AppliesTo(r.Kind))))
        {
            cancellation.ThrowIfCancellationRequested();
            all.Add(transformation.Apply is not null ? rewriter.Apply(transformation, rows)
                : await new GeneratedRewriter(rewriter, context.Generator, Rounds, Options).ApplyAsync(transformation, rows, cancellation));
        }
        return all;
    }

    /// <summary>Scores originals and rewritten rows and states what became of the accuracy.</summary>
    /// <param name="pairs">The originals.</param>
    /// <param name="sections">The section of each, null where it has none; null: there are no sections.</param>
    /// <param name="rewritten">The rewritten rows.</param>
    /// <param name="scorer">What is judged.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">No row was changed.</exception>
    public static EvaluationReport Report(
        IReadOnlyList<PreferenceExample> pairs, IReadOnlyList<string?>? sections, IReadOnlyList<Rewritten> rewritten, IScorer scorer, CancellationToken cancellation)
    {
        if (rewritten.All(r => r.Rows.Count == 0))
            throw RewardKitException.Input($"None of the {pairs.Count} rows is changed by the chosen transformations: each applies to certain subsets only, see its README.");
        // Everything at once, each pair once however many transformations start from it.
        var scores = scorer.ScorePairs([.. pairs, .. rewritten.SelectMany(r => r.Rows.Select(row => row.Pair))], cancellation);
        var next = pairs.Count;
        var outcomes = rewritten.Select(r => (r.Name, r.Excluded, Rows: r.Rows.Select(row => new Outcome(row.Row, Credit(scores[row.Row]), Credit(scores[next++]))).ToArray())).ToArray();
        var changed = outcomes.Where(o => o.Rows.Length > 0).ToArray();

        var metrics = new Dictionary<string, Measurement>();
        ReWordScore.AddMicro(metrics, "", [.. changed.Select(o => o.Rows)]);
        ReWordScore.AddMacro(metrics, [.. changed.Select(o => o.Rows)]);
        foreach (var section in sections?.OfType<string>().Distinct().Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>())
        {
            Outcome[][] of = [.. changed.Select(o => o.Rows.Where(row => sections![row.Row] == section).ToArray()).Where(rows => rows.Length > 0)];
            if (of.Length > 0) ReWordScore.AddMicro(metrics, $"section.{section}.", of);
        }
        foreach (var (name, excluded, rows) in outcomes)
        {
            if (rows.Length > 0) ReWordScore.AddMicro(metrics, $"{name}.", [rows]);
            metrics[$"{name}.rows"] = new(rows.Length);
            if (excluded > 0) metrics[$"{name}.excluded"] = new(excluded);
        }
        return new(metrics, [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]);
    }

    // A tie counts nothing, as in RewardBench.
    private static double Credit(PairScore score) => score.Chosen > score.Rejected ? 1 : 0;
}
