using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Runs;
using RewardKit.Hosting.Scoring;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Runs an experiment: for each arm and seed augment, train, save, load what was saved, and evaluate that. So the numbers
/// are those of the model on disk. What an earlier run finished with the same content is found again.
/// </summary>
/// <param name="plugins">Where losses, augmenters and evaluators come from.</param>
/// <param name="models">Trains and loads models.</param>
/// <param name="processes">The processes that run it together; null for this one alone.</param>
public sealed class ExperimentRunner(IPluginSource plugins, IModelWork models, RunProcesses? processes = null)
{
    /// <summary>Whether this process writes and talks; the others follow it.</summary>
    public bool Leads => processes?.Leads != false;

    /// <summary>Runs an experiment to its end.</summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between steps; finished runs stay, and of the one under way its checkpoints.</param>
    /// <returns>What was found; a run that failed is among the failures, and does not keep the others from their end.</returns>
    /// <exception cref="RewardKitException">
    /// Something is wrong with the experiment (then nothing was trained), or every run failed.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped, or superseded.</exception>
    /// <exception cref="Torch.LostProcessException">Another process is gone.</exception>
    /// <exception cref="OneProcessFailedException">This process failed, and no other one.</exception>
    public ExperimentResult Run(
        ExperimentSpec spec, RunnerOptions options, IExperimentProgress progress, CancellationToken cancellation = default)
    {
        var methods = new MethodSource(plugins);
        (spec, var unusable) = ExperimentCheck.Check(spec, methods);
        var data = new ExperimentData(spec);
        using var only = Leads ? Only(spec) : null;
        var store = new RunStore(spec.OutputFolder, spec.Checkpoints?.KeepWhenFinished == true);
        if (Leads) store.Sweep(spec.Arms.SelectMany(a => spec.SeedsOf(a).Select(s => (a.Name, s))));
        var generator = new ExperimentGenerator(spec, methods);
        var language = new LanguageModels(spec, methods, models);
        var keys = new RunKeys(spec, methods, models, generator, language, processes?.Group.Size ?? 1);
        var judge = new Judge(spec, data, methods, generator, language, cancellation);
        var scorers = new ArmScorers(
            spec, data, methods, models, generator, language, (arm, seed) => ($"{arm.Name}, seed {seed}", store.CheckpointOf(arm.Name, seed)), cancellation);
        var telling = new Lock();
        var recorder = new RunRecorder(spec);

        var failures = new RunFailures(progress, cancellation);
        var runs = new Dictionary<(string Arm, int Seed), RunResult>();
        var trained = new Dictionary<string, string>(); // By the key of a training, the arm that has it.
        foreach (var arm in ExperimentCheck.InOrder(spec.Arms))
        {
            if (unusable.TryGetValue(arm.Name, out var reason))
            {
                failures.Add(arm.Name, null, reason.Message, reason);
                continue;
            }
            foreach (var seed in spec.SeedsOf(arm))
            {
                cancellation.ThrowIfCancellationRequested();
                options.Superseded.ThrowIfCancellationRequested();
                if (ExperimentCheck.Before(spec, arm, seed).FirstOrDefault(before => !runs.ContainsKey((before.Arm, before.Seed))) is { Arm: not null } failed)
                {
                    failures.Add(arm.Name, seed, $"The arm \"{arm.Name}\" with seed {seed} was not run: its {failed.Role} \"{failed.Arm}\" failed.");
                    continue;
                }
                progress.Started(arm.Name, seed);
                if (failures.Catch(arm.Name, seed, NameOf(arm, seed), () => Share(arm, seed)) is not { } run) continue;
                runs.Add((arm.Name, seed), run);
                progress.Finished(run);
            }
        }
        if (runs.Count == 0) throw failures.AsException();
        RunResult[] ordered = [.. spec.Arms.SelectMany(a => spec.SeedsOf(a).Where(s => runs.ContainsKey((a.Name, s))).Select(s => runs[(a.Name, s)]))];
        var trivial = judge.Trivial(failures);
        return new(spec, ordered, trivial, RunEnvironment.Facts(spec, methods, models), data.Notes(ordered)) { Failures = failures.All };

        RunResult Share(ArmSpec arm, int seed)
        {
            var key = keys.Training(arm, seed);
            if (processes is null) return RunOne(arm, seed, key, () => { });
            if (Leads) return processes.Lead(NameOf(arm, seed), key.Hash, begins => RunOne(arm, seed, key, begins));
            return processes.Follow(
                NameOf(arm, seed), key.Hash, () => Train(arm, seed, store.Beside(arm.Name, seed), _ => { }), () => Find(arm, seed, key), cancellation);
        }

        // What the process that leads has stored.
        RunResult Find(ArmSpec arm, int seed, ContentKey key)
        {
            var folder = store.FolderOf(arm.Name, seed);
            var training = arm.Loss is null ? default : store.FindTraining(arm.Name, seed, key);
            if ((arm.Loss is not null && training is null) || store.FindEvaluation(arm.Name, seed, keys.Evaluation(arm, seed, key)) is not { } judged)
                throw RewardKitException.Failure($"This process does not see the run that process 0 stored in {folder}. All processes need the same folder, on one machine or on a shared disk.");
            return Done(arm, seed, training, judged, true);
        }

        RunResult Done(ArmSpec arm, int seed, (TrainingLog Log, AugmenterFindings Findings)? training, Judgement judged, bool reused) => new(
            arm.Name, seed, judged.Measurements, judged.Samples, training?.Log, training?.Findings.Counts ?? [], store.FolderOf(arm.Name, seed), reused)
        {
            Measures = training?.Findings.Measures ?? [],
        };

        RunResult RunOne(ArmSpec arm, int seed, ContentKey key, Action trains) => recorder.Record(
            arm.Name, seed, store.FolderOf(arm.Name, seed), key, Notice(arm.Name, seed), entered => Compute(arm, seed, key, trains, entered));

        RunResult Compute(ArmSpec arm, int seed, ContentKey key, Action trains, Action<RunState> entered)
        {
            var found = options.Fresh ? null : arm.Loss is null ? default : store.FindTraining(arm.Name, seed, key);
            (TrainingLog, AugmenterFindings)? training = arm.Loss is null ? null : found ?? store.SaveTraining(
                arm.Name, seed, key, options.Fresh, Notice(arm.Name, seed), folder =>
                {
                    if (TakeOver(folder) is { } alike) return alike;
                    trains();
                    return Train(arm, seed, folder, entered);
                });
            if (arm.Loss is not null) trained.TryAdd(key.Hash, arm.Name);

            var evaluationKey = keys.Evaluation(arm, seed, key);
            var earlier = options.Fresh || (arm.Loss is not null && found is null) ? null : store.FindEvaluation(arm.Name, seed, evaluationKey);
            return Done(arm, seed, training, earlier ?? Judged(), earlier is not null);

            // Arms that differ in how they score alone are trained once.
            (TrainingLog, AugmenterFindings)? TakeOver(string folder)
            {
                if (!trained.TryGetValue(key.Hash, out var other) || store.TakeOver(other, seed, key, folder) is not { } alike) return null;
                Notice(arm.Name, seed)($"Has the model of the arm \"{other}\", which is trained alike.");
                return alike;
            }

            Judgement Judged()
            {
                entered(RunState.Evaluating);
                var meter = new GenerationMeter(p => Tell(arm, seed, p));
                using var open = scorers.Open(arm, seed, meter, Notice(arm.Name, seed), (done, total) => Tell(arm, seed, new("evaluate", done, total, "texts")));
                var judged = judge.Evaluate(arm, key.Hash, seed, open, meter, Notice(arm.Name, seed));
                // No table of the report has it: it is told once, when it costs something.
                if (meter.Answered > 0) Notice(arm.Name, seed)($"{meter.Answered} texts were generated for its evaluation ({meter.Cost}).");
                store.SaveEvaluation(arm.Name, seed, evaluationKey, judged);
                return judged;
            }
        }

        (TrainingLog, AugmenterFindings) Train(ArmSpec arm, int seed, string folder, Action<RunState> entered)
        {
            var findings = new AugmenterFindings([], []);
            var examples = processes is not null && (generator.IsUsedBy(arm) || language.AreUsedBy(arm))
                ? processes.LeaderFirst(() => Augment(arm, seed, findings, folder), cancellation) : Augment(arm, seed, findings, folder);
            using var metrics = Leads ? new RunMetrics(folder) : null;
            // Of several processes each computes its share anew: they need not see one disk.
            var (logProbs, holder) = processes is null ? language.Kept(spec.ModelOf(arm), seed, Notice(arm.Name, seed)) : default;
            using var _ = holder;
            var log = models.Train(
                spec.ModelOf(arm), methods.CreateLoss(arm.Loss!), examples, spec.TrainingOf(arm), seed, RunStore.CheckpointIn(folder),
                new()
                {
                    Progress = new Relay(p =>
                    {
                        entered(RunState.Running);
                        if (p.Step is { } step) metrics?.Take(p.Stage, step);
                        progress.Advanced(arm.Name, seed, p);
                    }),
                    Notice = Notice(arm.Name, seed),
                    Folder = Leads ? folder : null,
                    Group = processes?.Group,
                    LogProbs = logProbs,
                    Validation = data.Validation?.Examples,
                    Checkpoints = spec.Checkpoints is { } policy ? new(RunStore.CheckpointsIn(folder), policy, spec.TrainingOf(arm).Keep) { ReadsOnly = !Leads } : null,
                    Cancellation = cancellation,
                });
            return (log, findings);
        }

        // A generator's answers come by threads of their own.
        void Tell(ArmSpec arm, int seed, TrainingProgress how)
        {
            lock (telling) progress.Advanced(arm.Name, seed, how);
        }

        Action<string> Notice(string arm, int seed) => sentence =>
        {
            lock (telling) progress.Noted(arm, seed, sentence);
        };

        IReadOnlyList<PreferenceExample> Augment(ArmSpec arm, int seed, AugmenterFindings findings, string folder)
        {
            if (arm.Augmenters.Count == 0) return data.TrainOf(arm).Examples;
            var counts = findings.Counts;
            var meter = new GenerationMeter(p => Tell(arm, seed, p));
            using var writer = generator.IsUsedBy(arm) ? generator.Open(arm, meter, Notice(arm.Name, seed)) : null;
            using var loan = language.Borrow(spec.ModelOf(arm), seed, meter, Notice(arm.Name, seed), (done, total) => Tell(arm, seed, new("augment", done, total, "responses")));
            using var filter = arm.Baseline is { } name
                ? scorers.Open(spec.ArmNamed(name), seed, meter, Notice(arm.Name, seed), (done, total) => Tell(arm, seed, new("augment", done, total, "texts")))
                : null;
            using var decisions = new DecisionLog(Leads ? folder : null);
            var stream = data.TrainOf(arm).Examples.ToAsyncEnumerable();
            foreach (var use in arm.Augmenters)
            {
                var augmenter = methods.CreateAugmenter(use);
                var context = new AugmentationContext(
                    seed, filter?.Scorer, (reason, count) => counts[reason] = counts.GetValueOrDefault(reason) + count, writer,
                    augmenter.Needs.HasFlag(AugmenterNeeds.Writer) ? loan.Writer() : null,
                    augmenter.Needs.HasFlag(AugmenterNeeds.Policies) ? loan.Policies(arm.Policies) : null,
                    (name, value) => findings.Measures[name] = value,
                    decisions.Add);
                stream = augmenter.AugmentAsync(stream, context, cancellation);
            }
            var examples = Judge.Blaming(() => filter?.Failure ?? writer?.Failure ?? loan.Failure, () => PairStore.Collect(stream.ToBlockingEnumerable(cancellation)));
            foreach (var (total, count) in meter.Totals) counts[total] = count;
            return examples;
        }
    }

    private static string NameOf(ArmSpec arm, int seed) => $"The arm \"{arm.Name}\" with seed {seed}";

    private static FileStream Only(ExperimentSpec spec)
    {
        try
        {
            Directory.CreateDirectory(spec.OutputFolder);
            return new(Path.Combine(spec.OutputFolder, ".lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = FileOptions.DeleteOnClose,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Failure(
                $"Cannot write to {spec.OutputFolder} ({e.Message}) If another process runs this experiment there, wait for it or choose another folder.", e);
        }
    }

    private sealed class Relay(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
