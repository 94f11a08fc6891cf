using RewardKit.Hosting.Generators;

namespace RewardKit.Conformance;

/// <summary>What an <see cref="IEvaluator"/> keeps.</summary>
internal static class EvaluatorRules
{
    private const double Close = 1e-9;

    [Rule("E01", RuleKind.Required, AtEveryOption = true,
        Protects = "If a scorer that is always right, or a model that writes right answers alone, does not get 1, the number is not what its name says, and no method can reach the top.",
        Fix = "Give a pair full credit whenever the chosen response has the higher reward.")]
    public static void Perfect_scorer_gets_one(EvaluatorSubject subject) => SharesAre(subject, subject.Perfect, subject.PerfectWriter, "PerfectWriter", 1);

    [Rule("E02", RuleKind.Required, AtEveryOption = true,
        Protects = "If a scorer that is always wrong, or a model that writes wrong answers alone, gets more than 0, failures hide in the number.",
        Fix = "Give a pair no credit where the rejected response has the higher reward; no absolute values, no special case for 0.")]
    public static void Reversed_scorer_gets_nothing(EvaluatorSubject subject) => SharesAre(subject, subject.Reversed, subject.WrongWriter, "WrongWriter", 0);

    [Rule("E03", RuleKind.Required,
        Protects = "A model that gives everything the same reward has learnt nothing. What it gets must be decided, not left to chance or to order.",
        Fix = "Credit equal rewards with one number (0, ½ or 1) for every pair, say so in an option, and in the test project's ConstantScorerGets.")]
    public static void Equal_rewards_count_as_stated(EvaluatorSubject subject)
    {
        JudgesRewards(subject);
        foreach (var (name, measured) in subject.Shares(ScriptedScorers.Constant(), subject.Some))
        {
            double[] allowed = subject.ConstantScorerGets is { } stated ? [stated] : [0, 0.5, 1];
            if (!allowed.Any(value => Numbers.AreClose(value, measured.Value, Close)))
                throw Verdict.Broken($"where all rewards are equal, {name} is {Numbers.Show(measured.Value)} instead of {string.Join(" or ", allowed.Select(Numbers.Show))}");
            if (measured.Items?.Distinct().Count() > 1) throw Verdict.Broken($"where all rewards are equal, some items of {name} get {Numbers.Show(measured.Items.Min())}, others {Numbers.Show(measured.Items.Max())}");
        }
    }

    [Rule("E04", RuleKind.Required,
        Protects = "Reports say which methods are above chance. A share that a guess exceeds makes every method look good.",
        Fix = "Compare the two rewards strictly and alone, without thresholds; state in Chance what a guess reaches.")]
    public static void Random_scorer_is_near_chance(EvaluatorSubject subject)
    {
        JudgesRewards(subject);
        foreach (var (name, measured) in subject.Shares(ScriptedScorers.Random(7), subject.Pairs))
        {
            var chance = measured.Chance!.Value;
            // Five standard errors: the scorer is fixed, so that a sound evaluator passes always or never.
            var tolerance = 5 * Math.Sqrt(chance * (1 - chance) / (measured.Items?.Count ?? subject.Pairs.Count));
            if (!(Math.Abs(measured.Value - chance) <= tolerance))
                throw Verdict.Broken($"{name} of a scorer that guesses is {Numbers.Show(measured.Value)}; chance is {Numbers.Show(chance)} ± {Numbers.Show(tolerance)}");
        }
    }

    [Rule("E05", RuleKind.Required,
        Protects = "A file's order is no property of a model.",
        Fix = "Treat every pair alike, whichever place it has.")]
    public static void Order_of_the_pairs_does_not_matter(EvaluatorSubject subject)
    {
        subject.TakesPairs();
        var pairs = subject.Some.ToArray();
        var plain = subject.Evaluate(ScriptedScorers.Random(7), pairs);
        new Random(3).Shuffle(pairs);
        var shuffled = subject.Evaluate(ScriptedScorers.Random(7), pairs);
        Verdict.Same(Names(plain, shuffled), "the same pairs in another order");
        foreach (var (name, measured) in plain.Metrics)
        {
            var other = shuffled.Metrics[name];
            Verdict.Same(Numbers.Difference([measured.Value], [other.Value], Close), $"the same pairs in another order, {name}");
            if (measured.Items is not null && other.Items is not null)
                Verdict.Same(Numbers.Difference([.. measured.Items.Order()], [.. other.Items.Order()], Close), $"the same pairs in another order, the items of {name} by size");
        }
    }

