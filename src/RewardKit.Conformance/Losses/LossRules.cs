using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance;

/// <summary>What an <see cref="ILoss"/> keeps.</summary>
internal static class LossRules
{
    private const double Close = 1e-9;

    [Rule("L01", RuleKind.Required, AtEveryOption = true,
        Protects = "Training follows the gradient alone. A wrong one still lowers the loss for a while, so that nobody notices.",
        Fix = "Build the loss from torch operations on the tensors of `forward`, without detach(), item() or numbers copied "
            + "out of them, in the element type they have (float64 here). A method that means to hold a part constant says so: "
            + "Traits = PluginTraits.StoppedGradient.")]
    public static void Gradient_matches_finite_differences(LossSubject subject)
    {
        if (subject.Has(PluginTraits.StoppedGradient))
            throw Verdict.NotTested("The loss says that a part of it counts as constant (PluginTraits.StoppedGradient).");
        const double h = 1e-5;
        var batch = subject.Case();
        var outcome = subject.Compute(batch);
        var rows = new[] { batch.Rewards, batch.LogProbs, batch.Features, batch.HeadRewards, batch.HeadWeights, batch.Preferences, batch.TiePreference, batch.LastTurns, batch.TokenRewards, batch.StepRewards };
        for (var tensor = 0; tensor < rows.Length; tensor++)
        {
            var (name, gradient, byPair) = outcome.Gradients[tensor];
            var width = rows[tensor][0].Length;
            for (var i = 0; i < gradient.Length; i++)
            {
                var expected = (At(tensor, i / width, i % width, h) - At(tensor, i / width, i % width, -h)) / (2 * h);
                var rounding = 1e-15 * Math.Abs(outcome.Loss) / h;
                if (!(Math.Abs(gradient[i] - expected) <= 1e-6 * Math.Max(1, Math.Abs(expected)) + rounding))
                    throw Verdict.Broken($"the gradient of {name} at {(byPair ? "pair" : "row")} {i / width}, place {i % width}, is {Numbers.Show(gradient[i])}, but "
                        + $"moving that number by ±{Numbers.Show(h)} moves the loss as if it were {Numbers.Show(expected)}");
            }
        }
        if (outcome.Gradients.All(g => g.Gradient.All(number => number == 0)))
            throw Verdict.Broken("the loss has no gradient: nothing would be trained");

        double At(int tensor, int row, int column, double by)
        {
            var moved = (double[][])rows[tensor].Clone();
            moved[row] = [.. moved[row].Select((number, i) => i == column ? number + by : number)];
            return subject.Compute(tensor switch
            {
                0 => batch with { Rewards = moved },
                1 => batch with { LogProbs = moved },
                2 => batch with { Features = moved },
                3 => batch with { HeadRewards = moved },
                4 => batch with { HeadWeights = moved },
                5 => batch with { Preferences = moved },
                6 => batch with { TiePreference = moved },
                7 => batch with { LastTurns = moved },
                8 => batch with { TokenRewards = moved },
                _ => batch with { StepRewards = moved },
            }, backward: false).Loss;
        }
    }

