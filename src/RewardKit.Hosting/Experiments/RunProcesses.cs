using System.Globalization;
using RewardKit.Hosting.Plugins;
using RewardKit.Torch;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// The processes that run the same script together. The first one leads: it alone looks for finished runs, evaluates, writes
/// files and talks. The others train along when it does, wait until it is done, and read the run that it stored.
/// </summary>
/// <param name="group">The processes, this one among them.</param>
public sealed class RunProcesses(ProcessGroup group)
{
    // Within this time a failure that all processes have in common has come about in all of them.
    private static readonly TimeSpan s_failuresApart = TimeSpan.FromSeconds(3);
    private int _run;

    internal ProcessGroup Group => group;

    internal bool Leads => group.Rank == 0;

    /// <summary>Does a run as the one that leads.</summary>
    /// <param name="name">What messages call the run.</param>
    /// <param name="key">What decides the training.</param>
    /// <param name="run">Does it; calls the action that it is given before it trains.</param>
    internal T Lead<T>(string name, string key, Func<Action, T> run)
    {
        var number = ++_run;
        var trains = false;
        try
        {
            var result = run(() => Begins("train"));
            if (!trains) Begins("found");
            Say(number, "end", "");
            return result;
        }
        catch (Exception e) when (e is not (OperationCanceledException or LostProcessException))
        {
            // Those who still train cannot be called back: they wait for this process, and it must not do anything else.
            if (trains && !Enumerable.Range(1, group.Size - 1).All(rank => group.Store.TryGet(Key(number, $"end of {rank}"), s_failuresApart) is not null))
                throw new OneProcessFailedException(name, e);
            if (!trains) Begins("found");
            Say(number, "end", PluginFault.Describe(e));
            throw;
        }

        void Begins(string how)
        {
            trains = how == "train";
            Say(number, "begin", $"{how} {key}");
        }
    }

    /// <summary>Does a run as one that follows.</summary>
    /// <param name="name">What messages call the run.</param>
    /// <param name="key">What decides the training, as this process sees it.</param>
    /// <param name="train">Trains along.</param>
    /// <param name="find">Finds the run, once it is stored.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal T Follow<T>(string name, string key, Action train, Func<T> find, CancellationToken cancellation)
    {
        var number = ++_run;
        var words = group.Store.Get(Key(number, "begin"), cancellation).Split(' ');
        if (words[1] != key)
            throw new OneProcessFailedException(name, RewardKitException.Failure(
                "This process would train something else than process 0. Script, data, plugins and RewardKit must be the same for all."));
        if (words[0] == "train")
        {
            try
            {
                train();
            }
            catch (Exception e) when (e is not (OperationCanceledException or LostProcessException))
            {
                Say(number, $"end of {group.Rank}", "");
                // Where the first one fails, too, that is the run's failure, and the next one can begin.
                if (group.Store.TryGet(Key(number, "end"), 2 * s_failuresApart) is null) throw new OneProcessFailedException(name, e);
                throw;
            }
            Say(number, $"end of {group.Rank}", "");
        }
        var failure = group.Store.Get(Key(number, "end"), cancellation);
        return failure.Length == 0 ? find() : throw RewardKitException.Failure(failure);
    }

    /// <summary>Has the one that leads do something before the others do, within a run that is trained.</summary>
    /// <param name="work">Does it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal T LeaderFirst<T>(Func<T> work, CancellationToken cancellation)
    {
        if (!Leads) group.Store.Get(Key(_run, "first"), cancellation);
        var result = work();
        if (Leads) Say(_run, "first", "done");
        return result;
    }

    private void Say(int number, string what, string text) => group.Store.Set(Key(number, what), text);

    private static string Key(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"run {number}/{what}");
}

/// <summary>What this process met and the others did not: they rely on it, so that the whole must end.</summary>
/// <param name="name">The run, at the beginning of a sentence.</param>
/// <param name="cause">What it met.</param>
public sealed class OneProcessFailedException(string name, Exception cause) : Exception($"{name} failed: {PluginFault.Describe(cause)}", cause);
