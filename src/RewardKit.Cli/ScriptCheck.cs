using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Scripting;

namespace RewardKit.Cli;

/// <summary>
/// Runs a script as far as its first experiment, which is checked and not trained. What comes behind it in the script needs
/// results that there are not.
/// </summary>
internal static class ScriptCheck
{
    /// <summary>Checks a script.</summary>
    /// <param name="host">Makes its plugins.</param>
    /// <param name="script">The script's file.</param>
    /// <param name="arguments">The script's own arguments.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>How far it came, in a sentence; null where it has come to its end.</returns>
    /// <exception cref="RewardKitException">The script or its experiment is wrong.</exception>
    public static string? Run(PluginHost host, string script, string[] arguments, CancellationToken cancellation)
    {
        try
        {
            Program.Scripts(host.Catalog).Run(
                new ScriptContext(script, arguments, Plan, cancellation) { Work = new NoWork() }, Console.Error.WriteLine);
            return null;
        }
        catch (FarEnough e)
        {
            return e.Message;
        }

        ExperimentResult Plan(ExperimentSpec spec)
        {
            using var plugins = host.Open();
            throw new FarEnough(ExperimentPlan.Of(spec, plugins, new TorchModels()).ToString());
        }
    }

    // A kind of cancellation, which passes through the script as it is.
    private sealed class FarEnough(string message) : OperationCanceledException(message);

    private sealed class NoWork : IScriptWork
    {
        public IReadOnlyList<Answer> Answer(DecodingSpec spec, CancellationToken cancellation) =>
            throw Before($"the answers \"{spec.Name}\"");

        // A rule of the script's own costs nothing.
        public IReadOnlyList<double> Score(ScorerSpec scorer, IReadOnlyList<ScoreRequest> requests, string folder, CancellationToken cancellation) =>
            scorer is IScorer rule ? rule.Score(requests, cancellation) : throw Before($"rewards by {scorer.Name}");

        public IReadOnlyList<TextReply> Ask(GeneratorSpec generator, IReadOnlyList<TextRequest> requests, string folder, CancellationToken cancellation) =>
            throw Before($"texts of {generator.Name}");

        public ModelSpec Merge(MergeSpec spec) => throw Before($"the merger {spec.Merger.Id}");

        private static FarEnough Before(string what) => new($"checked as far as it asks for {what}, before any experiment");
    }
}
