using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit model merge</c>.</summary>
internal static class ModelMergeCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var merger = new Argument<string>("MERGER") { Description = "The id of an installed merger plugin." }.OfPlugins(PluginKind.Merger);
        var models = new Argument<string[]>("FOLDER=WEIGHT")
        {
            Description = "A model and its weight, which is 1 where left out. The result is like the first.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--out") { Description = "The folder to write; it must not exist.", HelpName = "OUT", Required = true };
        var set = new Option<string[]>("--set") { Description = "An option of the merger. May be repeated.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [] };
        var (plugins, dtype, shard, verbose) = (Shared.Plugins(), ModelCommand.Dtype("Default: as the merger makes them."), ModelCommand.MaxShardSize(), Shared.Verbose());
        var command = new CommandWithExamples(
            "merge",
            """
            Merges the weights of models of one architecture into one model, by an installed method and without training. One
            tensor of each model is in memory at a time.
            """,
            "rewardkit model merge linear models/reward=0.65 models/math=0.35 --out models/merged")
        {
            merger, models, output, set, plugins, dtype, shard, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var catalog = PluginCatalog.Discover(parsed.GetRequiredValue(plugins));
            var plugin = catalog.Find(PluginKind.Merger, parsed.GetRequiredValue(merger)).Description;
            var target = parsed.GetRequiredValue(output);
            using (var session = new PluginHost(catalog).Open())
            {
                var method = session.CreateMerger(OptionText.Use(plugin, parsed.GetRequiredValue(set)));
                ModelTools.Merge(method, [.. parsed.GetRequiredValue(models).Select(Shared.Weighted)], target, ModelCommand.Options(parsed, dtype, shard));
            }
            Console.WriteLine(ModelCommand.Line(ModelSummary.Of(target)));
        }));
        return command;
    }
}
