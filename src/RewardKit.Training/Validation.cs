using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>What a model did on held-out pairs while it was trained.</summary>
/// <param name="Metrics">
/// Under <c>eval/NAME</c>: the loss and its own metrics as weighted means, and of the rewards accuracy, margin and mean.
/// </param>
/// <param name="Samples">The rewards of a few pairs, the same each time.</param>
public sealed record ValidationReport(IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<ValidationSample> Samples);

/// <summary>A held-out pair with the rewards that it had.</summary>
/// <param name="Id">The pair.</param>
/// <param name="Chosen">The reward of its chosen response.</param>
/// <param name="Rejected">The reward of its rejected response.</param>
public sealed record ValidationSample(string Id, double Chosen, double Rejected);

/// <summary>Held-out pairs that a model is tried on while it is trained. It draws no random number and changes no weight.</summary>
internal sealed class Validation
{
    private const int Samples = 8;
    private readonly RewardModel _model;
    private readonly ILoss _loss;
    private readonly TrainingOptions _options;
    private readonly PassSize _pass;
    private readonly DataParallel _parallel;
    private readonly EncodedPairs _pairs;
    private readonly StepTotals _totals;
    private readonly torch.Tensor? _references;

    /// <summary>To be made before the first step: reference log-probabilities are those of the untrained model.</summary>
    public Validation(RewardModel model, ILoss loss, PairEncoder encoder, TrainingOptions options, PassSize pass, DataParallel parallel, TrainingContext context)
    {
        (_model, _loss, _options, _pass, _parallel) = (model, loss, options, pass, parallel);
        _pairs = new(context.Validation ?? [], encoder, loss.Needs);
        _totals = _pairs.Totals(Enumerable.Range(0, _pairs.Count));
        if (_pairs.Count > 0 && loss.Needs.HasFlag(ForwardNeeds.ReferenceLogProbs))
            _references = Trainer.ReferenceLogProbs("validation", model, _pairs, options, pass, parallel, context);
    }

    /// <summary>Whether it is time: every so many steps, or at the end of each epoch, and at the end.</summary>
    public bool IsDue(int steps, int stepsPerEpoch, int totalSteps) =>
        _pairs.Count > 0 && (steps == totalSteps || steps % (_options.ValidateEvery ?? stepsPerEpoch) == 0);

    /// <summary>Tries the model as it is.</summary>
    public ValidationReport Run(TrainingStep step)
    {
        using var noGrad = torch.no_grad();
        _model.eval();
        var (means, rewards) = _parallel.Gather(_pass.Fit(() => Measure(step)));
        _model.train();
        var metrics = means.Means.ToDictionary(m => $"eval/{m.Key}", m => m.Value);
        if (rewards.Summary() is { } summary)
        {
            if (summary.Accuracy is { } accuracy) metrics["eval/accuracy"] = accuracy;
            if (summary.Margin is { } margin) metrics["eval/margin"] = margin;
            metrics["eval/mean_reward"] = summary.Mean;
        }
        return new(metrics,
        [
            .. _pairs.Take(Samples).Index().Where(p => rewards.Of(p.Index) is not null)
                .Select(p => new ValidationSample(p.Item.Example.Id, rewards.Of(p.Index)!.Value.Chosen, rewards.Of(p.Index)!.Value.Rejected)),
        ]);
    }

    private (MeanMetrics, StepRewards) Measure(TrainingStep step)
    {
        var (metrics, rewards) = (new MeanMetrics(), new StepRewards());
        var (from, to) = _parallel.Stretch(_pairs.Count);
        foreach (var chunk in _pass.Split(Enumerable.Range(from, to - from), _pairs.Tokens))
        {
            using var scope = torch.NewDisposeScope();
            var rows = _pairs.At(chunk);
            var batch = PairBatcher.Rows(rows, step, _totals, _model.Device);
            // A pairwise model is shown each pair in both orders, as when it scores.
            var pairwise = _loss.Needs.HasFlag(ForwardNeeds.Preferences);
            var passes = ((bool[])(pairwise ? [true, false] : [true])).Select(chosenFirst => Trainer.Forward(
                _model, rows, _loss.Needs, _options.Precision, _references?.narrow(0, chunk[0], rows.Length), _ => chosenFirst)).ToArray();
            foreach (var forward in passes)
            {
                var result = _loss.Compute(batch, forward);
                var weight = _loss.Weight(batch);
                metrics.Add("loss", result.Loss, weight);
                foreach (var (name, value) in result.Metrics) metrics.Add(name, value, weight);
            }
            if (_loss.Needs.HasFlag(ForwardNeeds.Rewards)) rewards.Add(passes[0].Rewards, batch);
            if (pairwise) rewards.Add(PairTexts.Scores(passes[0], passes[1]), batch);
        }
        return (metrics, rewards);
    }
}
