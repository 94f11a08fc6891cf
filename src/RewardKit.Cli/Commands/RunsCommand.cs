using System.CommandLine;
using RewardKit.Hosting.Runs;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit runs</c> with <c>show</c>, <c>compare</c> and <c>rm</c>.</summary>
internal static class RunsCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create()
    {
        var folder = Folder();
        folder.Recursive = true;
        var experiment = new Option<string?>("--experiment") { Description = "Only runs of this experiment.", HelpName = "NAME" };
        var state = new Option<RunState?>("--state") { Description = "Only runs in this state: Running, Evaluating, Finished, Failed, Stopped.", HelpName = "STATE" };
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "runs",
            """
            Lists the runs (arms of experiments under a seed), the newest first. They are kept in runs.db beside the experiments'
            folders; the folders are what counts, and an index that is lost is made again from them.
            """,
            "rewardkit runs --experiment quickstart --state Failed",
            "rewardkit runs show 3f2a",
            "rewardkit runs compare 3f2a 91c0",
            "rewardkit runs rm 3f2a --yes")
        {
            folder, experiment, state, json, verbose, Show(folder), CompareCommand.Create(folder, "rewardkit runs compare 3f2a 91c0"), Remove(folder),
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var rows = Index(parsed.GetRequiredValue(folder)).All()
                .Where(r => parsed.GetValue(experiment) is not { } name || r.Experiment == name)
                .Where(r => parsed.GetValue(state) is not { } wanted || r.State == wanted).ToArray();
            if (parsed.GetValue(json)) Json.Print(rows.Select(Facts));
            else Console.Write(RunsText.List(rows));
        }));
        return command;
    }

    /// <summary>The option that names the experiments' folder.</summary>
    internal static Option<string> Folder() => new("--runs")
    {
        Description = "The folder that has the experiments' folders; default runs.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "runs",
    };

    private static Command Show(Option<string> folder)
    {
        var (run, json, verbose) = (new Argument<string>("RUN") { Description = "A run's id, or the beginning of one, or its folder." }.OfRuns(folder), Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples("show", "Shows all that is known of a run.", "rewardkit runs show 3f2a", "rewardkit runs show runs/quickstart/crome/seed-1")
        {
            run, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var row = Find(Index(parsed.GetRequiredValue(folder)).All(), parsed.GetRequiredValue(run));
            if (parsed.GetValue(json)) Json.Print(Facts(row));
            else Console.Write(RunsText.Show(row));
        }));
        return command;
    }

    private static Command Remove(Option<string> folder)
    {
        var (runs, verbose) = (Runs(folder, atLeast: 1), Shared.Verbose());
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new CommandWithExamples("rm", "Removes runs with their folders: the trained model, its log and its measurements.", "rewardkit runs rm 3f2a --yes")
        {
            runs, yes, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var index = Index(parsed.GetRequiredValue(folder));
            var all = index.All();
            var chosen = parsed.GetRequiredValue(runs).Select(r => Find(all, r)).DistinctBy(r => r.Id).ToArray();
            foreach (var row in chosen) RunRemoval.Check(row, all);
            if (!parsed.GetValue(yes))
            {
                if (Console.IsInputRedirected) throw RewardKitException.Input("runs rm asks before it removes anything; where nobody can answer, say --yes.");
                Console.Write($"{RunsText.List(chosen)}Remove {(chosen.Length == 1 ? "this run" : $"these {chosen.Length} runs")} with the folders? [y/N] ");
                if (Console.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes")) return;
            }
            foreach (var row in chosen)
            {
                RunRemoval.Remove(index, row);
                Console.WriteLine($"removed {row.Id}: {row.Folder}");
            }
        }));
        return command;
    }

    private static Argument<string[]> Runs(Option<string> folder, int atLeast) => new Argument<string[]>("RUN")
    {
        Description = "Ids, or beginnings of ids, or folders.",
        Arity = new ArgumentArity(atLeast, 100),
    }.OfRuns(folder);

    /// <summary>The index of a folder.</summary>
    internal static RunIndex Index(string folder) => Directory.Exists(folder)
        ? new(folder, Console.Error.WriteLine)
        : throw RewardKitException.Input($"There is no folder {Path.GetFullPath(folder)} with experiments. Name one with --runs DIR.");

    /// <summary>The run of an id, the beginning of one, or a folder.</summary>
    internal static RunRow Find(IReadOnlyList<RunRow> rows, string name)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(name));
        if (rows.FirstOrDefault(r => r.Folder == folder) is { } there) return there;
        var named = rows.Where(r => name.Length > 0 && r.Id.StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToArray();
        return named switch
        {
            [var one] => one,
            [] => throw RewardKitException.Input($"No run has an id that begins with \"{name}\", and none lies in that folder. `rewardkit runs` lists them."),
            _ => throw RewardKitException.Input($"\"{name}\" is the beginning of {named.Length} ids: {string.Join(", ", named.Take(8).Select(r => r.Id))}. Write more of it."),
        };
    }

    private static object Facts(RunRow row) => new
    {
        id = row.Id,
        state = RunsText.Of(row.State),
        experiment = row.Experiment,
        arm = row.Arm,
        seed = row.Seed,
        started = row.Started,
        ended = row.Ended,
        folder = row.Folder,
        host = row.Process?.Host,
        pid = row.Process?.Id,
        steps = row.Steps,
        seconds = row.Seconds,
        metrics = row.Metrics,
        about = row.About,
        settings = RunSettings.Of(row),
        key = row.Key,
        error = row.Error,
    };
}
