using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance;

/// <summary>
/// A batch as plain numbers, so that rows can be moved about: what the model says of each pair, chosen and rejected in turn.
/// </summary>
/// <param name="Examples">The pairs.</param>
/// <param name="Lengths">Response lengths, two a pair.</param>
/// <param name="Rewards">Rewards, two a pair.</param>
/// <param name="LogProbs">Log-probabilities, two a pair.</param>
/// <param name="Reference">Those of the reference model, two a pair.</param>
/// <param name="Features">Hidden states, <see cref="Hidden"/> numbers for each response.</param>
/// <param name="HeadRewards">The head's outputs, all of the chosen response's, then all of the rejected one's.</param>
/// <param name="HeadWeights">The head's weights, a row of <see cref="Hidden"/> numbers for each output; they belong to no pair.</param>
/// <param name="Preferences">Log-probabilities of the replies that either is better, two a pair.</param>
/// <param name="TiePreference">Those of the reply that neither is, one a pair.</param>
/// <param name="LastTurnLengths">Lengths of last turns, two a pair; 0 where a response has one turn.</param>
/// <param name="LastTurns">The log-probabilities of last turns, two a pair.</param>
/// <param name="TokenRewards">Rewards at tokens, <see cref="MostTokens"/> for each response; those beyond its length are of no account.</param>
/// <param name="StepLabels">Labels of steps, <see cref="MostSteps"/> for each response, NaN where it has fewer.</param>
/// <param name="StepRewards">Rewards at their ends; those without a label are of no account.</param>
/// <param name="Step">Where training stands.</param>
internal sealed record LossCase(
    PreferenceExample[] Examples, long[][] Lengths, double[][] Rewards, double[][] LogProbs, double[][] Reference, double[][] Features,
    double[][] HeadRewards, double[][] HeadWeights, double[][] Preferences, double[][] TiePreference,
    long[][] LastTurnLengths, double[][] LastTurns, double[][] TokenRewards, double[][] StepLabels, double[][] StepRewards, TrainingStep Step)
{
    /// <summary>The size of a hidden state.</summary>
    public const int Hidden = 3;

    /// <summary>The tokens of the longest response that has rewards at its tokens.</summary>
    public const int MostTokens = 19;

    /// <summary>The labelled steps of the response that has most of them.</summary>
    public const int MostSteps = 3;

    public int Pairs => Examples.Length;

    /// <summary>What the step has that this batch is a part of; null: this batch is all of it.</summary>
    public StepTotals? StepTotals { get; init; }

    /// <summary>Numbers of the size that training has.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="head">The head that the loss trains.</param>
    /// <param name="seed">Decides the numbers.</param>
    public static LossCase Draw(IEnumerable<PreferenceExample> pairs, RewardHead head, int seed)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        double[] Row(int count, Func<double> number) => [.. Enumerable.Range(0, count).Select(_ => number())];
        PreferenceExample[] examples = [.. pairs];
        var lengths = examples.Select(_ => new long[] { random.Next(1, MostTokens + 1), random.Next(1, MostTokens + 1) }).ToArray();
        var logProbs = lengths.Select(row => row.Select(length => -length * (0.5 + random.NextDouble())).ToArray()).ToArray();
        var rewards = examples.Select(_ => Row(2, Normal)).ToArray();
        var reference = logProbs.Select(row => row.Select(l => Math.Min(-0.1, l + Normal())).ToArray()).ToArray();
        var features = examples.Select(_ => Row(2 * Hidden, Normal)).ToArray();
        var outputs = rewards.Select(row => row.SelectMany(reward => Row(head.Outputs - 1, Normal).Prepend(reward)).ToArray()).ToArray();
        var weights = Enumerable.Range(0, head.Outputs).Select(_ => Normed(Row(Hidden, Normal), head.Norm)).ToArray();
        var preferences = examples.Select(_ => Row(2, () => -0.5 - random.NextDouble())).ToArray();
        var ties = examples.Select(_ => Row(1, () => -1 - random.NextDouble())).ToArray();
        // The first response has a last turn, others have one or not.
        var turns = lengths.Select((row, i) => row.Select(length => i == 0 ? length : random.NextInt64(length + 1)).ToArray()).ToArray();
        var lastTurns = turns.Select(row => row.Select(length => -length * (0.5 + random.NextDouble())).ToArray()).ToArray();
        var tokens = lengths.Select((row, i) => row.SelectMany((length, side) => Row(MostTokens, Normal).Select((r, t) => t == length - 1 ? rewards[i][side] : r)).ToArray()).ToArray();
        // Known and estimated ones, and each side of a first pair has all.
        var labels = examples.Select((_, i) => Row(2 * MostSteps, () => random.Next(i == 0 ? 3 : 4) switch { 0 => 0, 1 => 1, 2 => random.NextDouble(), _ => double.NaN })).ToArray();
        var steps = examples.Select(_ => Row(2 * MostSteps, Normal)).ToArray();
        return new(examples, lengths, rewards, logProbs, reference, features, outputs, weights, preferences, ties, turns, lastTurns, tokens, labels, steps, new(1, 100, 50));
    }

    private static double[] Normed(double[] row, HeadNorm norm)
    {
        if (norm == HeadNorm.None) return row;
        var mean = norm == HeadNorm.CentredUnit ? row.Average() : 0;
        var length = Math.Sqrt(row.Sum(w => (w - mean) * (w - mean)));
        return [.. row.Select(w => (w - mean) / length)];
    }

    /// <summary>Some of the rows, in this order.</summary>
    public LossCase Rows(params int[] rows) => new(
        Of(rows, Examples), Of(rows, Lengths), Of(rows, Rewards), Of(rows, LogProbs), Of(rows, Reference), Of(rows, Features),
        Of(rows, HeadRewards), HeadWeights, Of(rows, Preferences), Of(rows, TiePreference), Of(rows, LastTurnLengths), Of(rows, LastTurns), Of(rows, TokenRewards),
        Of(rows, StepLabels), Of(rows, StepRewards), Step)
    { StepTotals = StepTotals };

    /// <summary>What a step has of which this is the only batch.</summary>
    public StepTotals Totals() => new(Pairs, LastTurnLengths.Sum(row => row.Count(length => length > 0)), LastTurnLengths.Sum(row => row.Sum()))
    {
        StepLabels = StepLabels.Sum(row => row.Count(label => !double.IsNaN(label))),
    };

    /// <summary>The same with first and second response of every tie exchanged.</summary>
    public LossCase WithTiesSwapped()
    {
        T[][] Swap<T>(T[][] rows) => [.. rows.Select((row, i) => Examples[i].Relation == Relation.Tie
            ? [.. row[(row.Length / 2)..], .. row[..(row.Length / 2)]] : row)];
        return new(
            [.. Examples.Select(e => e.Relation == Relation.Tie
                ? e with { Chosen = e.Rejected, Rejected = e.Chosen, SoftLabel = 1 - e.SoftLabel, Rewards = e.Rewards is { } r ? new(r.Rejected, r.Chosen) : null, ChosenSteps = e.RejectedSteps, RejectedSteps = e.ChosenSteps } : e)],
            Swap(Lengths), Swap(Rewards), Swap(LogProbs), Swap(Reference), Swap(Features), Swap(HeadRewards), HeadWeights,
            Swap(Preferences), TiePreference, Swap(LastTurnLengths), Swap(LastTurns), Swap(TokenRewards), Swap(StepLabels), Swap(StepRewards), Step)
        { StepTotals = StepTotals };
    }

    /// <summary>The batch as a loss gets it.</summary>
    public PairBatch Batch(Device device) => new(
        Examples, tensor(Examples.Select(e => e.Relation == Relation.Tie).ToArray(), device: device),
        tensor(Lengths.SelectMany(row => row).ToArray(), device: device).reshape(Pairs, 2), Step,
        tensor(LastTurnLengths.SelectMany(row => row).ToArray(), device: device).reshape(Pairs, 2), StepTotals)
    {
        StepLabels = tensor(StepLabels.SelectMany(row => row).Where(label => !double.IsNaN(label)).ToArray(), dtype: ScalarType.Float64, device: device),
        StepCounts = tensor(StepLabels.SelectMany(row => row.Chunk(MostSteps)).Select(side => (long)side.Count(label => !double.IsNaN(label))).ToArray(), device: device).reshape(Pairs, 2),
    };

    /// <summary>The tensors of a forward pass.</summary>
    /// <param name="type">Their element type.</param>
    /// <param name="device">Where they lie.</param>
    /// <param name="framed">Whether they are cut out of larger tensors of NaN, so that they lie in memory with gaps.</param>
    public Leaves Tensors(ScalarType type, Device device, bool framed = false) => new(
        Leaf(Rewards, [Pairs, 2], type, device, framed), Leaf(LogProbs, [Pairs, 2], type, device, framed),
        Leaf(Reference, [Pairs, 2], type, device, framed, gradient: false), Leaf(Features, [Pairs, 2, Hidden], type, device, framed),
        Leaf(HeadRewards, [Pairs, 2, HeadWeights.Length], type, device, framed), Leaf(HeadWeights, [HeadWeights.Length, Hidden], type, device, framed),
        Leaf(Preferences, [Pairs, 2], type, device, framed), Leaf(TiePreference, [Pairs], type, device, framed),
        Leaf(LastTurns, [Pairs, 2], type, device, framed), Leaf(TokenRewards, [Pairs, 2, MostTokens], type, device, framed), Tokens(device),
        Leaf(StepRewards, [Pairs, 2, MostSteps], type, device, framed),
        tensor(StepLabels.SelectMany(row => row).Select(label => !double.IsNaN(label)).ToArray(), device: device).reshape(Pairs, 2, MostSteps));

    // Which of a response's places are tokens.
    private Tensor Tokens(Device device) => arange(MostTokens, device: device).lt(
        tensor(Lengths.SelectMany(row => row).ToArray(), device: device).reshape(Pairs, 2, 1));

    private static Tensor Leaf(double[][] rows, long[] shape, ScalarType type, Device device, bool framed, bool gradient = true)
    {
        var values = tensor(rows.SelectMany(row => row).ToArray(), dtype: type, device: device).reshape(shape);
        if (framed)
        {
            var frame = full([.. shape.Select(size => size + 2)], double.NaN, dtype: type, device: device);
            values = shape.Index().Aggregate(frame, (part, d) => part.narrow(d.Index, 1, d.Item)).copy_(values);
        }
        return values.requires_grad_(gradient);
    }

    private static T[] Of<T>(int[] rows, T[] all) => [.. rows.Select(row => all[row])];
}

