using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Experiments;

/// <summary>Has an experiment's evaluators judge a trained model: after its training, or later as it lies in a folder.</summary>
/// <param name="spec">The experiment.</param>
/// <param name="data">Its pairs.</param>
/// <param name="methods">Where evaluators and composers come from.</param>
/// <param name="generator">What writes text for them.</param>
/// <param name="language">The language models that they ask.</param>
/// <param name="cancellation">Stops between batches.</param>
internal sealed class Judge(
    ExperimentSpec spec, ExperimentData data, MethodSource methods, ExperimentGenerator generator, LanguageModels language, CancellationToken cancellation)
{
    // The same for every run: an evaluator that draws items draws the same ones for all, and they can be compared.
    private const int Seed = 0;

    /// <summary>Whether the model that training starts from is known, so that a composer can compare with it.</summary>
    public bool KnowsStart { get; init; } = true;

    /// <summary>Has all evaluators look at a model.</summary>
    /// <param name="arm">Its arm; null for a trivial baseline.</param>
    /// <param name="trainedAs">What identifies the model, under which its texts are kept.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="trained">The model.</param>
    /// <param name="meter">Counts what is generated.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    public (IReadOnlyDictionary<string, Measurement> Measurements, IReadOnlyDictionary<string, IReadOnlyList<EvaluationSample>> Samples)
        Evaluate(ArmSpec? arm, string trainedAs, int seed, IScorer trained, GenerationMeter meter, Action<string> notice)
    {
        using var writer = generator.Judges ? generator.Open(null, meter, notice) : null;
        using var critic = arm is null ? null : OpenToScore(arm, meter, notice);
        using var loan = language.Borrow(arm is null ? spec.Model : spec.ModelOf(arm), seed, meter, notice);
        var scorer = arm is null ? trained : Composed(arm, (ITrainedModel)trained, critic, loan);
        var measurements = new Dictionary<string, Measurement>();
        var samples = new Dictionary<string, IReadOnlyList<EvaluationSample>>();
        foreach (var (label, evaluation, pairs) in data.Evaluations)
        {
            var evaluator = methods.CreateEvaluator(evaluation.Evaluator);
            var writes = evaluator.Needs.HasFlag(EvaluatorNeeds.Writer);
            // A trivial baseline writes nothing.
            if (writes && arm is null) continue;
            var answers = writes ? loan.Writer(trained.Name, trainedAs, () => ((ITrainedModel)trained).Writer) : null;
            var context = new EvaluationContext(scorer, pairs, Seed, writer, answers);
            var report = Blaming(
                () => critic?.Failure ?? writer?.Failure ?? loan.Failure, () => evaluator.EvaluateAsync(context, cancellation).GetAwaiter().GetResult());
            // Copied, because lists and dictionaries made in a plugin are types of the plugin and would keep it loaded.
            foreach (var (metric, measured) in report.Metrics)
                measurements.Add($"{label}/{metric}", new(measured.Value, measured.Items?.ToArray(), measured.Chance));
            samples.Add(label, report.Samples.ToArray());
        }
        return (measurements, samples);
    }

    /// <summary>The trivial baselines for the training pairs, judged alike.</summary>
    /// <param name="failures">Takes those that fail.</param>
    public RunResult[] Trivial(RunFailures failures) =>
    [
        .. TrivialBaselines.For(data.Train.Examples, cancellation)
            .Select(scorer => failures.Catch(scorer.Name, null, $"The trivial baseline \"{scorer.Name}\"", () => Run(scorer)))
            .OfType<RunResult>(),
    ];

    /// <summary>How an arm's model scores. It is decided with one seed for all, as evaluators' draws are.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="model">Its model.</param>
    /// <param name="writer">What writes text for its composer; null for nothing.</param>
    /// <param name="loan">The language models that it may ask.</param>
    public IScorer Composed(ArmSpec arm, ITrainedModel model, ITextGenerator? writer, LanguageModels.Loan loan)
    {
        if (arm.Composer is null) return model;
        var composer = methods.CreateComposer(arm.Composer);
        var policies = composer.Needs.HasFlag(ComposerNeeds.Policies);
        var member = new ScorerMember(model)
        {
            Writer = composer.Needs.HasFlag(ComposerNeeds.Writers) ? model.Writer : null,
            Policy = policies ? model.Policy : null,
            Reference = policies && KnowsStart ? loan.Reference(spec.ModelOf(arm)) : null,
        };
        return composer.Compose([member], new([], Seed, writer), cancellation);
    }

    /// <summary>What writes text where an arm's model scores; null where nothing is written.</summary>
    public CachedGenerator? OpenToScore(ArmSpec arm, GenerationMeter meter, Action<string> notice) =>
        generator.IsUsedToScore(arm) ? generator.Open(arm, meter, notice) : null;

    /// <summary>Does a plugin's work. What a generator threw came through the plugin, whose fault it is not.</summary>
    /// <param name="thrown">What a generator threw; null for nothing.</param>
    /// <param name="work">The work.</param>
    public static T Blaming<T>(Func<RewardKitException?> thrown, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (thrown() is { } failure && PluginFault.Unwrap(e) == failure)
        {
            throw failure.ExitCode == 2 ? RewardKitException.Input(failure.Message, failure) : RewardKitException.Failure(failure.Message, failure);
        }
    }

    private RunResult Run(IScorer scorer)
    {
        var (measurements, samples) = Evaluate(null, "", 0, scorer, new(), _ => { });
        return new(scorer.Name, null, measurements, samples, null, new Dictionary<string, long>(), null, false);
    }
}
