using System.Diagnostics;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>The training loop: data → batch → forward → loss → backward → clip → step → log.</summary>
public static class Trainer
{
    /// <summary>Trains a model in place.</summary>
    /// <param name="model">The model, with the head that <see cref="ILoss.Head"/> asks for.</param>
    /// <param name="loss">The method.</param>
    /// <param name="examples">The training pairs, augmented already.</param>
    /// <param name="encoder">Turns text into the model's tokens.</param>
    /// <param name="options">The settings.</param>
    /// <param name="seed">Decides the order of the data, and what dropout leaves out.</param>
    /// <param name="context">Who watches, and what stops it.</param>
    /// <returns>One row a step, and what was truncated.</returns>
    /// <exception cref="RewardKitException">No examples, or a loss that is no longer a finite number.</exception>
    public static TrainingLog Train(
        RewardModel model, ILoss loss, IReadOnlyList<PreferenceExample> examples, PairEncoder encoder,
        TrainingOptions options, int seed, TrainingContext? context = null)
    {
        context ??= new();
        if (examples.Count == 0)
            throw RewardKitException.Input("There is nothing to train on: the training data has no usable pair.");
        using var scope = torch.NewDisposeScope();
        // Dropout draws from torch's generators.
        torch.manual_seed(seed);
        var pairs = PairBatcher.Encode(examples, encoder);
        var needs = loss.Needs;
        var references = needs.HasFlag(ForwardNeeds.ReferenceLogProbs)
            ? ReferenceLogProbs(model, pairs, options, context)
            : null;

        var stepsPerEpoch = (pairs.Length + options.BatchSize - 1) / options.BatchSize;
        var totalSteps = stepsPerEpoch * options.Epochs;
        var rate = LearningRate.Of(options, totalSteps);
        using var optimizer = FusedAdamW.Over(
            model.named_parameters(), options.WeightDecay, options.Beta1, options.Beta2, options.Epsilon);

        var log = new List<StepLog>(totalSteps);
        var clock = Stopwatch.StartNew();
        var done = 0L;
        var tokens = 0L;
        model.train();
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            foreach (var indices in PairBatcher.Epoch(pairs.Length, options.BatchSize, seed, epoch))
            {
                context.Cancellation.ThrowIfCancellationRequested();
                using var stepScope = torch.NewDisposeScope();
                var step = new TrainingStep(log.Count, totalSteps, stepsPerEpoch);
                var metrics = new MeanMetrics();
                var rewards = new StepRewards();

                // One optimiser step may be accumulated from several forward and backward passes. Their shares are known
                // beforehand, so that the sum is the loss of the whole batch.
                var micro = indices.Chunk(options.MicroBatchSize ?? indices.Length)
                    .Select(chunk => (Indices: chunk, Batch: PairBatcher.Rows([.. chunk.Select(i => pairs[i])], step, model.Device)))
                    .ToArray();
                var totalWeight = micro.Sum(m => loss.Weight(m.Batch));
                foreach (var (chunk, batch) in micro)
                {
                    using var microScope = torch.NewDisposeScope();
                    var forward = Forward(model, [.. chunk.Select(i => pairs[i])], needs, Rows(references, chunk));
                    var result = loss.Compute(batch, forward);
                    var share = totalWeight > 0 ? loss.Weight(batch) / totalWeight : 0;
                    metrics.Add("loss", result.Loss, share);
                    foreach (var (name, value) in result.Metrics) metrics.Add(name, value, share);
                    if (needs.HasFlag(ForwardNeeds.Rewards)) rewards.Add(forward.Rewards, batch);
                    (result.Loss * share).backward();
                }

                var lossValue = metrics["loss"];
                var gradNorm = optimizer.GradientNorm();
                if (!double.IsFinite(lossValue + gradNorm)) throw Diverged(lossValue, gradNorm, step, [.. indices.Select(i => pairs[i])]);
                var learningRate = rate.At(step.Step);
                optimizer.Step(learningRate, gradScale: Math.Min(1, options.MaxGradNorm / (gradNorm + 1e-6)));
                optimizer.ZeroGrad();

                log.Add(new StepLog(step.Step + 1, learningRate, gradNorm, metrics.Means));
                done += indices.Length;
                tokens += indices.Sum(i => (long)pairs[i].Tokens);
                context.Progress?.Report(new("train", done, (long)pairs.Length * options.Epochs, "pairs", new(
                    log[^1], (double)log.Count / stepsPerEpoch, rewards.Summary(), done, tokens, clock.Elapsed.TotalSeconds)));
            }
        }
        model.eval();
        return new TrainingLog(
            log, pairs.Count(p => p.Prompt.Truncated),
            pairs.Sum(p => (p.Chosen.Truncated ? 1 : 0) + (p.Rejected.Truncated ? 1 : 0)), clock.Elapsed.TotalSeconds);
    }

    private static torch.Tensor? Rows(torch.Tensor? references, int[] indices) =>
        references?.index_select(0, torch.tensor(indices.Select(i => (long)i).ToArray(), device: references.device));

    /// <summary>One forward pass over pairs, in the form that losses see. Row i is pair i.</summary>
    internal static PairForward Forward(
        RewardModel model, IReadOnlyList<TokenPair> pairs, ForwardNeeds needs, torch.Tensor? references)
    {
        var output = model.Forward(PairBatcher.Pack(pairs, model.Device), needs);
        return new PairForward
        {
            Rewards = output.Rewards?.view(pairs.Count, 2)!,
            ResponseLogProbs = output.ResponseLogProbs?.view(pairs.Count, 2)!,
            Features = output.Features?.view(pairs.Count, 2, -1)!,
            ReferenceLogProbs = references!,
        };
    }

    // Before the first step the model is the frozen starting checkpoint: one pass now, and no second copy of the weights
    // nor a second pass at every step.
    private static torch.Tensor ReferenceLogProbs(
        RewardModel model, TokenPair[] pairs, TrainingOptions options, TrainingContext context)
    {
        using var noGrad = torch.no_grad();
        model.eval();
        var rows = new List<torch.Tensor>();
        var done = 0;
        foreach (var chunk in pairs.Chunk(options.MicroBatchSize ?? options.BatchSize))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            rows.Add(torch.WrappedTensorDisposeScope(
                () => Forward(model, chunk, ForwardNeeds.ResponseLogProbs, null).ResponseLogProbs.detach().clone()));
            context.Progress?.Report(new("reference", done += chunk.Length, pairs.Length, "pairs"));
        }
        return torch.cat(rows.ToArray());
    }

    private static RewardKitException Diverged(double loss, double gradNorm, TrainingStep step, IReadOnlyList<TokenPair> pairs) =>
        RewardKitException.Failure(
            $"The loss is {loss} and its gradient's norm {gradNorm} at step {step.Step + 1} of {step.TotalSteps}; the run stops before its weights are spoilt. "
            + "A lower learning rate, more warm-up or a smaller maximum gradient norm usually helps. The batch: "
            + string.Join(", ", pairs.Select(p => p.Example.Id)) + ".");
}
