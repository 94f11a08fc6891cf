using System.Runtime.InteropServices;
using RewardKit.Hosting.Experiments;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;

namespace RewardKit.Cli;

/// <summary>How a command ends: exit code 0, 1 (failure at work), 2 (usage or input) or 130 (stopped).</summary>
internal static class Outcome
{
    /// <summary>The exit code of what was stopped.</summary>
    public const int Stopped = 130;

    /// <summary>Does a command's work and tells what went wrong on standard error, in one message.</summary>
    /// <param name="verbose">Whether to print stack traces, too.</param>
    /// <param name="work">The work; its token is cancelled by Ctrl-C or a request to terminate.</param>
    /// <param name="whenStopped">What to add where a training was stopped that can go on.</param>
    /// <returns>The exit code.</returns>
    /// <param name="interrupted">Takes a Ctrl-C that is not meant to end the command; false where it is.</param>
    public static int Of(bool verbose, Action<CancellationToken> work, string whenStopped = "", Func<bool>? interrupted = null) => Of(
        verbose,
        cancellation =>
        {
            work(cancellation);
            return 0;
        },
        whenStopped, interrupted);

    /// <summary>The same for work that decides its exit code.</summary>
    /// <param name="verbose">Whether to print stack traces, too.</param>
    /// <param name="work">The work.</param>
    /// <param name="whenStopped">What to add where a training was stopped that can go on.</param>
    /// <param name="interrupted">Takes a Ctrl-C that is not meant to end the command; false where it is.</param>
    public static int Of(bool verbose, Func<CancellationToken, int> work, string whenStopped = "", Func<bool>? interrupted = null)
    {
        using var stop = new CancellationTokenSource();
        // The terminal sends Ctrl-C to all its processes; whoever started this one passes it on, once.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, LocalProcesses.IsOne ? signal => signal.Cancel = true : Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return work(stop.Token);
        }
        catch (LostProcessException) when (stop.IsCancellationRequested)
        {
            // The others were asked to stop, too.
            Console.Error.WriteLine("stopped");
            return Stopped;
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine(e is TrainingStoppedException ? e.Message + whenStopped : "stopped");
            return Stopped;
        }
        catch (Exception e)
        {
            return Tell(verbose, e);
        }

        void Interrupt(PosixSignalContext signal)
        {
            if (interrupted?.Invoke() == true) signal.Cancel = true;
            else Stop(signal);
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
        // Whoever started the processes knows which was the first to fail, and shows that.
        if (error is LostProcessException && LocalProcesses.IsOne) return LocalProcesses.LostAnother;
        Console.Error.WriteLine(error switch
        {
            _ when verbose => error.ToString(),
            RewardKitException or OneProcessFailedException => error.Message,
            LostProcessException => $"Another process of this run is gone, or did not answer in time ({error.Message}). Its own message says why.",
            _ => $"Unexpected {error.GetType().Name}: {error.Message} (--verbose shows where)",
        });
        return (error as RewardKitException)?.ExitCode ?? 1;
    }
}
