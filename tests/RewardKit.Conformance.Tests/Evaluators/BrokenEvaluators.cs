using TorchSharp;

namespace RewardKit.Conformance.Tests.Evaluators;

/// <summary>The share of preferences in their right order, which keeps every rule; what follows breaks one each.</summary>
internal class SoundEvaluator : IEvaluator
{
    public virtual EvaluatorNeeds Needs => EvaluatorNeeds.None;

    public virtual Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = Judged(context.Pairs).ToArray();
        if (pairs.Length == 0) return Task.FromResult(Empty());
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        double[] credits = [.. scores.Select(Credit)];
        var metrics = new Dictionary<string, Measurement> { ["accuracy"] = Accuracy(credits, scores) };
        Add(metrics, credits, scores);
        return Task.FromResult(new EvaluationReport(metrics, [.. pairs.Zip(scores, Sample)]));
    }

    protected virtual IEnumerable<PreferenceExample> Judged(IReadOnlyList<PreferenceExample> pairs) => pairs.Where(p => p.Relation == Relation.Preferred);

    protected virtual EvaluationReport Empty() => throw RewardKitException.Input("There is no preference to judge by.");

    protected virtual double Credit(PairScore score, int place) => score.Margin > 0 ? 1 : score.Margin == 0 ? 0.5 : 0;

    protected virtual Measurement Accuracy(double[] credits, IReadOnlyList<PairScore> scores) => new(credits.Average(), credits, Chance: 0.5);

    protected virtual void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores)
    {
    }

    protected virtual EvaluationSample Sample(PreferenceExample pair, PairScore score) => new(pair, score);
}

internal sealed class ZeroIsMissing : SoundEvaluator
{
    protected override double Credit(PairScore score, int place) => score.Rejected == 0 ? 0 : base.Credit(score, place);
}

internal sealed class ZeroIsRight : SoundEvaluator
{
    protected override double Credit(PairScore score, int place) => score.Chosen == 0 ? 1 : base.Credit(score, place);
}

internal sealed class EqualByPlace : SoundEvaluator
{
    protected override double Credit(PairScore score, int place) => score.Margin == 0 ? place % 3 / 2 : base.Credit(score, place);
}

internal sealed class WantsClearWins : SoundEvaluator
{
    protected override double Credit(PairScore score, int place) => score.Margin is > 0 and < 0.2 ? 0 : base.Credit(score, place);
}

internal sealed class FirstPair : SoundEvaluator
{
    protected override void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores) =>
        metrics["first"] = new(scores[0].Margin);
}

internal sealed class Normalised : SoundEvaluator
{
    protected override void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores)
    {
        var largest = scores.Max(s => Math.Abs(s.Margin));
        double[] margins = [.. scores.Select(s => largest == 0 ? 0 : s.Margin / largest)];
        metrics["margin"] = new(margins.Average(), margins);
    }
}

internal sealed class Capped : SoundEvaluator
{
    protected override IEnumerable<PreferenceExample> Judged(IReadOnlyList<PreferenceExample> pairs) => base.Judged(pairs).Take(1000);
}

internal sealed class OtherItems : SoundEvaluator
{
    protected override Measurement Accuracy(double[] credits, IReadOnlyList<PairScore> scores) =>
        new(credits.Average(), [.. credits.Select(credit => 1 - credit)], Chance: 0.5);
}

internal sealed class MeanOfNothing : SoundEvaluator
{
    protected override EvaluationReport Empty() => new(new Dictionary<string, Measurement> { ["accuracy"] = new(double.NaN, [], 0.5) }, []);
}

internal sealed class SwapsSamples : SoundEvaluator
{
    protected override EvaluationSample Sample(PreferenceExample pair, PairScore score) => new(pair, new(score.Rejected, score.Chosen));
}

internal sealed class NoChance : SoundEvaluator
{
    protected override Measurement Accuracy(double[] credits, IReadOnlyList<PairScore> scores) => new(credits.Average(), credits);
}

internal sealed class Bootstrap : SoundEvaluator
{
    protected override void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores) =>
        metrics["spread"] = new(1e-11 * Random.Shared.NextDouble());
}

internal sealed class IgnoresItsToken : SoundEvaluator
{
    public override Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) =>
        base.EvaluateAsync(context, CancellationToken.None);
}

internal sealed class RunningMean : SoundEvaluator
{
    private readonly List<double> _all = [];

    protected override void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores)
    {
        _all.AddRange(credits);
        metrics["accuracy.so.far"] = new(_all.Average());
    }
}

internal sealed class LeavesTensor : SoundEvaluator
{
    protected override void Add(Dictionary<string, Measurement> metrics, double[] credits, IReadOnlyList<PairScore> scores) =>
        metrics["sum"] = new(torch.tensor(credits).DetachFromDisposeScope().numel() == 0 ? 1 : 0);
}

/// <summary>Judges by the rewards of rewritten prompts, which it needs a generator for.</summary>
internal class SoundJudge : SoundEvaluator
{
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Generator;

    public override async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        await context.Generator.GenerateAsync([.. context.Pairs.Select(pair => new TextRequest(pair.Prompt, new()))], cancellation);
        return await base.EvaluateAsync(context, cancellation);
    }
}

internal sealed class ReadsGenerator : SoundJudge
{
    public override EvaluatorNeeds Needs => EvaluatorNeeds.None;
}

internal sealed class NeedsForNothing : SoundEvaluator
{
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Generator;
}

internal sealed class AsksForRewards : SoundEvaluator
{
    public override Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        context.Scorer.Score([.. context.Pairs.Select(pair => new ScoreRequest(pair.Prompt, pair.Chosen))], cancellation);
        return base.EvaluateAsync(context, cancellation);
    }
}

/// <summary>The share of prompts that the model answers with a word that stands in the prompt, and keeps every rule.</summary>
internal class SoundReader : IEvaluator
{
    public virtual EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

    public virtual async Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        if (context.Pairs.Count == 0) throw RewardKitException.Input("There is nothing to answer.");
        var replies = await context.Writer.GenerateAsync([.. context.Pairs.Select(pair => new TextRequest(pair.Prompt, new() { Temperature = 0 }))], cancellation);
        double[] credits = [.. context.Pairs.Zip(replies, (pair, reply) => Credit(pair.Prompt.LastContent.Contains(reply.Text, StringComparison.Ordinal)))];
        return new(new Dictionary<string, Measurement> { ["accuracy"] = new(credits.Average(), credits, Chance: 0) }, []);
    }

    protected virtual double Credit(bool right) => right ? 1 : 0;
}

internal sealed class HardToPlease : SoundReader
{
    protected override double Credit(bool right) => right ? 0.9 : 0;
}

internal sealed class KindToAll : SoundReader
{
    protected override double Credit(bool right) => right ? 1 : 0.1;
}

internal sealed class ReadsWriter : SoundReader
{
    public override EvaluatorNeeds Needs => EvaluatorNeeds.None;
}

internal sealed class AsksTheScorerToo : SoundReader
{
    public override Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        context.Scorer.ScorePairs(context.Pairs, cancellation);
        return base.EvaluateAsync(context, cancellation);
    }
}

internal sealed class NeedsWriterForNothing : SoundEvaluator
{
    public override EvaluatorNeeds Needs => EvaluatorNeeds.Writer | EvaluatorNeeds.Rewards;
}
