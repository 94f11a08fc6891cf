using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>Trained models, and what is to judge them.</summary>
public sealed record EvaluationRequest
{
    /// <summary>The models' folders: reward models, adapters, or policies where there is a composer.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>The evaluators, with pairs where they take any.</summary>
    public required IReadOnlyList<EvaluationSpec> Evaluations { get; init; }

    /// <summary>How a model scores; null: by itself.</summary>
    public MethodUse? Composer { get; init; }

    /// <summary>The folder of the model that training started from, for a composer that compares with it; null for none.</summary>
    public string? Reference { get; init; }
}

/// <summary>
/// Judges models that are trained already, by the code that judges them after their training: an experiment's checkpoint
/// has the experiment's numbers.
/// </summary>
/// <param name="plugins">Where evaluators and composers come from.</param>
/// <param name="models">Loads models.</param>
public sealed class ModelEvaluation(IPluginSource plugins, IModelWork models)
{
    // What stands where an arm has the loss that it is trained by.
    private static readonly InlineUse Trained = new(PluginKind.Loss, "trained already", new object(), new string('0', 64));

    /// <summary>Judges.</summary>
    /// <param name="request">Models and evaluators.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>As an experiment's whose arms are the models, with the trivial baseline that needs no training pairs.</returns>
    /// <exception cref="RewardKitException">Something is wrong with what is asked for, or every model failed.</exception>
    public ExperimentResult Run(EvaluationRequest request, IExperimentProgress progress, CancellationToken cancellation = default)
    {
        foreach (var folder in request.Models)
            if (!Directory.Exists(folder)) throw RewardKitException.Input($"There is no model folder {folder}.");
        var methods = new MethodSource(plugins);
        // What evaluators have a model write is kept while they run.
        var kept = Directory.CreateTempSubdirectory("rewardkit-evaluate-");
        try
        {
            return Judged(Spec(request, kept.FullName, methods), methods, request.Reference is not null, progress, cancellation);
        }
        finally
        {
            kept.Delete(recursive: true);
        }
    }

    private ExperimentResult Judged(ExperimentSpec spec, MethodSource methods, bool knowsStart, IExperimentProgress progress, CancellationToken cancellation)
    {
        var writes = spec.Evaluations.FirstOrDefault(e => methods.CreateEvaluator(e.Evaluator).Needs.HasFlag(EvaluatorNeeds.Generator))?.Evaluator
            ?? spec.Arms.Select(arm => arm.Composer).OfType<MethodUse>().FirstOrDefault(use => methods.CreateComposer(use).Needs.HasFlag(ComposerNeeds.Generator));
        if (writes is not null)
            throw RewardKitException.Input($"The {writes.Kind.ToString().ToLowerInvariant()} \"{writes.Id}\" has texts written by a generator, which an experiment names; use it in a script.");
        spec = spec with { Evaluations = ExperimentCheck.Evaluations(spec, methods) };
        var data = new ExperimentData(spec);
        var (generator, language) = (new ExperimentGenerator(spec, methods), new LanguageModels(spec, methods, models));
        var judge = new Judge(spec, data, methods, generator, language, cancellation);
        var scorers = new ArmScorers(spec, data, methods, models, generator, language, (arm, _) => (arm.Name, arm.Name), cancellation) { KnowsStart = knowsStart };
        var failures = new RunFailures(progress, cancellation);
        var runs = new List<RunResult>();
        foreach (var arm in spec.Arms)
        {
            progress.Started(arm.Name, 0);
            if (failures.Catch(arm.Name, null, arm.Name, () => Run(arm)) is not { } run) continue;
            runs.Add(run);
            progress.Finished(run);
        }
        if (runs.Count == 0) throw failures.AsException();
        var facts = RunEnvironment.Facts(spec, methods, models).Where(fact => fact.Key != $"loss {Trained.Id}").ToDictionary();
        return new(spec, runs, judge.Trivial(failures), facts, data.Notes(runs)) { Failures = failures.All };

        RunResult Run(ArmSpec arm)
        {
            var meter = new GenerationMeter(how => progress.Advanced(arm.Name, 0, how));
            void Notice(string sentence) => progress.Noted(arm.Name, 0, sentence);
            using var open = scorers.Open(arm, 0, meter, Notice, (done, total) => progress.Advanced(arm.Name, 0, new("evaluate", done, total, "texts")));
            var (measurements, samples) = judge.Evaluate(arm, arm.Name, 0, open, meter, Notice);
            return new(arm.Name, 0, measurements, samples, null, new Dictionary<string, long>(), arm.Name, false);
        }
    }

    // An experiment of which nothing is left to train.
    private static ExperimentSpec Spec(EvaluationRequest request, string folder, MethodSource methods) => new()
    {
        Name = "evaluate",
        Model = new() { Folder = request.Reference ?? request.Models[0] },
        Train = new JoinedPairs([]),
        Arms = [.. request.Models.Select(model => new ArmSpec(model, Trained, [])
        {
            Composer = request.Composer is { } composer ? methods.Complete(composer) : null,
        })],
        Evaluations = request.Evaluations,
        Seeds = [0],
        OutputFolder = folder,
    };
}
