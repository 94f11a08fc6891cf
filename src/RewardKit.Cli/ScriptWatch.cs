using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using RewardKit.Cli.Commands;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Plugins.Reloading;
using RewardKit.Hosting.Reports;
using Spectre.Console;

namespace RewardKit.Cli;

/// <summary>
/// Runs a script again and again. One thread runs it; another one watches the files, takes new generations of plugins as soon
/// as they are whole, and says when there is something to run again.
/// </summary>
internal sealed class ScriptWatch : IDisposable
{
    // A build may pause between two files. Only what stays wrong for this long is worth a message.
    private static readonly TimeSpan BeforeComplaint = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UnloadPatience = TimeSpan.FromMilliseconds(500);

    private readonly string _script;
    private readonly string[] _arguments;
    private readonly bool _verbose;
    private readonly IAnsiConsole _console = ExperimentTerminal.Console();
    private readonly PluginGenerations _generations;
    private readonly FileWatch _files = new();
    private readonly BlockingCollection<Exception?> _again = [];
    private volatile IReadOnlyList<string> _scriptFiles = [];

    // What the last run used, and whether it went well; null while one is under way.
    private volatile Ended? _ended;
    private volatile CancellationTokenSource? _underWay;

    private sealed record Ended(bool Well, IReadOnlySet<string> Used);

    /// <summary>Finds the plugins and the script.</summary>
    /// <exception cref="RewardKitException">One of them is not there.</exception>
    public ScriptWatch(string script, string[] arguments, string[] plugins, bool verbose)
    {
        (_script, _arguments, _verbose) = (Path.GetFullPath(script), arguments, verbose);
        _generations = new(() => Shared.Catalog(plugins, script));
        try
        {
            Program.Scripts(_generations.Catalog).Files(script);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Runs and watches until it is stopped.</summary>
    public void Run(CancellationToken cancellation)
    {
        Watch();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var follower = Task.Factory.StartNew(() => Follow(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            while (true)
            {
                RunOnce(cancellation);
                if (_again.Count == 0) _console.WriteLine($"Watching {Path.GetFileName(_script)} and its plugins; Ctrl-C ends it.");
                if (_again.Take(cancellation) is { } broken) throw broken;
                while (_again.TryTake(out var more))
                    if (more is not null) throw more;
            }
        }
        finally
        {
            stop.Cancel();
            follower.Wait(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _files.Dispose();
        _generations.Dispose();
        _again.Dispose();
    }

    private void RunOnce(CancellationToken cancellation)
    {
        _generations.Sweep();
        using var superseded = new CancellationTokenSource();
        // A plugin may hang itself on the script's cancellation; this one ends with the run.
        using var run = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        (_underWay, _ended) = (superseded, null);
        Watch();
        var host = new PluginHost(_generations.Catalog, warn: Console.Error.WriteLine);
        var well = RunScript(host, superseded.Token, run.Token, cancellation);
        (_underWay, _ended) = (null, new(well, host.Used));
        foreach (var stuck in host.WaitForUnload(UnloadPatience)) Console.Error.WriteLine(stuck.Message);
    }

    // Apart, so that nothing of a plugin is held when it is waited for.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool RunScript(PluginHost host, CancellationToken superseded, CancellationToken run, CancellationToken cancellation)
    {
        try
        {
            Program.RunScript(host, _script, _arguments, new(Superseded: superseded), _console, _verbose, run);
            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || superseded.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            return true;
        }
        catch (Exception e)
        {
            Outcome.Tell(_verbose, e);
            return false;
        }
    }

    private void Follow(CancellationToken stop)
    {
        var complaints = new List<string>();
        var told = new HashSet<string>();
        while (true)
        {
            try
            {
                var changed = _files.Wait(complaints.Count > 0 ? BeforeComplaint : Timeout.InfiniteTimeSpan, stop);
                // When nothing has come for a while, what was wrong is looked at once more.
                var ofScript = changed.Any(_scriptFiles.Contains);
                PluginChange[] loaded = [];
                if (changed.Count == 0 || !changed.All(_scriptFiles.Contains))
                {
                    var changes = _generations.Refresh();
                    loaded = [.. changes.Where(c => c.Problem is null)];
                    complaints = [.. changes.Where(c => c.Problem is not null).Select(c => c.Message)];
                    told.IntersectWith(complaints);
                }
                Watch();
                if (changed.Count == 0)
                {
                    foreach (var complaint in complaints.Where(told.Add)) Console.Error.WriteLine(complaint);
                    complaints = [];
                }
                foreach (var change in loaded) _console.WriteLine(change.Message);
                if (ofScript || IsToRunAgain(loaded)) Again(null);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (RewardKitException e)
            {
                Outcome.Tell(_verbose, e);
            }
            catch (Exception e)
            {
                // Nothing that goes on by itself: the command ends with it.
                Again(e);
                return;
            }
        }
    }

    private bool IsToRunAgain(PluginChange[] loaded) =>
        loaded.Length > 0 && (_ended is not { } ended || !ended.Well || loaded.Any(c => ended.Used.Contains(c.Folder!)));

    private void Again(Exception? broken)
    {
        _again.Add(broken);
        try
        {
            if (_underWay is not { IsCancellationRequested: false } underWay) return;
            underWay.Cancel();
            _console.WriteLine("The run under way goes on to its end with what it began with; then the script begins anew.");
        }
        catch (ObjectDisposedException)
        {
            // The run has just ended by itself.
        }
    }

    private void Watch()
    {
        try
        {
            _scriptFiles = Program.Scripts(_generations.Catalog).Files(_script);
        }
        catch (RewardKitException)
        {
            // The script itself is gone or refused, which running it says; what it was made of is still watched.
            if (_scriptFiles.Count == 0) _scriptFiles = [_script];
        }
        _files.Watch([.. _scriptFiles.Select(f => new WatchedPath(f, 0)), .. _generations.Paths]);
    }
}