    [Rule("E06", RuleKind.Required,
        Protects = "A pair's verdict must not hang on the pairs beside it: intervals and paired comparisons treat items as separate.",
        Fix = "Judge each pair by itself; give a number that needs all of them (a correlation, a calibration error) without Items.")]
    public static void Parts_make_up_the_whole(EvaluatorSubject subject)
    {
        subject.TakesPairs();
        var whole = subject.Evaluate(ScriptedScorers.Random(7), subject.Some);
        var parts = subject.Some.Chunk((subject.Some.Count + 1) / 2).Select(part => subject.Evaluate(ScriptedScorers.Random(7), part)).ToArray();
        foreach (var (name, measured) in whole.Metrics.Where(m => m.Value.Items is not null))
        {
            var found = parts.Where(p => p.Metrics.ContainsKey(name)).Select(p => p.Metrics[name]).ToArray();
            var count = found.Sum(m => m.Items?.Count ?? 0);
            if (count > 0)
                Verdict.Same(Numbers.Difference([measured.Value], [found.Sum(m => m.Value * (m.Items?.Count ?? 0)) / count], Close), $"all pairs at once, then in two halves, {name}");
        }
    }

    [Rule("E07", RuleKind.Required,
        Protects = "A benchmark of 2,000 pairs that quietly judges 1,000 has another name and other intervals.",
        Fix = "Judge every pair or refuse it; no caps, no dropping of duplicates or of what is hard to read.")]
    public static void Counts_add_up(EvaluatorSubject subject)
    {
        subject.TakesPairs();
        var whole = subject.Evaluate(ScriptedScorers.Random(7), subject.Pairs);
        var parts = subject.Pairs.Chunk(100).Select(part => subject.Evaluate(ScriptedScorers.Random(7), part)).ToArray();
        foreach (var (name, measured) in whole.Metrics.Where(m => m.Value.Items is not null))
        {
            var count = parts.Sum(p => p.Metrics.GetValueOrDefault(name)?.Items?.Count ?? 0);
            if (measured.Items!.Count != count) throw Verdict.Broken($"{subject.Pairs.Count} pairs at once have {measured.Items.Count} items of {name}, in hundreds they have {count}");
        }
        if (whole.Samples.Count != parts.Sum(p => p.Samples.Count))
            throw Verdict.Broken($"{subject.Pairs.Count} pairs at once have {whole.Samples.Count} samples, in hundreds they have {parts.Sum(p => p.Samples.Count)}");
    }

    [Rule("E08", RuleKind.Required, AtEveryOption = true,
        Protects = "The host makes intervals and comparisons from the items. If they are not what the value is made of, both lie.",
        Fix = "Compute the value as Items.Average().")]
    public static void Items_average_to_the_value(EvaluatorSubject subject)
    {
        foreach (var (name, measured) in subject.Evaluate(ScriptedScorers.Random(7), subject.Some).Metrics.Where(m => m.Value.Items is not null))
        {
            if (measured.Items!.Count == 0) throw Verdict.Broken($"{name} has a value, but no items; leave Items null where the number is no mean");
            Verdict.Same(Numbers.Difference([measured.Value], [measured.Items.Average()], Close), $"{name} and the mean of its items");
        }
    }

    [Rule("E09", RuleKind.Required,
        Protects = "The mean of nothing is NaN, and a report that shows it as a result is worse than none.",
        Fix = "Throw RewardKitException.Input where there is nothing to judge, and say what was expected.")]
    public static void Nothing_to_judge_is_no_result(EvaluatorSubject subject)
    {
        subject.TakesPairs();
        try
        {
            foreach (var (name, measured) in subject.Evaluate(ScriptedScorers.Random(7), []).Metrics)
                if (!double.IsFinite(measured.Value)) throw Verdict.Broken($"without pairs, {name} is {Numbers.Show(measured.Value)}");
        }
        catch (RewardKitException)
        {
            // Refused in words.
        }
    }

    [Rule("E10", RuleKind.Required,
        Protects = "Reports show samples so that a reader can check a number by hand.",
        Fix = "Take the samples' scores from the scorer as they are, chosen with chosen.")]
    public static void Samples_are_what_was_scored(EvaluatorSubject subject)
    {
        var scorer = ScriptedScorers.Random(7);
        foreach (var (example, score) in subject.Evaluate(scorer, subject.Some).Samples)
            if (scorer.ScorePairs([example])[0] is var expected && expected != score)
                throw Verdict.Broken($"the sample {example.Id} has the rewards {Numbers.Show(score.Chosen)} and {Numbers.Show(score.Rejected)}; the scorer gave "
                    + $"{Numbers.Show(expected.Chosen)} and {Numbers.Show(expected.Rejected)}");
    }

    [Rule("E11", RuleKind.Optional,
        Protects = "Without a level of chance, the report cannot say whether a method learnt anything.",
        Fix = "Give shares a Chance: new Measurement(value, items, Chance: 0.5).")]
    public static void A_share_states_its_chance(EvaluatorSubject subject)
    {
        // Where anything can be written, chance reaches nothing.
        JudgesRewards(subject);
        var report = subject.Evaluate(subject.Perfect(subject.Some), subject.Some);
        if (report.Metrics.Values.All(m => m.Chance is null)) throw Verdict.Broken("no metric states what chance would reach");
    }

