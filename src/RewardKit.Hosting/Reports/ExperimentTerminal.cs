using RewardKit.Hosting.Experiments;
using RewardKit.Training;
using Spectre.Console;

namespace RewardKit.Hosting.Reports;

/// <summary>An experiment as a command shows it: bars while it runs, then the table and the files.</summary>
public static class ExperimentTerminal
{
    /// <summary>
    /// The console for standard output: colours and bars on a terminal; plain lines without control characters where
    /// output is redirected, or <c>NO_COLOR</c> or <c>TERM=dumb</c> ask for it.
    /// </summary>
    public static IAnsiConsole Console()
    {
        var redirected = System.Console.IsOutputRedirected;
        var plain = redirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Environment.GetEnvironmentVariable("TERM") is "dumb";
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        // A file has no width; lines are broken by whoever shows it.
        if (redirected) console.Profile.Width = 1000;
        return console;
    }

    private sealed class NoProgress : IExperimentProgress
    {
        public void Started(string arm, int seed) { }

        public void Advanced(string arm, int seed, TrainingProgress progress) { }

        public void Noted(string arm, int seed, string sentence) { }

        public void Finished(RunResult run) { }

        public void Failed(RunFailure failure) { }
    }

    /// <summary>Runs an experiment, writes <c>results.json</c> and <c>report.html</c>, and prints the result.</summary>
    /// <param name="runner">Runs it.</param>
    /// <param name="spec">The experiment.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="console">Where to show it, <see cref="Console"/> for one.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="RewardKitException">Something is wrong with the experiment, or a run failed.</exception>
    public static ExperimentResult Run(
        ExperimentRunner runner, ExperimentSpec spec, RunnerOptions options, IAnsiConsole console,
        CancellationToken cancellation = default)
    {
        var result = Watch(console, runner.Leads, progress => runner.Run(spec, options, progress, cancellation));
        if (runner.Leads) ResultTerminal.Print(result, ReportFiles.Write(result), console);
        return result;
    }

    /// <summary>Has trained models judged, and prints the result.</summary>
    /// <param name="evaluation">Judges them.</param>
    /// <param name="request">The models and the evaluators.</param>
    /// <param name="console">Where to show it; null for nowhere.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="RewardKitException">Something is wrong with what is asked for, or every model failed.</exception>
    public static ExperimentResult Evaluate(
        ModelEvaluation evaluation, EvaluationRequest request, IAnsiConsole? console, Action<string> notice, CancellationToken cancellation = default)
    {
        var result = console?.Profile.Capabilities is { Ansi: true, Interactive: true }
            ? console.Status().Start("loading", status => evaluation.Run(request, new Sentences(notice, text => status.Status(Markup.Escape(text))), cancellation))
            : evaluation.Run(request, new Sentences(notice, _ => { }), cancellation);
        if (console is not null) ResultTerminal.Print(result, [], console);
        return result;
    }

    private sealed class Sentences(Action<string> notice, Action<string> status) : IExperimentProgress
    {
        public void Started(string arm, int seed) => status(arm);

        public void Advanced(string arm, int seed, TrainingProgress progress) => status($"{arm}: {progress.Done} of {progress.Total} {progress.Unit}");

        public void Noted(string arm, int seed, string sentence) => notice($"{arm}: {sentence}");

        public void Finished(RunResult run) { }

        // The result has them.
        public void Failed(RunFailure failure) { }
    }

    /// <summary>Shows how far some work is: bars on a terminal, else lines.</summary>
    /// <param name="console">Where.</param>
    /// <param name="leads">Whether this process shows anything at all.</param>
    /// <param name="work">The work.</param>
    internal static T Watch<T>(IAnsiConsole console, bool leads, Func<IExperimentProgress, T> work) =>
        !leads ? work(new NoProgress())
        : console.Profile.Capabilities is { Ansi: true, Interactive: true } ? BarProgress.Show(console, work)
        : work(new LineProgress(console, TimeProvider.System));
}
