using RewardKit.Hosting.Plugins;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Hosting.Experiments;

/// <summary>Keeps what one run throws from the others.</summary>
internal sealed class RunFailures(IExperimentProgress progress, CancellationToken cancellation)
{
    private readonly List<RunFailure> _all = [];
    private Exception? _first;

    /// <summary>The failures so far.</summary>
    public IReadOnlyList<RunFailure> All => _all;

    /// <summary>Does a run's work. A plugin may throw anything; the user is told which run and which plugin it was.</summary>
    /// <returns>The run; null if it failed.</returns>
    /// <exception cref="RewardKitException">
    /// The input is wrong, a model folder for one, or the disk is full: that is no run's own, and the others would meet it, too.
    /// </exception>
    public RunResult? Catch(string arm, int? seed, string what, Func<RunResult> work)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is LostProcessException or OneProcessFailedException)
        {
            throw;
        }
        catch (RewardKitException e) when ((e.ExitCode == 2 || StorageFailure.IsFull(e)) && !PluginFault.IsPlugins(e))
        {
            throw;
        }
        catch (Exception e)
        {
            Add(arm, seed, $"{what} failed: {PluginFault.Describe(e)}", e);
            return null;
        }
    }

    /// <summary>Adds a failure.</summary>
    public void Add(string arm, int? seed, string message, Exception? cause = null)
    {
        _first ??= cause;
        var failure = new RunFailure(arm, seed, message, cause is null ? message : $"{message}\n{cause}");
        _all.Add(failure);
        progress.Failed(failure);
    }

    /// <summary>All failures as one, for an experiment in which nothing else is left to show.</summary>
    public RewardKitException AsException() => RewardKitException.Failure(string.Join('\n', _all.Select(f => f.Message)), _first);
}
