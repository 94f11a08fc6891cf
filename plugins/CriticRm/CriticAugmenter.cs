using System.Runtime.CompilerServices;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.CriticRm;

/// <summary>
/// The data of Critic-RM (Yu et al., "Self-Generated Critiques Boost Reward Modeling for Language Models", arXiv:2411.16646). A
/// language model writes critiques of both answers of a pair, each with a score. Pairs and critiques whose scores contradict
/// the label are dropped, and of the others the best are kept or summed up. What comes out are the same pairs with a critique
/// behind each answer; pairs without are gone.
/// </summary>
[Augmenter("critic-rm", Paper = "arXiv:2411.16646", Traits = PluginTraits.ReplacesExamples)]
public sealed class CriticAugmenter : IAugmenter
{
    private const int PairsAtOnce = 64; // enough to keep a server busy
    private const double LeastMark = 1, MostMark = 10; // of the meta-judge, as its prompt says

    private readonly CriticAugmenterOptions _options;
    private readonly Prompts _prompts;

    /// <summary>Makes the augmenter.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">No score is possible, or a prompt cannot be used.</exception>
    public CriticAugmenter(CriticAugmenterOptions options)
    {
        if (options.ScoreMin >= options.ScoreMax)
            throw RewardKitException.Input($"critic-rm: scoreMin is {options.ScoreMin} and scoreMax {options.ScoreMax}, which leaves no two scores; set scoreMin below scoreMax.");
        _options = options;
        _prompts = new(options.Prompts);
    }

    /// <inheritdoc/>
    public AugmenterNeeds Needs => AugmenterNeeds.Generator;

