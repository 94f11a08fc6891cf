using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests;

/// <summary>Finished experiments made by hand.</summary>
internal static class Results
{
    public const string Metric = "pair-accuracy/accuracy";

    public static PluginUse Use(PluginKind kind, string id, params (string Name, object Value)[] options) =>
        new(kind, id, options.ToDictionary(o => o.Name, o => o.Value));

    public static PreferenceExample Pair(string id, string prompt, string chosen, string rejected) => new(
        id, Conversation.User(prompt), Conversation.Assistant(chosen), Conversation.Assistant(rejected), new("test", 1));

    public static RunResult Run(string arm, int? seed, double[] items) => new(
        arm, seed,
        new Dictionary<string, Measurement> { [Metric] = new(items.Average(), items, 0.5) },
        new Dictionary<string, IReadOnlyList<EvaluationSample>>
        {
            ["pair-accuracy"] = [.. items.Select((v, i) => new EvaluationSample(Pair($"pair-{i}", "why", "because", "so"), new(v - 0.5, 0.01 * i)))],
        },
        seed is null ? null : new([new(1, 1e-3, 1, new Dictionary<string, double> { ["loss"] = 0.69 })], 0, 0, 1),
        new Dictionary<string, long>(), seed is null ? null : "folder", false);

    /// <summary>A step of one pair and a hundred tokens.</summary>
    public static StepReport Step(int step, double loss, double? accuracy) => new(
        new(step, 1e-3, 1, new Dictionary<string, double> { ["loss"] = loss }), step, new(accuracy, accuracy, -1, 0, 1), step, 100 * step, 0.5 * step);

    public static ExperimentResult Of(params (string Arm, int Seed, double[] Items)[] runs) => new(
        new ExperimentSpec
        {
            Name = "test",
            Model = new ModelSpec { Folder = "model" },
            Train = new PairFile("train.jsonl"),
            Arms = [.. runs.Select(r => r.Arm).Distinct().Select(a => new ArmSpec(a, Use(PluginKind.Loss, "bradley-terry"), []))],
            Evaluations = [new(Use(PluginKind.Evaluator, "pair-accuracy"), new PairFile("test.jsonl"))],
            Seeds = [.. runs.Select(r => r.Seed).Distinct()],
            OutputFolder = "out",
        },
        [.. runs.Select(r => Run(r.Arm, r.Seed, r.Items))], [], new Dictionary<string, string> { ["rewardkit"] = "0.1.0" }, []);
}
