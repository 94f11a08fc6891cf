using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit score MODEL</c>.</summary>
internal static class ScoreCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The trained model's folder, as runs/NAME/ARM/seed-1/checkpoint." };
        var composer = new Option<string?>("--composer") { Description = "The id of an installed composer plugin: how the model scores, where that is not by itself.", HelpName = "ID" }.OfPlugins(PluginKind.Composer);
        var set = new Option<string[]>("--set") { Description = "An option of the composer. May be repeated.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
        var reference = new Option<string?>("--reference") { Description = "For composers that compare the model with the one that its training started from: that one's folder.", HelpName = "FOLDER" };
        var (plugins, verbose) = (Shared.Plugins(), Shared.Verbose());
        var command = new CommandWithExamples(
            "score",
            """
            Scores responses with a trained model, as its training and evaluation did. Reads JSON Lines from standard input:
            {"prompt": ..., "response": ...}, or {"messages": [...]} that end with the assistant's turn, and writes each line
            again with "score" added. Of {"prompt": ..., "chosen": ..., "rejected": ...}, the two rewards and their margin are
            added; a pairwise model takes these alone, and its margin is the log-odds that the chosen response is better.
            A prompt is a text or a list of messages.
            """,
            "rewardkit score runs/quickstart/bradley-terry/seed-1/checkpoint < answers.jsonl > scores.jsonl",
            "echo '{\"prompt\": \"Name a river.\", \"response\": \"The Rhine.\"}' | rewardkit score models/reward",
            "rewardkit score models/policy --composer implicit-reward --set beta=0.1 --reference models/start < pairs.jsonl")
        {
            model, composer, set, reference, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var use = (Id: parsed.GetValue(composer), Set: parsed.GetRequiredValue(set), Reference: parsed.GetValue(reference));
            if (use.Id is null && (use.Set.Length > 0 || use.Reference is not null))
                throw RewardKitException.Input("--set and --reference are for a composer: name one with --composer.");
            var folder = parsed.GetRequiredValue(model);
            if (!Directory.Exists(folder)) throw RewardKitException.Input($"There is no model folder {folder}.");
            var models = new TorchModels();
            using var trained = models.Load(folder, folder, null);
            if (use.Id is null)
            {
                ScoreLines.Run(trained, cancellation);
                return;
            }
            var catalog = PluginCatalog.Discover(parsed.GetRequiredValue(plugins));
            var description = catalog.Find(PluginKind.Composer, use.Id).Description;
            using var session = new PluginHost(catalog).Open();
            var method = session.CreateComposer(OptionText.Use(description, use.Set));
            if (method.Needs.HasFlag(ComposerNeeds.Generator))
                throw RewardKitException.Input($"The {description.Label} has texts written by a generator, which an experiment names; use it in a script.");
            var policies = method.Needs.HasFlag(ComposerNeeds.Policies);
            using var start = use.Reference is { } named ? models.Open(named, new ModelSpec { Folder = named }, seed: 0) : null;
            var member = new ScorerMember(trained)
            {
                Writer = method.Needs.HasFlag(ComposerNeeds.Writers) ? trained.Writer : null,
                Policy = policies ? trained.Policy : null,
                Reference = policies ? start : null,
            };
            ScoreLines.Run(method.Compose([member], new([], seed: 0), cancellation), cancellation);
        }));
        return command;
    }
}
