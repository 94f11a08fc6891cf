using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Torch;
using RewardKit.Training;
using Spectre.Console;

namespace RewardKit.Hosting.Decoding;

/// <summary>Does what scripts ask for with real models and plugins, and shows how far it is.</summary>
/// <param name="plugins">Makes decoders and mergers; they are unloaded after each call.</param>
/// <param name="place">Which of several processes this one is; null for the only one.</param>
/// <param name="console">Where progress is shown.</param>
/// <param name="fresh">Whether to make everything again, once in this script.</param>
public sealed class ScriptWork(PluginHost plugins, ProcessPlace? place, IAnsiConsole console, bool fresh) : IScriptWork, IDisposable
{
    private readonly HashSet<string> _made = [];
    private readonly Lazy<TorchModels> _torch = new(() => new TorchModels(place));
    private OpenModels? _models;

    private bool Leads => place is not { Rank: > 0 };

    private OpenModels Models => _models ??= new(() => _torch.Value.Device);

    /// <inheritdoc/>
    public IReadOnlyList<Answer> Answer(DecodingSpec spec, CancellationToken cancellation) =>
        Watched(spec.Name, (int)spec.Options.Seed, spec.Decoder?.Id, (runner, progress) => runner.Answer(spec, progress, cancellation), cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(ScorerSpec scorer, IReadOnlyList<ScoreRequest> requests, string folder, CancellationToken cancellation) => scorer is IScorer own
        ? own.Score(requests, cancellation)
        : Watched($"rewards by {scorer.Name}", 0, null, (runner, progress) => runner.Score(scorer, requests, folder, progress, cancellation), cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<TextReply> Ask(GeneratorSpec generator, IReadOnlyList<TextRequest> requests, string folder, CancellationToken cancellation)
    {
        generator.Check();
        // A local model takes memory.
        Release();
        return ExperimentTerminal.Watch(console, Leads, progress =>
        {
            var begun = false;
            var meter = new GenerationMeter(how =>
            {
                if (!begun) progress.Started(generator.Name, 0);
                begun = true;
                progress.Advanced(generator.Name, 0, how);
            });
            var answers = generator.Keeps ? new AnswerStore(generator.Answers ?? Path.Combine(folder, "generated.db")) : null;
            using var cached = new CachedGenerator(generator.Name, generator.Identity(new()), () => generator.Open(console.WriteLine), answers, meter);
            var replies = cached.GenerateAsync(requests, cancellation).GetAwaiter().GetResult();
            if (begun) progress.Finished(Done(generator.Name, 0));
            return replies;
        });
    }

    /// <inheritdoc/>
    public ModelSpec Merge(MergeSpec spec) => Watched("merge", 0, spec.Merger.Id, (runner, _) => runner.Merge(spec), default);

    /// <summary>Frees the models in memory: others need it.</summary>
    public void Release() => _models?.Keep([]);

    /// <inheritdoc/>
    public void Dispose() => _models?.Dispose();

    private T Watched<T>(string name, int seed, string? method, Func<DecodingRunner, Action<TrainingProgress>, T> work, CancellationToken cancellation)
    {
        using var session = plugins.Open();
        var runner = new DecodingRunner(new MethodSource(session), Models, _torch.Value.Versions, Leads, key => fresh && _made.Add(key));
        try
        {
            return ExperimentTerminal.Watch(console, Leads, progress =>
            {
                var begun = false;
                var result = work(runner, how =>
                {
                    if (!begun) progress.Started(name, seed);
                    begun = true;
                    progress.Advanced(name, seed, how);
                });
                // What was there already is no news.
                if (begun) progress.Finished(Done(name, seed));
                return result;
            });
        }
        catch (Exception e) when (PluginFault.IsPlugins(e) && !cancellation.IsCancellationRequested)
        {
            // Text alone: the exception may be the plugin's own type, and would keep it loaded.
            var message = $"{name}: {PluginFault.Describe(e)}";
            throw PluginFault.Unwrap(e) is RewardKitException { ExitCode: 2 } ? RewardKitException.Input(message) : RewardKitException.Failure(message);
        }
    }

    private static RunResult Done(string name, int seed) => new(
        name, seed, new Dictionary<string, Measurement>(), new Dictionary<string, IReadOnlyList<EvaluationSample>>(), null, new Dictionary<string, long>(), null, false);
}
