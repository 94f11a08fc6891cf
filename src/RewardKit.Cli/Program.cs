using System.CommandLine;
using RewardKit.Cli.Commands;
using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;
using RewardKit.Scripting;
using RewardKit.Torch;
using Spectre.Console;

namespace RewardKit.Cli;

/// <summary>The <c>rewardkit</c> command. Here, and only here, the parts are put together.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        // What stands behind `--` is the script's; cut off here, a mistyped option before it cannot pass for one of these.
        var end = Array.IndexOf(arguments, "--");
        var (own, forScript) = end < 0 ? (arguments, []) : (arguments[..end], arguments[(end + 1)..]);

        var root = new RootCommand(
            "Trains and compares reward models, as F# scripts describe them, with methods that are plugins.")
        {
            RunCommand.Create(forScript),
            WatchCommand.Create(forScript),
            CheckCommand.Create(forScript),
            InitCommand.Create(),
            NewCommand.Create(),
            RunsCommand.Create(),
            BoardCommand.Create(),
            CompareCommand.Create(),
            ReportCommand.Create(),
            PluginCommand.Create(),
            DataCommand.Create(),
            TokenizeCommand.Create(),
            GenerateCommand.Create(),
            ChatCommand.Create(),
            ScoreCommand.Create(),
            EvaluateCommand.Create(),
            ModelCommand.Create(),
            ConformanceCommand.Create(),
            DoctorCommand.Create(),
            CompletionCommand.Create(),
            // Shows how a command line is understood; nothing is done.
            new DiagramDirective(),
        };
        CommandWithExamples.ShowIn(
            root,
            "rewardkit init my-experiments                  # set up a folder with a first script",
            "rewardkit new sweep                            # begin a script with one that comes with RewardKit",
            "rewardkit run scripts/quickstart.fsx           # run an experiment to its report",
            "rewardkit run scripts/quickstart.fsx -- small  # with an argument for the script",
            "rewardkit run scripts/mine.fsx --processes 2   # in two processes that train together",
            "rewardkit watch scripts/mine.fsx               # run it again whenever it or a plugin of it changes",
            "rewardkit check scripts/quickstart.fsx         # find mistakes without running it",
            "rewardkit runs                                 # what was run, with what settings and results",
            "rewardkit board                                # the same in the browser, with live curves",
            "rewardkit plugin list                          # the methods that are installed",
            "rewardkit data inspect pairs.jsonl             # what a file of preference pairs holds",
            "rewardkit conformance FOLDER                   # whether a plugin keeps the rules of its contract",
            "rewardkit tokenize models/llama < texts.jsonl  # the tokens that a model gets",
            "rewardkit generate FOLDER < prompts.jsonl      # what a model says",
            "rewardkit model inspect FOLDER                 # what a model folder or an adapter holds",
            "rewardkit doctor                               # what libtorch and GPU are used, and what is wrong with them");
        var parsed = root.Parse(own);
        if (!UsageErrors.Are(parsed))
            return parsed.Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

        return UsageErrors.Tell(parsed);
    }

    /// <summary>Compiles scripts, and generates what they load from the plugins in the catalog.</summary>
    internal static ScriptHost Scripts(PluginCatalog catalog) =>
        new(ScriptHost.DefaultCacheFolder, () => GeneratedScript.text(catalog.Plugins.Select(p => p.Description)));

    /// <summary>Runs a script to its end. The plugins of an experiment are unloaded when it ends.</summary>
    /// <param name="host">Makes its plugins.</param>
    /// <param name="script">The script's file.</param>
    /// <param name="arguments">The script's own arguments.</param>
    /// <param name="options">How to run its experiments.</param>
    /// <param name="console">Where to show them.</param>
    /// <param name="verbose">Whether to tell failures with stack traces.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <param name="place">Which of several processes this one is; null for the only one.</param>
    /// <param name="timeout">How long to wait for another process before it counts as lost.</param>
    /// <exception cref="RewardKitException">The script is wrong, it threw, or runs of its experiments failed.</exception>
    internal static void RunScript(
        PluginHost host, string script, string[] arguments, RunnerOptions options, IAnsiConsole console, bool verbose,
        CancellationToken cancellation, ProcessPlace? place = null, TimeSpan? timeout = null)
    {
        ProcessGroup? group = null;
        RunProcesses? processes = null;
        var failures = new List<RunFailure>();
        using var work = new ScriptWork(host, place, console, options.Fresh);
        Scripts(host.Catalog).Run(
            new ScriptContext(script, arguments, RunExperiment, cancellation) { Follows = place is { Rank: > 0 }, Work = work }, Console.Error.WriteLine);
        // Only after all went well: who failed does not wait for the others.
        group?.Dispose();
        // The script has done what it could with the rest.
        if (failures.Count > 0)
            throw RewardKitException.Failure(string.Join('\n', failures.Select(f => verbose ? f.Details : f.Message)));

        ExperimentResult RunExperiment(ExperimentSpec spec)
        {
            // Training needs the memory.
            work.Release();
            using var plugins = host.Open();
            var models = new TorchModels(place);
            if (place is { Size: > 1 } && group is null) processes = new(group = Join(place, models.Device));
            var runner = new ExperimentRunner(plugins, models, processes);
            var result = ExperimentTerminal.Run(runner, spec, options, console, cancellation);
            failures.AddRange(result.Failures);
            return result;
        }

        ProcessGroup Join(ProcessPlace place, TorchSharp.torch.Device device)
        {
            try
            {
                return ProcessGroup.Join(place, device, timeout ?? ProcessGroup.DefaultTimeout);
            }
            catch (NotSupportedException e)
            {
                throw RewardKitException.Failure(e.Message, e);
            }
        }
    }
}