    [Rule("E12", RuleKind.Untested,
        Protects = "A number is comparable with a published one only if data, prompts and rules are the published ones.",
        Fix = "Evaluate a public model whose result is published, and compare.")]
    public static void The_benchmark_is_the_published_one(EvaluatorSubject subject) =>
        throw Verdict.NotTested("A kit has neither the benchmark's data nor its results.");

    [Rule("E13", RuleKind.Required, AtEveryOption = true,
        Protects = "The host has a text generator, and what the model writes, only for an evaluator that needs them; a reward for a single response only where the model "
            + "is no pairwise one; and no reward at all of a model that is trained to write. An evaluator that reads what it did not ask for ends the experiment after all "
            + "its training.",
        Fix = "Say so in Needs: EvaluatorNeeds.Generator, EvaluatorNeeds.Writer, EvaluatorNeeds.Rewards, where the options make it necessary. Where pairs are all that is "
            + "judged, use ScorePairs instead of Score; where answers are, leave the scorer alone.")]
    public static void Reads_only_what_it_needs(EvaluatorSubject subject)
    {
        var evaluator = subject.New();
        var needs = evaluator.Needs;
        if (needs == (EvaluatorNeeds.Generator | EvaluatorNeeds.Rewards | EvaluatorNeeds.Writer)) throw Verdict.NotTested("It needs all there is.");
        var scorer = needs.HasFlag(EvaluatorNeeds.Rewards) ? ScriptedScorers.Random(7)
            : subject.JudgesAnswers ? ScriptedScorers.Silent() : ScriptedScorers.Comparing(ScriptedScorers.Random(7));
        var context = new EvaluationContext(
            scorer, subject.Some, 5, needs.HasFlag(EvaluatorNeeds.Generator) ? subject.Generator : null, needs.HasFlag(EvaluatorNeeds.Writer) ? subject.Writer : null);
        try
        {
            evaluator.EvaluateAsync(context, default).GetAwaiter().GetResult();
        }
        catch (RewardKitException e) when (e.TargetSite is { DeclaringType: { } type } read && type == typeof(EvaluationContext))
        {
            throw Verdict.Broken($"it reads context.{read.Name["get_".Length..]}, which its Needs do not name");
        }
        catch (RewardKitException e) when (e.TargetSite?.DeclaringType == typeof(IPairScorer))
        {
            throw Verdict.Broken("it asks the scorer for rewards of single responses, which its Needs do not name");
        }
    }

    [Rule("E14", RuleKind.Optional,
        Protects = "A text generator is money or a GPU, and so is what a model writes.",
        Fix = "Let Needs follow the options.")]
    public static void Reads_all_that_it_needs(EvaluatorSubject subject)
    {
        var needs = subject.New().Needs;
        if ((needs & (EvaluatorNeeds.Generator | EvaluatorNeeds.Writer)) == 0) throw Verdict.NotTested("It needs no texts.");
        var (generator, writer) = (ScriptedGenerators.Counting(subject.Generator), ScriptedGenerators.Counting(subject.Writer));
        subject.Evaluate(ScriptedScorers.Random(7), subject.Some, generator: generator, writer: writer);
        if (needs.HasFlag(EvaluatorNeeds.Generator) && generator.Asked == 0) throw Verdict.Broken("it needs a text generator, but never asks it");
        if (needs.HasFlag(EvaluatorNeeds.Writer) && writer.Asked == 0) throw Verdict.Broken("it needs what the model writes, but never asks for it");
    }

    private static void JudgesRewards(EvaluatorSubject subject)
    {
        if (subject.JudgesAnswers) throw Verdict.NotTested("It judges what a model writes, whatever the scorer says.");
    }

    // Of a scorer, or of a writer where it judges what is written.
    private static void SharesAre(
        EvaluatorSubject subject, Func<IReadOnlyList<PreferenceExample>, IScorer> scorer, ITextGenerator? writer, string known, double expected)
    {
        if (subject.JudgesAnswers && writer is null)
            throw Verdict.NotTested($"It judges what a model writes, and the kit does not know its answers. In a test project, override {known}.");
        var judged = subject.JudgesAnswers ? ScriptedScorers.Random(7) : scorer(subject.Some);
        var whose = subject.JudgesAnswers ? $"{writer!.Name} writer" : $"{judged.Name} scorer";
        foreach (var (name, measured) in subject.Shares(judged, subject.Some, writer))
            if (!Numbers.AreClose(measured.Value, expected, Close))
                throw Verdict.Broken($"{name} of the {whose} is {Numbers.Show(measured.Value)} instead of {Numbers.Show(expected)}");
    }

    private static string? Names(EvaluationReport first, EvaluationReport second) =>
        first.Metrics.Keys.Except(second.Metrics.Keys).Concat(second.Metrics.Keys.Except(first.Metrics.Keys)).FirstOrDefault() is { } once
            ? $"the metric {once} was there once only" : null;
}