    [Rule("L02", RuleKind.Required, AtEveryOption = true,
        Protects = "One pair on which the model is very sure must not turn every weight into NaN in the middle of a long run.",
        Fix = "Use forms that neither overflow nor reach log 0: (-x).softplus() for −log σ(x), logsumexp for log Σ exp. Divide by "
            + "lengths only after clamp_min(1): a response may be empty.")]
    public static void Finite_at_extremes(LossSubject subject)
    {
        var calm = subject.Case();
        for (var round = 0; round < 4; round++)
        {
            var (first, second) = ((round & 1) == 0 ? 1e4 : -1e4, (round & 2) == 0 ? 1e4 : -1e4);
            var batch = calm with
            {
                Rewards = [.. calm.Rewards.Select(_ => new[] { first, second })],
                LogProbs = [.. calm.LogProbs.Select(_ => new[] { Math.Min(0, first), Math.Min(0, second) })],
                Reference = [.. calm.Reference.Select(_ => new[] { Math.Min(0, second), Math.Min(0, first) })],
                Features = [.. calm.Features.Select(row => row.Select((_, i) => i < row.Length / 2 ? first : second).ToArray())],
                HeadRewards = [.. calm.HeadRewards.Select(row => row.Select((_, i) => i < row.Length / 2 ? first : second).ToArray())],
                Preferences = [.. calm.Preferences.Select(_ => new[] { Math.Min(0, first), Math.Min(0, second) })],
                TiePreference = [.. calm.TiePreference.Select(_ => new[] { Math.Min(0, -first) })],
                Lengths = [.. calm.Lengths.Select(_ => new long[] { first < 0 ? LossCase.MostTokens : 0, second < 0 ? LossCase.MostTokens : 0 })],
                LastTurnLengths = [.. calm.Lengths.Select(_ => new long[] { first < 0 ? LossCase.MostTokens : 0, second < 0 ? LossCase.MostTokens : 0 })],
                LastTurns = [.. calm.LogProbs.Select(_ => new[] { Math.Min(0, first), Math.Min(0, second) })],
                TokenRewards = [.. calm.TokenRewards.Select(row => row.Select((_, i) => i < row.Length / 2 ? first : second).ToArray())],
                // Where both are large, no response has a labelled step.
                StepLabels = first > 0 && second > 0 ? [.. calm.StepLabels.Select(row => row.Select(_ => double.NaN).ToArray())] : calm.StepLabels,
                StepRewards = [.. calm.StepRewards.Select(row => row.Select((_, i) => i < row.Length / 2 ? first : second).ToArray())],
            };
            var outcome = subject.Compute(batch);
            if (outcome.Numbers.Any(number => !double.IsFinite(number)))
                throw Verdict.Broken($"with rewards of {Numbers.Show(first)} and {Numbers.Show(second)} (log-probabilities "
                    + $"{Numbers.Show(Math.Min(0, first))} and {Numbers.Show(Math.Min(0, second))}) the loss is {Numbers.Show(outcome.Loss)}, and its "
                    + $"gradients have {outcome.Numbers.Skip(1).Count(n => !double.IsFinite(n))} numbers that are not finite");
            if (outcome.Metrics.FirstOrDefault(m => !double.IsFinite(m.Value)) is { Key: { } metric } found)
                throw Verdict.Broken($"with rewards of {Numbers.Show(first)} and {Numbers.Show(second)} the metric {metric} is {Numbers.Show(found.Value)}");
        }
    }

    [Rule("L03", RuleKind.Required,
        Protects = "Data are shuffled. What a pair teaches, and what is logged of it, must not depend on its place in the batch.",
        Fix = "Treat all rows alike: no index of a row in the formula, no `[0]` for a metric, and whatever is read from "
            + "batch.Examples in the order of the rows.")]
    public static void Order_of_the_pairs_does_not_matter(LossSubject subject)
    {
        var batch = subject.Case();
        int[] order = [.. Enumerable.Range(0, batch.Pairs).Reverse()];
        new Random(3).Shuffle(order);
        var plain = subject.Compute(batch);
        var shuffled = subject.Compute(batch.Rows(order));
        var back = shuffled with { Gradients = [.. shuffled.Gradients.Select(g => g.ByPair ? g with { Gradient = InOrder(g.Gradient, order) } : g)] };
        Verdict.Same(plain.Difference(back, Close) ?? plain.MetricDifference(back, Close), "the same pairs in another order");
    }

    [Rule("L04", RuleKind.Required,
        Protects = "The host cuts a batch's numbers out of larger, padded or packed tensors. A loss that reads memory instead of "
            + "elements would read the padding, or stop the run.",
        Fix = "Use reshape() instead of view(), and index tensors instead of reading their storage.")]
    public static void Padding_around_the_numbers_does_not_matter(LossSubject subject)
    {
        var batch = subject.Case();
        Verdict.Same(
            subject.Compute(batch).Difference(subject.Compute(batch, framed: true), Close), "the same numbers as a part of larger tensors full of NaN");
    }

