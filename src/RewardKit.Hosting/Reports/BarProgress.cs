using System.Collections.Concurrent;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RewardKit.Hosting.Reports;

/// <summary>Progress on a terminal: a bar for each run with its stage, rate, time left, loss and accuracy.</summary>
internal sealed class BarProgress : IExperimentProgress
{
    private const int BarWidth = 20;
    // The bar, "100%" and a space behind each column.
    private const int TakenByBar = BarWidth + 8;
    private readonly IAnsiConsole _console;
    private readonly ProgressContext _context;
    private readonly FactsColumn _facts;
    private ProgressTask? _bar;
    private Pace _pace = new();

    private readonly int _width;
    private int _widestName;

    private BarProgress(IAnsiConsole console, ProgressContext context, FactsColumn facts) =>
        (_console, _context, _facts, _width) = (console, context, facts, console.Profile.Width);

    /// <summary>Shows bars while some work runs; they stay on the screen when it is done.</summary>
    public static T Show<T>(IAnsiConsole console, Func<IExperimentProgress, T> work)
    {
        var facts = new FactsColumn();
        return console.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = BarWidth }, new PercentageColumn(), facts)
            .Start(context => work(new BarProgress(console, context, facts)));
    }

    public void Failed(RunFailure failure)
    {
        // What could not even start has no bar.
        var name = Name(failure.Arm, failure.Seed);
        if (_bar?.Description != name) _bar = _context.AddTask(name);
        Say("failed");
        _bar.StopTask();
    }

    public void Started(string arm, int seed)
    {
        _bar = _context.AddTask(Name(arm, seed));
        _widestName = Math.Max(_widestName, _bar.Description.Length);
        _pace = new();
    }

    public void Advanced(string arm, int seed, TrainingProgress progress)
    {
        _pace.Begins(progress);
        _bar!.MaxValue = Math.Max(1, progress.Total);
        _bar.Value = progress.Done;
        Say(Pace.Fit(_pace.Facts(progress), _width - _widestName - TakenByBar));
    }

    // Above the bars, which are drawn again below it.
    public void Noted(string arm, int seed, string sentence) => _console.WriteLine($"{arm}, seed {seed}: {sentence}");

    public void Finished(RunResult run)
    {
        _bar!.Value = _bar.MaxValue;
        Say(run.Reused ? "found again" : "done");
        _bar.StopTask();
    }

    private static string Name(string arm, int? seed) => Markup.Escape(seed is null ? arm : $"{arm}, seed {seed}");

    private void Say(string text) => _facts.Of[_bar!.Id] = text;

    // Spectre draws from a thread of its own.
    private sealed class FactsColumn : ProgressColumn
    {
        public ConcurrentDictionary<int, string> Of { get; } = new();

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(Of.GetValueOrDefault(task.Id, ""));
    }
}
