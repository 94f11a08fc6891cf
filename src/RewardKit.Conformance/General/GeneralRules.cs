using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance;

/// <summary>What every plugin keeps, whatever its kind.</summary>
internal static class GeneralRules
{
    [Rule("G01", RuleKind.Required,
        Protects = "Scripts, lists and checks know a plugin by its manifest alone. One that is not true sends people's options astray.",
        Fix = "Rebuild: the SDK writes plugin.json from the assembly. Never edit it, and copy the output folder as a whole.")]
    public static void Manifest_is_true_to_the_assembly(Subject subject)
    {
        if (ManifestCheck.Difference(InstalledPlugin.Of(subject)) is { } difference) throw Verdict.Broken(difference);
    }

    [Rule("G02", RuleKind.Required,
        Protects = "A report says which options a run had. An option that silently becomes another value makes it lie.",
        Fix = "Keep the value that is set ({ get; init; }), refuse it in words if it makes no sense, and let the defaults be the "
            + "property initialisers' alone.")]
    public static void Options_keep_what_is_set(Subject subject) => OptionRules.KeepWhatIsSet(InstalledPlugin.Loaded(subject), subject);

    [Rule("G03", RuleKind.Required,
        Protects = "A mistyped option must stop an experiment before it begins, not spoil its numbers.",
        Fix = "Give every number a [Range], every choice an enumeration or [AllowedValues]; NaN lies in no range. What depends on several "
            + "options, refuse in the constructor with RewardKitException.Input.")]
    public static void Bad_option_values_are_refused(Subject subject) => OptionRules.RefuseBadValues(InstalledPlugin.Loaded(subject));

    [Rule("G04", RuleKind.Required,
        Protects = "An experiment that cannot be repeated proves nothing; finished runs are found again by content and seed.",
        Fix = "Draw every random number from new Random(seed) or torch's generator, never from Random.Shared, Guid or the clock, and let no "
            + "result depend on the order of a hash set.")]
    public static void Same_seed_gives_the_same_result(Subject subject) =>
        Verdict.Same(subject.UseNew(0, seed: 5).Difference(subject.UseNew(0, seed: 5), 0), "two new plugins with the same input and seed");

    [Rule("G05", RuleKind.Required,
        Protects = "Whoever presses Ctrl-C wants an end now, and a run that resumes from what was finished.",
        Fix = "Hand the cancellation token on to every stream, scorer and model that takes one, call ThrowIfCancellationRequested in long loops, and "
            + "let the OperationCanceledException through.")]
    public static void Cancellation_is_honoured_within_a_second(Subject subject)
    {
        if (subject.LongWorks.Count == 0)
            throw Verdict.NotTested("The contract has no cancellation token: the host stops between calls.");
        foreach (var (what, work) in subject.LongWorks)
        {
            var took = Stop(subject, what, work);
            // A machine that is busy elsewhere may take its time once, but not three times.
            for (var again = 0; again < 2 && took > TimeSpan.FromSeconds(1); again++) took = Stop(subject, what, work);
            if (took > TimeSpan.FromSeconds(1)) throw Verdict.Broken($"{what}, it ended {Numbers.Show(Math.Round(took.TotalSeconds, 1))} s after it was cancelled");
        }
    }

    [Rule("G06", RuleKind.Required,
        Protects = "One object may serve several seeds and runs. What it remembers of one leaks into the next.",
        Fix = "Keep only options in fields; let everything else live inside the call.")]
    public static void Nothing_is_kept_between_calls(Subject subject)
    {
        var plugin = subject.Make();
        var first = subject.Use(plugin, 0, 5, CPU);
        subject.Use(plugin, 1, 6, CPU);
        Verdict.Same(first.Difference(subject.Use(plugin, 0, 5, CPU), 1e-9), "the same input again, after another one between");
    }

