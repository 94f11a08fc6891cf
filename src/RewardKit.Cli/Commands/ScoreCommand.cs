using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Training.Data;

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
        var further = new Option<string[]>("--member") { Description = "For composers of several: a further model, and its weight (1 if left out). May be repeated.", HelpName = "FOLDER=WEIGHT", DefaultValueFactory = _ => [] };
        var pairs = new Option<string?>("--pairs") { Description = "For composers that bring their members to one scale: pairs whose responses tell the scales apart.", HelpName = "FILE" };
        var (plugins, verbose) = (Shared.Plugins(), Shared.Verbose());
        var command = new CommandWithExamples(
            "score",
            """
            Scores responses with a trained model, as its training and evaluation did. Reads JSON Lines from standard input:
            {"prompt": ..., "response": ...}, or {"messages": [...]} that end with the assistant's turn, and writes each line
            again with "score" added. Of {"prompt": ..., "chosen": ..., "rejected": ...}, the two rewards and their margin are
            added; a pairwise model takes these alone, and its margin is the log-odds that the chosen response is better.
            A prompt is a text or a list of messages. Where a composer gives rewards within a response (process-reward, alarm),
            "steps" has each with the number of characters before it.
            """,
            "rewardkit score runs/quickstart/bradley-terry/seed-1/checkpoint < answers.jsonl > scores.jsonl",
            "echo '{\"prompt\": \"Name a river.\", \"response\": \"The Rhine.\"}' | rewardkit score models/reward",
            "rewardkit score models/policy --composer implicit-reward --set beta=0.1 --reference models/start < pairs.jsonl",
            "rewardkit score models/a --member models/b --member models/c --composer ensemble --set aggregate=worst --set normalise=true --pairs train.jsonl < pairs.jsonl")
        {
            model, composer, set, further, pairs, reference, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var use = (Id: parsed.GetValue(composer), Set: parsed.GetRequiredValue(set), Reference: parsed.GetValue(reference), Pairs: parsed.GetValue(pairs));
            var members = parsed.GetRequiredValue(further).Select(Shared.Weighted).ToArray();
            if (use.Id is null && (use.Set.Length > 0 || members.Length > 0 || (use.Reference ?? use.Pairs) is not null))
                throw RewardKitException.Input("--set, --member, --pairs and --reference are for a composer: name one with --composer.");
            var folder = parsed.GetRequiredValue(model);
            if (members.Select(member => member.Folder).Prepend(folder).FirstOrDefault(named => !Directory.Exists(named)) is { } missing)
                throw RewardKitException.Input($"There is no model folder {missing}.");
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
            var needs = method.Needs;
            using var start = use.Reference is { } named ? models.Open(named, new ModelSpec { Folder = named }, seed: 0) : null;
            var others = new List<ITrainedModel>();
            try
            {
                var alone = (needs & (ComposerNeeds.Writers | ComposerNeeds.Policies)) != 0;
                foreach (var member in members) others.Add(alone ? models.Load(member.Folder, member.Folder, null) : models.Load(member.Folder, member.Folder, null, others));
                var references = needs.HasFlag(ComposerNeeds.Reference) && use.Pairs is { } file ? Responses(file) : [];
                ScorerMember[] all = [Member(trained, 1), .. others.Zip(members, (other, member) => Member(other, member.Weight))];
                ScoreLines.Run(method.Compose(all, new(references, seed: 0), cancellation), cancellation);
            }
            finally
            {
                foreach (var other in others) other.Dispose();
            }

            ScorerMember Member(ITrainedModel model, double weight) => new(model, weight)
            {
                Writer = needs.HasFlag(ComposerNeeds.Writers) ? model.Writer : null,
                Policy = needs.HasFlag(ComposerNeeds.Policies) ? model.Policy : null,
                Reference = needs.HasFlag(ComposerNeeds.Policies) ? start : null,
                Heads = needs.HasFlag(ComposerNeeds.Heads) ? model.Heads : null,
            };
        }));
        return command;
    }

    private static IReadOnlyList<ScoreRequest> Responses(string file)
    {
        if (!File.Exists(file)) throw RewardKitException.Input($"There is no data file {file}.");
        return [.. new PairLoader().Load(new PairFile(Path.GetFullPath(file))).Examples.SelectMany(pair => (ScoreRequest[])[new(pair.Prompt, pair.Chosen), new(pair.Prompt, pair.Rejected)]).Distinct()];
    }
}
