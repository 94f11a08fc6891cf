using System.Runtime.InteropServices;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Cli;

/// <summary>How a command ends: exit code 0, 1 (failure at work), 2 (usage or input) or 130 (stopped).</summary>
internal static class Outcome
{
    /// <summary>Does a command's work and tells what went wrong on standard error, in one message.</summary>
    /// <param name="verbose">Whether to print stack traces, too.</param>
    /// <param name="work">The work; its token is cancelled by Ctrl-C or a request to terminate.</param>
    /// <param name="whenStopped">What to add where a training was stopped that can go on.</param>
    /// <returns>The exit code.</returns>
    public static int Of(bool verbose, Action<CancellationToken> work, string whenStopped = "")
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            work(stop.Token);
            return 0;
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine(e is TrainingStoppedException ? e.Message + whenStopped : "stopped");
            return 130;
        }
        catch (Exception e)
        {
            return Tell(verbose, e);
        }

        // The first signal asks for an orderly end; the second one has its usual effect.
        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested) return;
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Tells on standard error what went wrong.</summary>
    /// <param name="verbose">Whether to print stack traces, too.</param>
    /// <param name="error">What was thrown.</param>
    /// <returns>The exit code.</returns>
    public static int Tell(bool verbose, Exception error)
    {
        Console.Error.WriteLine(error switch
        {
            _ when verbose => error.ToString(),
            RewardKitException known => known.Message,
            _ => $"Unexpected {error.GetType().Name}: {error.Message} (--verbose shows where)",
        });
        return (error as RewardKitException)?.ExitCode ?? 1;
    }
}