    [Rule("G07", RuleKind.Required,
        Protects = "Who says that several threads may call it is called by several threads.",
        Fix = "Share nothing that changes between calls, or take PluginTraits.ThreadSafe away: then one thread calls at a time.")]
    public static void Several_threads_may_call_it(Subject subject)
    {
        if (!subject.Has(PluginTraits.ThreadSafe))
            throw Verdict.NotTested("The plugin does not claim it (PluginTraits.ThreadSafe): the host calls it by one thread at a time.");
        const int threads = 4, rounds = 5;
        var plugin = subject.Make();
        var expected = Enumerable.Range(0, 2).Select(scenario => subject.Use(subject.Make(), scenario, 5, CPU)).ToArray();
        var found = new string?[threads];
        using var start = new Barrier(threads);
        var workers = Enumerable.Range(0, threads).Select(place => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                for (var round = 0; round < rounds && found[place] is null; round++)
                {
                    var scenario = (place + round) % 2;
                    found[place] = expected[scenario].Difference(subject.Use(plugin, scenario, 5, CPU), 1e-9);
                }
            }
            catch (Exception e)
            {
                found[place] = $"{e.GetType().Name}: {e.Message}";
            }
        })).ToArray();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        Verdict.Same(found.FirstOrDefault(f => f is not null), $"alone, then with {threads} threads in the same object");
    }

    [Rule("G08", RuleKind.Required,
        Protects = "A rebuilt plugin is loaded again and again while an experiment is written. One that stays in memory fills it, and runs on.",
        Fix = "End threads and timers in Dispose, undo what you subscribe to (static events of the framework above all), and put no type of the "
            + "plugin into a cache that outlives it: System.Text.Json's and TypeDescriptor's do.")]
    public static void Unloads_after_use(Subject subject)
    {
        InstalledPlugin.Loaded(subject);
        if (InstalledPlugin.UseAndEnd(subject).WaitForUnload() is [var stuck, ..]) throw Verdict.Broken(stuck.Message);
    }

    [Rule("G09", RuleKind.Required,
        Protects = "A tensor that stays alive in each step fills the GPU hours later, far from its cause.",
        Fix = "Make tensors inside a torch.NewDisposeScope(), take none out of it but what the contract returns, keep none in a field; run with "
            + "REWARDKIT_TRACE_TENSORS=1 to see where those are made that stay.")]
    public static void Leaves_no_tensor(Subject subject)
    {
        var before = RewardKit.Torch.LiveTensors.Count;
        var plugin = subject.Make();
        subject.Use(plugin, 0, 5, CPU);
        (plugin as IDisposable)?.Dispose();
        if (RewardKit.Torch.LiveTensors.Count - before is > 0 and var left) throw Verdict.Broken($"after use, {left} tensors are still alive");
    }

    [Rule("G10", RuleKind.Required,
        Protects = "What is written on a laptop is trained on a GPU, and checked on a machine without one.",
        Fix = "Make new tensors on the device of those that are given: torch.zeros(n, device: rewards.device).")]
    public static void Works_on_every_device(Subject subject)
    {
        if (!subject.HasDevice) throw Verdict.NotTested("The contract has no device: the models behind it have one.");
        if (!cuda.is_available()) throw Verdict.NotTested("There is no GPU on this machine. All other rules were tested on the CPU.");
        Verdict.Same(subject.UseNew(0, 5).Difference(subject.Use(subject.Make(), 0, 5, CUDA), 1e-6), "on the CPU, then on the GPU");
    }

    [Rule("G11", RuleKind.Required,
        Protects = "Options are there to be turned. The formula must hold at each value that the manifest allows, not at the defaults alone.",
        Fix = "Repair it at that value, narrow the [Range] to where it works, or refuse the value with RewardKitException.Input.")]
    public static void Every_option_value_keeps_the_rules(Subject subject) => OptionRules.KeepRules(InstalledPlugin.Loaded(subject), subject);

    [Rule("G12", RuleKind.Untested,
        Protects = "A plugin is code and runs with its user's rights: it could read, write or send whatever they can.",
        Fix = "Say in the README which files and addresses it uses, and use no others.")]
    public static void Touches_nothing_else(Subject subject) => throw Verdict.NotTested("A kit cannot see files and networks.");

    // How long work goes on after it was cancelled.
    private static TimeSpan Stop(Subject subject, string what, Action<object, CancellationToken> work)
    {
        var plugin = subject.Make();
        using var stop = new CancellationTokenSource();
        var running = Task.Factory.StartNew(() => work(plugin, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Thread.Sleep(100);
        var watch = Stopwatch.StartNew();
        stop.Cancel();
        try
        {
            running.Wait();
        }
        catch (AggregateException e) when (e.InnerException is OperationCanceledException)
        {
            return watch.Elapsed;
        }
        catch (AggregateException e)
        {
            throw Verdict.Broken($"{what}, it was cancelled and threw {e.InnerException!.GetType().Name}: {e.InnerException.Message}");
        }
        throw Verdict.Broken($"{what}, it was cancelled but ended as if its work were done");
    }
}
