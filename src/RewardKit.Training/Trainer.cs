using System.Diagnostics;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>The training loop: data → batch → forward → loss → backward → clip → step → log → checkpoint.</summary>
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
    /// <exception cref="RewardKitException">No examples, a loss that is no longer a finite number, or a checkpoint that cannot be written.</exception>
    /// <exception cref="TrainingStoppedException">It was stopped, and left a checkpoint.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, and left none.</exception>
    public static TrainingLog Train(
        RewardModel model, ILoss loss, IReadOnlyList<PreferenceExample> examples, PairEncoder encoder,
        TrainingOptions options, int seed, TrainingContext? context = null)
    {
        context ??= new();
        if (examples.Count == 0)
            throw RewardKitException.Input("There is nothing to train on: the training data has no usable pair.");
        if (examples.FirstOrDefault(example => !Data.PromptRecords.HasResponses(example)) is { } alone)
            throw RewardKitException.Input(
                $"There is nothing to train on in {alone.Id}: it is a prompt without responses. Prompts alone are for augmenters that have them answered, as Augment.cream; "
                + "put one into the arm, or train on pairs.");
        var stateful = loss as IStatefulLoss;
        using var scope = torch.NewDisposeScope();
        // Dropout draws from torch's generators.
        torch.manual_seed(seed);
        var needs = loss.Needs;
        PairTexts.Check(model, encoder, needs);
        var pairs = new EncodedPairs(examples, encoder, needs, options.TooLong);
        var pass = new PassSize(options, loss, model.Device, context);
        using var parallel = new DataParallel(context.Group, seed);
        parallel.Start(model, pairs, context.Checkpoints);
        var references = needs.HasFlag(ForwardNeeds.ReferenceLogProbs) ? ReferenceLogProbs("train", model, pairs, options, pass, parallel, context) : null;
        var validation = new Validation(model, loss, encoder, options, pass, parallel, context);

        var stepsPerEpoch = (pairs.Count + options.BatchSize - 1) / options.BatchSize;
        var totalSteps = Math.Min(stepsPerEpoch * options.Epochs, options.MaxSteps ?? int.MaxValue);
        var totalPairs = Enumerable.Range(0, totalSteps).Sum(s => (long)PairBatcher.BatchSize(pairs.Count, options.BatchSize, s % stepsPerEpoch));
        var rate = LearningRate.Of(options, totalSteps);
        using var trained = TrainedParameters.Of(model, options);
        var optimizer = trained.Optimizer;

        // A run that was stopped goes on as if it had not been.
        var saved = context.Checkpoints?.Restore(model, optimizer, model.Device, context.Notice);
        stateful?.Restore(saved?.Loss);
        var log = new List<StepLog>(saved?.Log ?? []);
        var done = saved?.Pairs ?? 0;
        var tokens = saved?.Tokens ?? 0;
        if (saved is not null) (pass.Pairs, pass.Tokens) = (saved.MicroBatchSize, saved.MicroBatchTokens);
        var clock = Stopwatch.StartNew();
        if (saved is not null)
        {
            context.Notice?.Invoke(FormattableString.Invariant($"Goes on from step {log.Count} of {totalSteps}."));
            Report("resume", null, null);
        }
        parallel.SumGradientsOf(model);
        model.train();
        for (var epoch = log.Count / stepsPerEpoch; epoch < options.Epochs; epoch++)
        {
            foreach (var indices in PairBatcher.Epoch(pairs.Count, options.BatchSize, seed, epoch).Skip(log.Count % stepsPerEpoch))
            {
                if (parallel.MustStop(context.Cancellation)) throw Stopped();
                if (log.Count == totalSteps) break;
                using var stepScope = torch.NewDisposeScope();
                var step = new TrainingStep(log.Count, totalSteps, stepsPerEpoch);
                // Each process has a share of the batch; together they take one step.
                var shares = parallel.Deal(indices, i => pairs.Tokens(i));
                var mine = shares[parallel.Rank];
                var totals = pairs.Totals(indices);
                var totalWeight = parallel.BeginStep(step.Step, Weight(mine, step, totals));
                var numbers = pass.Fit(() => Accumulate(pass.Split(mine, pairs.Tokens), step, totals, totalWeight));
                parallel.FinishGradients();
                var (metrics, rewards) = parallel.Gather(numbers);

                var lossValue = metrics["loss"];
                var gradNorm = optimizer.GradientNorm();
                if (!double.IsFinite(lossValue + gradNorm))
                    throw Diverged(lossValue, gradNorm, step, [.. shares.SelectMany(share => share).Select(i => pairs[i].Example)], rewards, context);
                var learningRate = rate.At(step.Step);
                optimizer.Step(learningRate, gradScale: Math.Min(1, options.MaxGradNorm / (gradNorm + 1e-6)));

                var tried = validation.IsDue(step.Step + 1, stepsPerEpoch, totalSteps) ? validation.Run(step) : null;
                log.Add(new StepLog(step.Step + 1, learningRate, gradNorm, tried is null ? metrics.Means : metrics.Means.Concat(tried.Metrics).ToDictionary()));
                done += indices.Length;
                tokens += indices.Sum(i => (long)pairs.Tokens(i));
                Report("train", rewards.Summary(), tried);
                if (IsDue(tried is not null)) Save();
            }
        }
        model.eval();
        var kept = context.Checkpoints?.TakeBest(model, log);
        if (kept is not null) context.Notice?.Invoke(FormattableString.Invariant($"Leaves the model of step {kept} of {totalSteps}, the best on the validation pairs."));
        return new TrainingLog(
            log, pairs.TruncatedPrompts, pairs.TruncatedResponses, Seconds())
        {
            DroppedPairs = examples.Count - pairs.Count,
            KeptStep = kept,
        };

        // One optimiser step may be accumulated from several forward and backward passes. Their shares are known beforehand,
        // so that the sum is the loss of the whole batch.
        (MeanMetrics, StepRewards) Accumulate(IEnumerable<int[]> chunks, TrainingStep step, StepTotals totals, double totalWeight)
        {
            using var stepScope = torch.NewDisposeScope();
            var (metrics, rewards) = (new MeanMetrics(), new StepRewards());
            var parts = chunks.Select(chunk => (Indices: chunk, Pairs: pairs.At(chunk))).Select(part => (part.Indices, part.Pairs, Batch: PairBatcher.Rows(part.Pairs, step, totals, model.Device))).ToArray();
            optimizer.ZeroGrad();
            foreach (var (place, (chunk, rows, batch)) in parts.Index())
            {
                using var passScope = torch.NewDisposeScope();
                var forward = Forward(
                    model, rows, needs, options.Precision, Rows(references, chunk), i => PairTexts.ChosenFirst(seed, step.Step, chunk[i]));
                var result = loss.Compute(batch, forward);
                var share = totalWeight > 0 ? loss.Weight(batch) / totalWeight : 0;
                metrics.Add("loss", result.Loss, share);
                foreach (var (name, value) in result.Metrics) metrics.Add(name, value, share);
                if (needs.HasFlag(ForwardNeeds.Rewards)) rewards.Add(forward.Rewards, batch);
                if (needs.HasFlag(ForwardNeeds.Preferences)) rewards.Add(PairTexts.Scores(forward), batch);
                parallel.Backward(result.Loss * share, last: place == parts.Length - 1);
            }
            return (metrics, rewards);
        }

        double Weight(int[] rows, TrainingStep step, StepTotals totals) =>
            rows.Length == 0 ? 0 : loss.Weight(PairBatcher.Rows(pairs.At(rows), step, totals, model.Device));

        double Seconds() => (saved?.Seconds ?? 0) + clock.Elapsed.TotalSeconds;

        void Report(string stage, RewardSummary? rewards, ValidationReport? tried) => context.Progress?.Report(new(
            stage, done, totalPairs, "pairs",
            new(log[^1], (double)log.Count / stepsPerEpoch, rewards, done, tokens, Seconds(), tried)));

        // The last step's is for choosing the best alone: what comes next is the model itself.
        bool IsDue(bool validated) => context.Checkpoints?.IsDue(log.Count, validated) == true && (log.Count < totalSteps || options.Keep != KeepModel.Last);

        void Save() => context.Checkpoints?.Save(
            new()
            {
                Log = log,
                Pairs = done,
                Tokens = tokens,
                Seconds = Seconds(),
                MicroBatchSize = pass.Pairs,
                MicroBatchTokens = pass.Tokens,
                Generators = Generators.Get(model.Device),
                Loss = stateful?.Save(),
            },
            model, optimizer);

        OperationCanceledException Stopped()
        {
            if (log.Count == 0 || context.Checkpoints is null) return new(context.Cancellation);
            Save();
            return new TrainingStoppedException(log.Count, totalSteps, context.Cancellation);
        }
    }

    private static torch.Tensor? Rows(torch.Tensor? references, int[] indices) =>
        references?.index_select(0, torch.tensor(indices.Select(i => (long)i).ToArray(), device: references.device));

    /// <summary>
    /// One forward pass over pairs, in the form that losses see. Row i is pair i; a pairwise model is shown its chosen response
    /// first where <paramref name="chosenFirst"/> says so.
    /// </summary>
    internal static PairForward Forward(
        RewardModel model, IReadOnlyList<TokenPair> pairs, ForwardNeeds needs, Precision precision, torch.Tensor? references, Func<int, bool> chosenFirst)
    {
        using var autocast = precision == Precision.BFloat16 ? Autocast.Enable(model.Device.type) : null;
        if (needs.HasFlag(ForwardNeeds.Preferences)) return PairTexts.Forward(model, pairs, needs, chosenFirst);
        var packed = PairBatcher.Pack(pairs, model.Device);
        var output = model.Forward(packed.Batch, needs);
        var tokenRewards = packed.ByToken(output.TokenRewards);
        return new PairForward
        {
            Rewards = packed.ByPair(output.Rewards)!,
            ResponseLogProbs = packed.ByPair(output.ResponseLogProbs)!,
            Features = packed.ByPair(output.Features)!,
            HeadRewards = packed.ByPair(output.HeadRewards)!,
            HeadWeights = output.HeadWeights!,
            ReferenceLogProbs = references!,
            LastTurnLogProbs = packed.ByPair(output.LastTurnLogProbs)!,
            TokenRewards = needs.HasFlag(ForwardNeeds.TokenRewards) ? tokenRewards! : null!,
            StepRewards = needs.HasFlag(ForwardNeeds.StepRewards)
                ? tokenRewards!.index_select(0, torch.tensor(PairBatcher.LabelledTokens(pairs), device: tokenRewards.device)) : null!,
        };
    }

    // Before the first step the model is the frozen starting checkpoint: one pass now, and no second copy of the weights
    // nor a second pass at every step.
    internal static torch.Tensor ReferenceLogProbs(
        string part, RewardModel model, EncodedPairs pairs, TrainingOptions options, PassSize pass, DataParallel parallel, TrainingContext context) =>
        context.Checkpoints is { } kept
            ? kept.References(part, model.Device, () => ComputeReferenceLogProbs(model, pairs, options, pass, parallel, context))
            : ComputeReferenceLogProbs(model, pairs, options, pass, parallel, context);

    private static torch.Tensor ComputeReferenceLogProbs(
        RewardModel model, EncodedPairs pairs, TrainingOptions options, PassSize pass, DataParallel parallel, TrainingContext context)
    {
        using var noGrad = torch.no_grad();
        model.eval();
        var rows = new List<torch.Tensor>();
        var (from, to) = parallel.Stretch(pairs.Count);
        for (var done = from; done < to;)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            rows.Add(pass.Fit(() => KnownLogProbs.Of(
                pairs.At(pass.Split(Enumerable.Range(done, to - done), pairs.Tokens).First()), options.Precision, model.Device, context,
                part => torch.WrappedTensorDisposeScope(() => Forward(
                    model, part, ForwardNeeds.ResponseLogProbs, options.Precision, null, _ => true).ResponseLogProbs.clone()))));
            done += (int)rows[^1].shape[0];
            context.Progress?.Report(new("reference", done - from, to - from, "pairs"));
        }
        return parallel.Join(rows.Count == 0 ? null : torch.cat(rows.ToArray()), pairs.Count, 2, model.Device);
    }

    private static RewardKitException Diverged(
        double loss, double gradNorm, TrainingStep step, IReadOnlyList<PreferenceExample> batch, StepRewards rewards, TrainingContext context)
    {
        var pairs = context.Folder is { } folder
            ? $"The pairs of the batch with their rewards are in {DivergedBatch.Save(folder, step.Step + 1, batch, rewards)}."
            : $"The pairs of the batch: {string.Join(", ", batch.Select(e => e.Id))}.";
        return RewardKitException.Failure(
            $"The loss is {loss} and its gradient's norm {gradNorm} at step {step.Step + 1} of {step.TotalSteps}; the run stops before its weights are spoilt. "
            + $"A lower learning rate, more warm-up or a smaller maximum gradient norm usually helps. {pairs}");
    }
}
