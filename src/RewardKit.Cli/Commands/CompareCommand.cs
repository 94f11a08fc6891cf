using System.CommandLine;
using RewardKit.Hosting.Runs;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit compare A B</c>, and <c>rewardkit runs compare</c>.</summary>
internal static class CompareCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = RunsCommand.Folder();
        var command = Create(
            folder,
            "rewardkit compare runs/quickstart",
            "rewardkit compare 3f2a 91c0 --json",
            "rewardkit compare runs/quickstart/crome/seed-1 runs/sweep/crome/seed-1");
        command.Options.Add(folder);
        return command;
    }

    /// <summary>The command with the option of another.</summary>
    /// <param name="folder">The option that names the folder of the experiments.</param>
    /// <param name="examples">Whole command lines.</param>
    public static Command Create(Option<string> folder, params string[] examples)
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "Ids or beginnings of ids, runs' folders, or experiments' folders, which stand for their arms.",
            Arity = new ArgumentArity(1, 100),
        }.OfRuns(folder);
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "compare",
            """
            Shows the settings in which runs differ and their measurements side by side. Where they were judged alike on the same
            items, each two are compared item by item, as the arms in a report are: differences with 95 % intervals, and p
            corrected for their number.
            """,
            examples)
        {
            runs, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var sides = parsed.GetRequiredValue(runs).SelectMany(name => Sides(name, parsed.GetRequiredValue(folder))).DistinctBy(side => side.Runs[0].Folder).ToArray();
            if (sides.Length < 2) throw RewardKitException.Input($"There is one run, {sides[0].Name}, and nothing to compare it with. Name another, or an experiment with several arms.");
            var found = RunComparison.Of(sides);
            if (parsed.GetValue(json)) Json.Print(Facts(sides, found));
            else Console.Write(CompareText.Of(sides, found));
        }));
        return command;
    }

    // An experiment's folder stands for its arms, each with all its seeds.
    private static IEnumerable<ComparedRuns> Sides(string name, string folder)
    {
        var place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(name));
        // A name of three letters may be a run's id, too, but a folder that is there is meant.
        if (!Directory.Exists(place)) return [One(RunsCommand.Find(RunsCommand.Index(folder).All(), name))];
        if (Path.GetFileName(place).StartsWith("seed-", StringComparison.Ordinal) && Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(place))) is { } above)
            return [One(RunsCommand.Find(RunsCommand.Index(above).All(), place))];
        var experiment = RunsCommand.Index(Path.GetDirectoryName(place)!).All().Where(run => Path.GetDirectoryName(Path.GetDirectoryName(run.Folder)) == place).ToArray();
        return experiment.Length > 0
            ? experiment.GroupBy(run => run.Arm).Select(arm => new ComparedRuns($"{Path.GetFileName(place)}/{arm.Key}", [.. arm.OrderBy(run => run.Seed)]))
                .OrderBy(side => side.Name, StringComparer.Ordinal)
            : throw RewardKitException.Input($"{place} is neither a run's folder, as runs/quickstart/crome/seed-1, nor an experiment's, as runs/quickstart.");

        static ComparedRuns One(RunRow run) => new(run.Id, [run]);
    }

    private static object Facts(ComparedRuns[] sides, RunComparison found) => new
    {
        runs = sides.Select(side => new
        {
            name = side.Name,
            runs = side.Runs.Select(run => new { id = run.Id, experiment = run.Experiment, arm = run.Arm, seed = run.Seed, state = run.State, folder = run.Folder }),
            metrics = CompareText.Metrics(side).ToDictionary(metric => metric, metric => new
            {
                mean = CompareText.Mean(side, metric),
                low = found.Rows.FirstOrDefault(row => row.Arm == side.Name && row.Metric == metric)?.Interval?.Low,
                high = found.Rows.FirstOrDefault(row => row.Arm == side.Name && row.Metric == metric)?.Interval?.High,
            }),
        }),
        settings = CompareText.Differing(sides).ToDictionary(setting => setting.Name, setting => setting.Values),
        comparisons = found.Comparisons.Select(c => new
        {
            metric = c.Metric,
            first = c.First,
            second = c.Second,
            difference = c.Difference,
            low = c.Interval.Low,
            high = c.Interval.High,
            p = c.P,
            correctedP = c.CorrectedP,
            n = c.Items,
            distinct = c.Distinct,
        }),
        apart = found.Apart,
    };
}