    [Rule("L05", RuleKind.Required, AtEveryOption = true,
        Protects = "A step accumulated from small batches must equal the one big batch, or results depend on how much memory a GPU has.",
        Fix = "Return the mean that Weight belongs to: a mean over pairs with the Weight that is there already, a mean over anything else "
            + "with a Weight that counts it; beside a mean over pairs, use batch.Totals. A method that compares pairs with each other says so: Traits = PluginTraits.WholeBatch.")]
    public static void Batch_size_does_not_matter(LossSubject subject)
    {
        if (subject.Has(PluginTraits.WholeBatch))
            throw Verdict.NotTested("The loss says that a pair's part depends on the other pairs of its batch (PluginTraits.WholeBatch).");
        var batch = subject.Case();
        batch = batch with { StepTotals = batch.Totals() };
        var whole = subject.Compute(batch);
        foreach (var size in (int[])[1, 3])
        {
            int[][] parts = [.. Enumerable.Range(0, batch.Pairs).Chunk(size)];
            var weights = parts.Select(rows => Weight(batch.Rows(rows))).ToArray();
            var total = weights.Sum();
            if (!(total > 0) || weights.Any(w => !(w >= 0)))
                throw Verdict.Broken($"in batches of {size}, Weight gives {string.Join(", ", weights.Select(Numbers.Show))}: it must be 0 or more, and not 0 for all");
            var outcomes = parts.Select(rows => subject.Compute(batch.Rows(rows))).ToArray();
            var sum = new LossOutcome(
                outcomes.Zip(weights, (o, w) => o.Loss * w / total).Sum(),
                [.. whole.Gradients.Select((g, i) => g with { Gradient = Joined(g.ByPair, outcomes.Zip(weights, (o, w) => o.Gradients[i].Gradient.Select(x => x * w / total).ToArray())) })],
                []);
            Verdict.Same(whole.Difference(sum, Close), $"{batch.Pairs} pairs at once, then in batches of {size} by their Weight");
        }

        static double[] Joined(bool byPair, IEnumerable<double[]> parts) =>
            byPair ? [.. parts.SelectMany(x => x)] : parts.Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]);

        double Weight(LossCase part)
        {
            using var scope = NewDisposeScope();
            return ((ILoss)subject.Make()).Weight(part.Batch(CPU));
        }
    }

    [Rule("L06", RuleKind.Required, AtEveryOption = true,
        Protects = "The host computes just what Needs names. A loss that reads more ends the run, perhaps only in the step where it does.",
        Fix = "Name it in Needs, or do not read it.")]
    public static void Reads_only_what_it_needs(LossSubject subject)
    {
        foreach (var batch in Varied(subject))
            if (MissingRead(subject, batch, ((ILoss)subject.Make()).Needs) is { } message)
                throw Verdict.Broken($"in step {batch.Step.Step}: {message}");
    }

    [Rule("L07", RuleKind.Required, AtEveryOption = true,
        Protects = "Which response of a tie stands first is chance. A loss that minds it learns from that chance.",
        Fix = "Weigh both orders by batch.Labels, which is ½ for a tie: p · f(Δ) + (1 − p) · f(−Δ).")]
    public static void Swapping_a_tie_changes_nothing(LossSubject subject)
    {
        var batch = subject.Case();
        if (batch.Examples.All(e => e.Relation != Relation.Tie)) throw Verdict.NotTested("The examples given have no tie.");
        var plain = subject.Compute(batch);
        var swapped = subject.Compute(batch.WithTiesSwapped());
        Verdict.Same(Numbers.Difference([plain.Loss], [swapped.Loss], Close), "with the two responses of every tie exchanged, the loss");
    }

    [Rule("L08", RuleKind.Required,
        Protects = "The mean over no pairs is NaN, and one step with NaN ruins a model without a word.",
        Fix = "Begin Compute with ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs).")]
    public static void Empty_batch_is_refused(LossSubject subject)
    {
        var empty = subject.Case().Rows();
        try
        {
            var outcome = subject.Compute(empty);
            throw Verdict.Broken($"a batch without pairs gives a loss of {Numbers.Show(outcome.Loss)}");
        }
        catch (Exception e) when (e is ArgumentException or RewardKitException)
        {
            // Refused in words.
        }
    }

    [Rule("L09", RuleKind.Required,
        Protects = "Curves and comparisons need the same names in every step, whatever the numbers happen to be.",
        Fix = "Let the names depend on the options and, at most, on whether the batch has preferences or ties, never on values.")]
    public static void Metrics_are_always_there(LossSubject subject)
    {
        var all = subject.Case();
        int[] rows = [.. Enumerable.Range(0, all.Pairs)];
        int[] ties = [.. rows.Where(row => all.Examples[row].Relation == Relation.Tie)];
        int[] preferences = [.. rows.Except(ties)];
        var inParts = NamesIn("preferences alone", preferences, [.. preferences.Take(1)]).Union(NamesIn("ties alone", ties, [.. ties.Take(1)]));
        var together = NamesIn("preferences and ties", rows);
        if (inParts.Except(together).FirstOrDefault() is { } lost)
            throw Verdict.Broken($"the metric {lost} is missing in a batch of preferences and ties, though one of them alone has it");

        SortedSet<string> NamesIn(string kind, params int[][] batches)
        {
            SortedSet<string>? first = null;
            foreach (var batch in batches.SelectMany(part => Varied(subject).Select(b => b.Rows(part))).Where(b => b.Pairs > 0))
            {
                var names = new SortedSet<string>(subject.Compute(batch, backward: false).Metrics.Keys, StringComparer.Ordinal);
                if (subject.Metrics.Except(names).FirstOrDefault() is { } promised)
                    throw Verdict.Broken($"the metric {promised}, which must always be there, is missing in a batch of {kind}");
                if (!names.SetEquals(first ??= names))
                    throw Verdict.Broken($"batches of {kind} had the metrics {Show(first)}, then {Show(names)}");
            }
            return first ?? [];
        }

        static string Show(SortedSet<string> names) => names.Count > 0 ? string.Join(", ", names) : "none";
    }

    [Rule("L10", RuleKind.Required,
        Protects = "The host adds losses of batches up, calls backward on the sum, and logs metrics as numbers.",
        Fix = "End the loss with mean() or sum(), so that its shape is []; give metrics as scalars that are detached.")]
    public static void Loss_and_metrics_are_scalars(LossSubject subject)
    {
        var batch = subject.Case();
        var result = ((ILoss)subject.Make()).Compute(batch.Batch(CPU), batch.Tensors(ScalarType.Float64, CPU).Forward(LossSubject.Everything));
        if (result.Loss.dim() != 0) throw Verdict.Broken($"the loss has the shape [{string.Join(", ", result.Loss.shape)}]");
        foreach (var (name, metric) in result.Metrics)
        {
            if (metric.dim() != 0) throw Verdict.Broken($"the metric {name} has the shape [{string.Join(", ", metric.shape)}]");
            if (metric.requires_grad) throw Verdict.Broken($"the metric {name} has a gradient, which keeps the whole forward pass in memory");
        }
    }

    [Rule("L11", RuleKind.Required, AtEveryOption = true,
        Protects = "Training runs in float32; the other rules use float64 to see more. The loss must be the same in both.",
        Fix = "Bring constants to the tensors' own element type: batch.Labels.to(margin.dtype), never a tensor of a type of your choice.")]
    public static void Float32_gives_the_same(LossSubject subject)
    {
        var batch = subject.Case();
        Verdict.Same(subject.Compute(batch).Difference(subject.Compute(batch, type: ScalarType.Float32), 1e-4), "in float64, then in float32");
    }

    [Rule("L12", RuleKind.Optional, AtEveryOption = true,
        Protects = "Log-probabilities and a reference model cost as much as training itself. Asking for what is not read wastes it.",
        Fix = "Let Needs follow the options, and leave out what a weight of 0 switches off.")]
    public static void Reads_all_that_it_needs(LossSubject subject)
    {
        var needs = ((ILoss)subject.Make()).Needs;
        foreach (var need in Enum.GetValues<ForwardNeeds>().Where(n => n != ForwardNeeds.None && needs.HasFlag(n)))
            if (Varied(subject).All(batch => MissingRead(subject, batch, needs & ~need) is null))
                throw Verdict.Broken($"it needs {need}, but never reads it");
    }

    [Rule("L13", RuleKind.Untested,
        Protects = "A loss may keep every rule and still not be the method it is named after.",
        Fix = "Compute small cases by hand from the paper's equations, and test values and gradients against them.")]
    public static void The_formula_is_that_of_the_paper(LossSubject subject) =>
        throw Verdict.NotTested("A kit does not know the method's equations.");

    [Rule("L14", RuleKind.Required, AtEveryOption = true,
        Protects = "A training that was stopped goes on from a checkpoint. A loss that has forgotten by then trains another model than one that was not stopped.",
        Fix = "Write all that Compute reads from earlier steps in Save, and take it back in Restore; begin anew at null. Remember by step, so that the same step twice is "
            + "once, and nothing where the rewards have no gradient.")]
    public static void What_it_remembers_comes_back(LossSubject subject)
    {
        if (subject.Make() is not IStatefulLoss loss) throw Verdict.NotTested("The loss remembers nothing from step to step.");
        LossCase At(int step) => subject.Case(seed: 60 + step) with { Step = new(step, 100, 1) };
        loss.Restore(null);
        var first = subject.Compute(At(0), loss);
        Verdict.Same(first.Difference(subject.Compute(At(0), loss), 0), "the same step, computed a second time");
        subject.Compute(At(1), loss);
        var state = loss.Save();
        using (no_grad()) subject.Compute(At(2), loss, backward: false);
        Verdict.Same(Numbers.Difference([.. state.Select(b => (double)b)], [.. loss.Save().Select(b => (double)b)], 0), "what it remembers before and after held-out pairs");
        var other = (IStatefulLoss)subject.Make();
        other.Restore(state);
        Verdict.Same(subject.Compute(At(2), loss).Difference(subject.Compute(At(2), other), 0), "the step behind a checkpoint, gone on from it");
        loss.Restore(null);
        Verdict.Same(first.Difference(subject.Compute(At(0), loss), 0), "the first step of a training, after another training by the same object");
    }

    // Methods may change with time; the sizes of numbers should not matter.
    private static IEnumerable<LossCase> Varied(LossSubject subject) =>
        from step in (int[])[0, 1, 50, 99]
        select subject.Case(seed: 30 + step) with { Step = new(step, 100, 50) };

    // What a forward pass says that lacks something the loss reads; null if it lacks nothing.
    private static string? MissingRead(LossSubject subject, LossCase batch, ForwardNeeds given)
    {
        using var scope = NewDisposeScope();
        try
        {
            ((ILoss)subject.Make()).Compute(batch.Batch(CPU), batch.Tensors(ScalarType.Float64, CPU).Forward(given));
            return null;
        }
        catch (InvalidOperationException e) when (e.TargetSite?.DeclaringType == typeof(PairForward))
        {
            return e.Message;
        }
    }

    private static double[] InOrder(double[] rows, int[] order)
    {
        var width = rows.Length / order.Length;
        var result = new double[rows.Length];
        foreach (var (place, row) in order.Index()) rows.AsSpan(place * width, width).CopyTo(result.AsSpan(row * width));
        return result;
    }
}
