using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>
/// How well a scorer agrees with people (Zheng et al., arXiv:2306.05685; PandaLM, arXiv:2306.05087): with what most of them say,
/// with each of them, and how far they agree among themselves.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("judge-agreement", Paper = "arXiv:2306.05685", OwnData = true)]
public sealed class JudgeAgreementEvaluator(JudgeAgreementOptions options) : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">The data are not in a known layout.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = HumanPair.Read(options.Data);
        var recorded = options.Recorded is { } file ? RecordedVerdicts.Read(file, pairs) : null;
        PreferenceExample[] examples = [.. pairs.Select(pair => pair.Example)];
        var scores = context.Scorer.ScorePairs(examples, cancellation);
        Verdict?[] said = [.. pairs.Zip(scores, (pair, score) => (Verdict?)Said(pair, score))];

        var metrics = new Dictionary<string, Measurement>();
        Compare("", pairs, said, metrics);
        People(pairs, metrics);
        if (context.Scorer is IOrderedPairScorer ordered) Places(ordered.CompareOrders([.. pairs.Select(Shown)], cancellation), metrics);
        WinRates("", pairs, said, metrics);
        WinRates("people.", pairs, [.. pairs.Select(pair => (Verdict?)pair.Majority)], metrics);
        if (recorded is not null)
        {
            Compare("recorded.", pairs, recorded, metrics);
            metrics["recorded.unreadable"] = new(recorded.Count(verdict => verdict is null));
        }
        return Task.FromResult(new EvaluationReport(metrics, [.. examples.Zip(scores, (example, score) => new EvaluationSample(example, score))]));
    }

    // A is the pair's first answer, whichever people prefer.
    private Verdict Said(HumanPair pair, PairScore score)
    {
        var chosen = Judge.Compared(score.Chosen, score.Rejected, options.TieWithin);
        return pair.Majority == Verdict.B ? Judge.Swapped(chosen) : chosen;
    }

    private static PairRequest Shown(HumanPair pair) => new(Conversation.User(pair.Asked), Conversation.Assistant(pair.First), Conversation.Assistant(pair.Second));

    private void Compare(string name, IReadOnlyList<HumanPair> pairs, IReadOnlyList<Verdict?> said, Dictionary<string, Measurement> metrics)
    {
        (Verdict People, Verdict? Said)[] decided = [.. pairs.Zip(said, (pair, verdict) => (pair.Majority, verdict)).Where(p => p.Majority != Verdict.Tie)];
        if (options.Ties == ScorerTies.LeaveOut) decided = [.. decided.Where(p => p.Said is Verdict.A or Verdict.B)];
        double[] credit = [.. decided.Select(p => p.Said == p.People ? 1 : p.Said is Verdict.A or Verdict.B || options.Ties == ScorerTies.Wrong ? 0 : 0.5)];
        // Chance and intervals are for the scorer that is judged. Which pairs a scorer leaves out differs from scorer to scorer.
        if (credit.Length > 0) metrics[$"{name}accuracy"] = new(credit.Average(), options.Ties == ScorerTies.LeaveOut ? null : credit, name.Length == 0 ? 0.5 : null);
        metrics[$"{name}agreement"] = Mean(pairs.Zip(said, (pair, verdict) => pair.Majority == verdict ? 1.0 : 0));
        if (Several(pairs)) metrics[$"{name}agreement.annotators"] = Mean(pairs.Zip(said, (pair, verdict) => pair.Votes.Average(vote => vote == verdict ? 1.0 : 0)));
        if (Agreement.Kappa(said, [.. pairs.Select(pair => (Verdict?)pair.Majority)]) is { } kappa) metrics[$"{name}kappa"] = new(kappa);
        metrics[$"{name}ties"] = Mean(said.Select(verdict => verdict == Verdict.Tie ? 1.0 : 0));
    }

    private static void People(IReadOnlyList<HumanPair> pairs, Dictionary<string, Measurement> metrics)
    {
        metrics["people.ties"] = Mean(pairs.Select(pair => pair.Majority == Verdict.Tie ? 1.0 : 0));
        if (!Several(pairs)) return;
        var count = pairs[0].Votes.Count;
        (int One, int Other)[] twos = [.. from one in Enumerable.Range(0, count) from other in Enumerable.Range(one + 1, count - one - 1) select (one, other)];
        metrics["people.agreement"] = Mean(pairs.Select(pair => twos.Average(two => pair.Votes[two.One] == pair.Votes[two.Other] ? 1.0 : 0)));
        double?[] kappas = [.. twos.Select(two => Agreement.Kappa([.. pairs.Select(p => p.Votes[two.One])], [.. pairs.Select(p => p.Votes[two.Other])]))];
        if (kappas.Average() is { } kappa) metrics["people.kappa"] = new(kappa);
    }

    private static void Places(IReadOnlyList<OrderedOdds> views, Dictionary<string, Measurement> metrics)
    {
        metrics["position.inconsistent"] = Mean(views.Select(view => view.Agree ? 0.0 : 1));
        // Of both showings, how often the answer that stands first wins; ties are half.
        metrics["position.first"] = Mean(views.Select(view => 0.5 + (Math.Sign(view.FirstShownFirst) - Math.Sign(view.SecondShownFirst)) / 4.0));
    }

    private void WinRates(string whose, IReadOnlyList<HumanPair> pairs, IReadOnlyList<Verdict?> said, Dictionary<string, Measurement> metrics)
    {
        var wins = new SortedDictionary<string, (int Wins, int Losses, int Ties)>(StringComparer.Ordinal);
        foreach (var (pair, verdict) in pairs.Zip(said))
        {
            if (pair.Models is not var (first, second)) continue;
            Add(first, verdict!.Value);
            Add(second, Judge.Swapped(verdict.Value));
        }
        foreach (var (model, counts) in wins)
            if (options.WinRates == WinRate.HalfTies || counts.Wins + counts.Losses > 0)
                metrics[$"{whose}win-rate.{model}"] = new(Judge.WinRate(counts.Wins, counts.Losses, counts.Ties, options.WinRates == WinRate.HalfTies));

        void Add(string model, Verdict verdict)
        {
            var (won, lost, tied) = wins.GetValueOrDefault(model);
            wins[model] = verdict switch { Verdict.A => (won + 1, lost, tied), Verdict.B => (won, lost + 1, tied), _ => (won, lost, tied + 1) };
        }
    }

    private static bool Several(IReadOnlyList<HumanPair> pairs) => pairs[0].Votes.Count > 1 && pairs.All(pair => pair.Votes.Count == pairs[0].Votes.Count);

    private static Measurement Mean(IEnumerable<double> items)
    {
        double[] all = [.. items];
        return new(all.Average(), all);
    }
}