/// <summary>The tensors of a forward pass, each a leaf.</summary>
/// <param name="Rewards">Rewards, with gradient.</param>
/// <param name="LogProbs">Log-probabilities, with gradient.</param>
/// <param name="Reference">Those of the reference model, without gradient.</param>
/// <param name="Features">Hidden states, with gradient.</param>
/// <param name="HeadRewards">The head's outputs, with gradient.</param>
/// <param name="HeadWeights">The head's weights, with gradient.</param>
/// <param name="Preferences">Replies that either response is better, with gradient.</param>
/// <param name="TiePreference">The reply that neither is, with gradient.</param>
/// <param name="LastTurns">Log-probabilities of last turns, with gradient.</param>
/// <param name="TokenRewards">Rewards at the places of responses, with gradient.</param>
/// <param name="Tokens">Which of the places are tokens.</param>
/// <param name="StepRewards">Rewards at the ends of steps, with gradient.</param>
/// <param name="Steps">Which of them have a label.</param>
internal sealed record Leaves(
    Tensor Rewards, Tensor LogProbs, Tensor Reference, Tensor Features, Tensor HeadRewards, Tensor HeadWeights, Tensor Preferences, Tensor TiePreference,
    Tensor LastTurns, Tensor TokenRewards, Tensor Tokens, Tensor StepRewards, Tensor Steps)
{
    /// <summary>A forward pass with what is asked for, and nothing else.</summary>
    public PairForward Forward(ForwardNeeds needs) => new()
    {
        Rewards = needs.HasFlag(ForwardNeeds.Rewards) ? Rewards : null!,
        ResponseLogProbs = needs.HasFlag(ForwardNeeds.ResponseLogProbs) ? LogProbs : null!,
        ReferenceLogProbs = needs.HasFlag(ForwardNeeds.ReferenceLogProbs) ? Reference : null!,
        Features = needs.HasFlag(ForwardNeeds.Features) ? Features : null!,
        HeadRewards = needs.HasFlag(ForwardNeeds.Heads) ? HeadRewards : null!,
        HeadWeights = needs.HasFlag(ForwardNeeds.Heads) ? HeadWeights : null!,
        Preferences = needs.HasFlag(ForwardNeeds.Preferences) ? Preferences : null!,
        TiePreference = needs.HasFlag(ForwardNeeds.TiePreference) ? TiePreference : null!,
        LastTurnLogProbs = needs.HasFlag(ForwardNeeds.LastTurnLogProbs) ? LastTurns : null!,
        TokenRewards = needs.HasFlag(ForwardNeeds.TokenRewards) ? TokenRewards.masked_select(Tokens) : null!,
        StepRewards = needs.HasFlag(ForwardNeeds.StepRewards) ? StepRewards.masked_select(Steps) : null!,
    };
}