    /// <inheritdoc/>
    public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var writer = new Writer(context.Generator, _options, _options.Seed ?? context.Seed);
        var pairs = new List<PreferenceExample>();
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            // The filters ask which answer is better; a tie has none.
            var preferred = example.Relation == Relation.Preferred;
            writer.Count(preferred ? "pairs" : "ties.dropped");
            if (preferred) pairs.Add(example);
            if (pairs.Count < PairsAtOnce) continue;
            foreach (var row in await MakeAsync(pairs, writer, cancellation)) yield return row;
            pairs.Clear();
        }
        foreach (var row in await MakeAsync(pairs, writer, cancellation)) yield return row;
        foreach (var (reason, count) in writer.Counts) context.Count($"critic.{reason}", count);
    }

    private async Task<List<PreferenceExample>> MakeAsync(List<PreferenceExample> pairs, Writer writer, CancellationToken cancellation)
    {
        if (pairs.Count == 0) return [];
        var answers = await CritiqueAsync([.. pairs.SelectMany(pair => (Answer[])[new(pair.Prompt, pair.Chosen), new(pair.Prompt, pair.Rejected)])], writer, cancellation);
        var kept = pairs.Select((pair, i) => Filter(pair, answers[2 * i], answers[2 * i + 1], writer)).OfType<Kept>().ToArray();
        kept = _options.Refinement switch
        {
            Refinement.Rank => await RankAsync(kept, writer, cancellation),
            Refinement.Summarise => await SummariseAsync(kept, writer, cancellation),
            _ => kept,
        };
        var rows = new List<PreferenceExample>();
        foreach (var pair in kept)
        {
            if (pair.Combinations.Count == 0) writer.Count("refinement.dropped");
            else rows.AddRange(Draw(pair, writer.Seed));
        }
        writer.Count("kept", kept.Count(pair => pair.Combinations.Count > 0));
        writer.Count("rows", rows.Count);
        return rows;
    }

    // N critiques of each answer; those without a score in the agreed form are none.
    private async Task<Critique[][]> CritiqueAsync(Answer[] answers, Writer writer, CancellationToken cancellation)
    {
        var texts = await writer.WriteAsync("critiques", [.. answers.SelectMany(answer => Enumerable.Range(0, _options.Candidates).Select(n => new Writing(
            _prompts.Critic(answer.Prompt, answer.Text, _options.ScoreMin, _options.ScoreMax), _options.Temperature, n)))], cancellation);
        return [.. texts.Select(Read).Chunk(_options.Candidates).Select(some => some.OfType<Critique>().ToArray())];

        Critique? Read(string? text)
        {
            if (text is null) return null;
            var (score, critique) = (Judge.Rating(text), Judge.Critique(text));
            var flaw = score is null ? "unparseable" : score < _options.ScoreMin || score > _options.ScoreMax ? "out-of-range" : critique.Length == 0 ? "empty" : null;
            if (flaw is null) return new(critique, score!.Value);
            writer.Count($"critiques.{flaw}");
            return null;
        }
    }

    private Kept? Filter(PreferenceExample pair, Critique[] chosen, Critique[] rejected, Writer writer)
    {
        if (chosen.Length == 0 || rejected.Length == 0) return Drop("critiques.missing");
        double[] good = [.. chosen.Select(c => c.Score)], bad = [.. rejected.Select(c => c.Score)];
        if (_options.InstanceFilter && !CritiqueSelection.Agrees(good, bad)) return Drop("instance-filter.dropped");
        var combinations = CritiqueSelection.Combinations(_options.CritiqueFilter, good, bad);
        if (combinations.Count == 0) return Drop("critique-filter.pairs-dropped");
        writer.Count("critique-filter.critiques-dropped", chosen.Length + rejected.Length
            - combinations.Select(c => c.Chosen).Distinct().Count() - combinations.Select(c => c.Rejected).Distinct().Count());
        return new(pair, [.. chosen.Select(c => c.Text)], [.. rejected.Select(c => c.Text)], combinations);

        Kept? Drop(string reason)
        {
            writer.Count(reason);
            return null;
        }
    }

    // Critic-RM-Rank. Where no more are left than may stay there is nothing to choose.
    private async Task<Kept[]> RankAsync(Kept[] kept, Writer writer, CancellationToken cancellation)
    {
        (Kept Pair, Side Side)[] sides = [.. kept.SelectMany(pair => pair.Sides).Where(side => side.Side.Places.Length > _options.TopK)];
        var marks = await writer.WriteAsync("marks", [.. sides.SelectMany(side => side.Side.Places.Select(place => new Writing(
            _prompts.Fill("meta-judge", ("conversation", Prompts.Show(side.Pair.Pair.Prompt)), ("answer", Prompts.Show(side.Side.Answer)), ("critique", side.Side.Critiques[place])),
            0, 0)))], cancellation);
        var best = new Dictionary<Side, HashSet<int>>();
        var at = 0;
        foreach (var (_, side) in sides)
        {
            var marked = new List<(int Place, double Mark)>();
            foreach (var place in side.Places)
            {
                var text = marks[at++];
                if (text is null) continue;
                if (Judge.Rating(text, LeastMark, MostMark) is { } mark) marked.Add((place, mark));
                else writer.Count("marks.unparseable");
            }
            best[side] = [.. CritiqueSelection.Best([.. marked.Select(m => m.Mark)], _options.TopK).Select(i => marked[i].Place)];
        }
        return [.. kept.Select(pair =>
        {
            var (chosen, rejected) = (best.GetValueOrDefault(pair.At(0)), best.GetValueOrDefault(pair.At(1)));
            return pair with { Combinations = [.. pair.Combinations.Where(c => chosen?.Contains(c.Chosen) != false && rejected?.Contains(c.Rejected) != false)] };
        })];
    }

    // Critic-RM-Summ. A single critique needs no summary.
    private async Task<Kept[]> SummariseAsync(Kept[] kept, Writer writer, CancellationToken cancellation)
    {
        (Kept Pair, Side Side)[] sides = [.. kept.SelectMany(pair => pair.Sides).Where(side => side.Side.Places.Length > 1)];
        var texts = await writer.WriteAsync("summaries", [.. sides.SelectMany(side => Enumerable.Range(0, _options.TopK).Select(n => new Writing(
            _prompts.Fill(
                "summarise", ("conversation", Prompts.Show(side.Pair.Pair.Prompt)), ("answer", Prompts.Show(side.Side.Answer)),
                ("critiques", string.Join("\n\n", side.Side.Places.Select((place, i) => $"Review {i + 1}:\n{side.Side.Critiques[place]}")))),
            _options.Temperature, n)))], cancellation);
        var summaries = sides.Select((side, i) => (side.Side, Texts: texts.Skip(i * _options.TopK).Take(_options.TopK).OfType<string>().Select(t => t.Trim()).ToArray()))
            .ToDictionary(s => s.Side, s => s.Texts);
        return [.. kept.Select(pair =>
        {
            var (chosen, rejected) = (Of(pair.At(0)), Of(pair.At(1)));
            return new Kept(pair.Pair, chosen, rejected, CritiqueSelection.Combinations(CritiqueFilter.None, new double[chosen.Length], new double[rejected.Length]));
        })];

        string[] Of(Side side) => summaries.TryGetValue(side, out var some) ? some : [side.Critiques[side.Places[0]]];
    }

    private IEnumerable<PreferenceExample> Draw(Kept kept, int seed)
    {
        var combinations = kept.Combinations.ToArray();
        new Random(Seeds.Of(seed, kept.Pair.Id, "draws")).Shuffle(combinations);
        for (var n = 0; n < _options.Draws; n++)
        {
            var (chosen, rejected) = combinations[n % combinations.Length];
            yield return kept.Pair with
            {
                Id = FormattableString.Invariant($"{kept.Pair.Id}+critic{n + 1}"),
                Chosen = CritiqueTurns.After(kept.Pair.Chosen, kept.Chosen[chosen], _options.LeadIn),
                Rejected = CritiqueTurns.After(kept.Pair.Rejected, kept.Rejected[rejected], _options.LeadIn),
                ChosenSteps = null,
                RejectedSteps = null,
                Provenance = kept.Pair.Provenance with { Augmentation = "critic-rm", Parent = kept.Pair.Id },
            };
        }
    }

    private readonly record struct Answer(Conversation Prompt, Conversation Text);

    private sealed record Critique(string Text, double Score);

    /// <summary>A pair that the filters keep, its critiques, and the combinations of them that may stand together.</summary>
    private sealed record Kept(PreferenceExample Pair, string[] Chosen, string[] Rejected, IReadOnlyList<(int Chosen, int Rejected)> Combinations)
    {
        public IEnumerable<(Kept Pair, Side Side)> Sides => [(this, At(0)), (this, At(1))];

        public Side At(int number) => number == 0
            ? new(Pair.Id, 0, Pair.Chosen, Chosen, [.. Combinations.Select(c => c.Chosen).Distinct().Order()])
            : new(Pair.Id, 1, Pair.Rejected, Rejected, [.. Combinations.Select(c => c.Rejected).Distinct().Order()]);
    }

    /// <summary>One answer of such a pair: the places of those of its critiques that are left. Equal where pair and number are.</summary>
    private sealed record Side(string Pair, int Number, Conversation Answer, string[] Critiques, int[] Places)
    {
        public bool Equals(Side? other) => other is not null && (Pair, Number) == (other.Pair, other.Number);

        public override int GetHashCode() => HashCode.Combine(Pair, Number);
    }
}
