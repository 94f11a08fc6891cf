using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit evaluate FOLDER --evaluator ID</c>.</summary>
internal static class EvaluateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var models = new Argument<string[]>("FOLDER")
        {
            Description = "A trained model's folder, as runs/NAME/ARM/seed-1/checkpoint. Several are compared.",
            Arity = ArgumentArity.OneOrMore,
        };
        var evaluators = new Option<string[]>("--evaluator") { Description = "The id of an installed evaluator. May be repeated.", HelpName = "ID", Required = true }
            .OfPlugins(PluginKind.Evaluator);
        var set = new Option<string[]>("--set")
        {
            Description = "An option of the evaluator; where there are several, or a composer, as ID.NAME=VALUE. May be repeated.",
            HelpName = "NAME=VALUE",
            DefaultValueFactory = _ => [],
        };
        var data = new Option<string?>("--data") { Description = "A file of held-out pairs, as data inspect reads it, for evaluators that bring no data of their own.", HelpName = "FILE" };
        var reading = new PairReadingOptions();
        var composer = new Option<string?>("--composer") { Description = "The id of an installed composer plugin: how the model scores, where that is not by itself.", HelpName = "ID" }
            .OfPlugins(PluginKind.Composer);
        var reference = new Option<string?>("--reference") { Description = "For composers that compare the model with the one that its training started from: that one's folder.", HelpName = "FOLDER" };
        var (plugins, json, verbose) = (Shared.Plugins(), Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "evaluate",
            """
            Judges trained models by installed evaluators, as an experiment does after training: the same numbers, intervals and
            comparisons. The trivial baseline "longer wins" stands beside them.
            """,
            "rewardkit evaluate runs/quickstart/crome/seed-1/checkpoint --evaluator pair-accuracy --data test.jsonl",
            "rewardkit evaluate models/reward --evaluator reward-math --set file=RewardMATH_direct.json --json",
            "rewardkit evaluate models/policy --evaluator pair-accuracy --data test.csv --composer implicit-reward --set implicit-reward.beta=0.1 --reference models/start")
        {
            models, evaluators, set, data, composer, reference, plugins, json, verbose,
        };
        reading.AddTo(command);
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var host = new PluginHost(PluginCatalog.Discover(parsed.GetRequiredValue(plugins)), warn: Console.Error.WriteLine);
            var ids = parsed.GetRequiredValue(evaluators);
            var combined = parsed.GetValue(composer);
            var settings = new PluginSettings(parsed.GetRequiredValue(set), combined is null ? ids : [.. ids, combined]);
            if (parsed.GetValue(reference) is not null && combined is null) throw RewardKitException.Input("--reference is for a composer: name one with --composer.");
            var judges = ids.Select(id => host.Catalog.Find(PluginKind.Evaluator, id).Description).ToArray();
            var pairs = parsed.GetValue(data) is { } file ? new PairFile(Path.GetFullPath(file)) { Reading = reading.Of(parsed) } : null;
            if (pairs is null && judges.FirstOrDefault(judge => !judge.OwnData) is { } judge)
                throw RewardKitException.Input($"The {judge.Label} judges by held-out pairs: name a file of them with --data FILE.");
            if (pairs is not null && judges.All(j => j.OwnData))
                throw RewardKitException.Input($"The {judges[0].Label} brings its own data: leave out --data.");
            var request = new EvaluationRequest
            {
                Models = [.. parsed.GetRequiredValue(models).Select(Path.TrimEndingDirectorySeparator)],
                Evaluations = [.. judges.Select(j => new EvaluationSpec(OptionText.Use(j, settings.Of(j.Id)), j.OwnData ? null : pairs))],
                Composer = combined is null ? null : OptionText.Use(host.Catalog.Find(PluginKind.Composer, combined).Description, settings.Of(combined)),
                Reference = parsed.GetValue(reference),
            };
            using var session = host.Open();
            // With --json, standard output has that alone.
            var console = parsed.GetValue(json) ? null : ExperimentTerminal.Console();
            var result = ExperimentTerminal.Evaluate(new(session, new TorchModels()), request, console, Console.Error.WriteLine, cancellation);
            if (console is null) Json.Print(ResultsJson.Write(result));
            if (result.Failures.Count > 0) throw RewardKitException.Failure(string.Join('\n', result.Failures.Select(f => parsed.GetValue(verbose) ? f.Details : f.Message)));
        }));
        return command;
    }
}
