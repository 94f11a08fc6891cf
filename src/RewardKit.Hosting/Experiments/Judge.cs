using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Scoring;

namespace RewardKit.Hosting.Experiments;

/// <summary>Has an experiment's evaluators judge what its arms score with.</summary>
/// <param name="spec">The experiment.</param>
/// <param name="data">Its pairs.</param>
/// <param name="methods">Where evaluators come from.</param>
/// <param name="generator">What writes text for them.</param>
/// <param name="language">The language models that they ask.</param>
/// <param name="cancellation">Stops between batches.</param>
internal sealed class Judge(
    ExperimentSpec spec, ExperimentData data, MethodSource methods, ExperimentGenerator generator, LanguageModels language, CancellationToken cancellation)
{
    // The same for every run: an evaluator that draws items draws the same ones for all, and they can be compared.
    private const int Seed = 0;

    /// <summary>Has all evaluators look at an arm.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="trainedAs">What identifies the model that it trained, under which that one's texts are kept.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="open">What it scores with.</param>
    /// <param name="meter">Counts what is generated.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    public Judgement Evaluate(ArmSpec arm, string trainedAs, int seed, OpenScorer open, GenerationMeter meter, Action<string> notice)
    {
        using var loan = language.Borrow(spec.ModelOf(arm), seed, meter, notice);
        var (measurements, samples) = Evaluate(
            open.Scorer, open.Own is { } own ? () => loan.Writer(own.Name, trainedAs, () => own.Writer) : null, () => open.Failure ?? loan.Failure, meter, notice);
        return new(new Dictionary<string, Measurement>([.. measurements, .. open.Measures.Select(m => KeyValuePair.Create(m.Key, new Measurement(m.Value)))]), samples);
    }

    // What trains no model writes nothing, and is not judged by what it writes.
    private Judgement Evaluate(IScorer scorer, Func<ITextGenerator>? answers, Func<RewardKitException?> failure, GenerationMeter meter, Action<string> notice)
    {
        using var writer = generator.Judges ? generator.Open(null, meter, notice) : null;
        var measurements = new Dictionary<string, Measurement>();
        var samples = new Dictionary<string, IReadOnlyList<EvaluationSample>>();
        foreach (var (label, evaluation, pairs) in data.Evaluations)
        {
            var evaluator = methods.CreateEvaluator(evaluation.Evaluator);
            var writes = evaluator.Needs.HasFlag(EvaluatorNeeds.Writer);
            if (writes && answers is null) continue;
            if (evaluator.Needs.HasFlag(EvaluatorNeeds.Places) && scorer is not IPlaceScorer)
            {
                notice($"Is not judged by {evaluation.Evaluator.Id}: what it scores with has no rewards within a response, as a model with a reward head or Score.processReward () has them.");
                continue;
            }
            var context = new EvaluationContext(scorer, pairs, Seed, writer, writes ? answers!() : null);
            var report = Blaming(() => failure() ?? writer?.Failure, () => evaluator.EvaluateAsync(context, cancellation).GetAwaiter().GetResult());
            // Copied, because lists and dictionaries made in a plugin are types of the plugin and would keep it loaded.
            foreach (var (metric, measured) in report.Metrics)
                measurements.Add($"{label}/{metric}", new(measured.Value, measured.Items?.ToArray(), measured.Chance));
            samples.Add(label, report.Samples.ToArray());
        }
        return new(measurements, samples);
    }

    /// <summary>The trivial baselines for the training pairs, judged alike.</summary>
    /// <param name="failures">Takes those that fail.</param>
    public RunResult[] Trivial(RunFailures failures) =>
    [
        .. TrivialBaselines.For(data.Train.Examples, cancellation)
            .Select(scorer => failures.Catch(scorer.Name, null, $"The trivial baseline \"{scorer.Name}\"", () => Run(scorer)))
            .OfType<RunResult>(),
    ];

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
        var (measurements, samples) = Evaluate(scorer, null, () => null, new(), _ => { });
        return new(scorer.Name, null, measurements, samples, null, new Dictionary<string, long>(), null, false);
    }
}

/// <summary>What the evaluators found.</summary>
/// <param name="Measurements">What they measured, under <c>evaluator/metric</c>.</param>
/// <param name="Samples">What they looked at, by evaluator.</param>
internal sealed record Judgement(
    IReadOnlyDictionary<string, Measurement> Measurements, IReadOnlyDictionary<string, IReadOnlyList<EvaluationSample>> Samples);
