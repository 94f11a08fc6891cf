namespace RewardKit.Conformance;

/// <summary>Policies whose log-probabilities are known beforehand, for the rules and for authors' own tests.</summary>
public static class ScriptedPolicies
{
    /// <summary>
    /// Gives each response a log-probability that has nothing to do with its worth, and a token for each of its words.
    /// </summary>
    /// <param name="seed">Decides the numbers.</param>
    public static IPolicy Random(int seed) => Of(request => Chance(request, seed), "random");

    /// <summary>Answers by a function.</summary>
    /// <param name="logProb">The function.</param>
    /// <param name="name">The policy's name.</param>
    public static IPolicy Of(Func<ScoreRequest, ResponseLogProb> logProb, string name = "scripted") => new ScriptedPolicy(name, logProb);

    /// <summary>A policy for each name, the same for the same name.</summary>
    internal static IPolicy Named(string name) => Random(name.Aggregate(17, (sum, letter) => unchecked(sum * 31 + letter)));

    /// <summary>As <see cref="Random"/>, but so slow that only a cancellation ends it soon.</summary>
    internal static ScriptedPolicy Slow() =>
        new("slow", request => Chance(request, 1)) { Pause = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.FromSeconds(3) };

    private static ResponseLogProb Chance(ScoreRequest request, int seed)
    {
        var tokens = 1 + request.Response.Messages.Sum(message => message.Content.Count(letter => letter == ' ') + 1);
        return new(-tokens * (0.5 + 2 * ScriptedScorers.Random(seed).Score([request])[0]), tokens);
    }
}

/// <summary>A policy that is a function.</summary>
/// <param name="name">Its name.</param>
/// <param name="logProb">The function.</param>
internal sealed class ScriptedPolicy(string name, Func<ScoreRequest, ResponseLogProb> logProb) : IPolicy
{
    private long? _begin;

    /// <summary>How long each response takes.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>How long after the first one the rest comes at once, so that nothing hangs that ignores its token.</summary>
    public TimeSpan Patience { get; init; }

    public string Name => name;

    /// <summary>How many responses it was asked for.</summary>
    public int Asked { get; private set; }

    public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var begin = _begin ??= Environment.TickCount64;
        var results = new ResponseLogProb[requests.Count];
        for (var i = 0; i < results.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Pause > TimeSpan.Zero && Environment.TickCount64 - begin < Patience.TotalMilliseconds) cancellation.WaitHandle.WaitOne(Pause);
            results[i] = logProb(requests[i]);
            Asked++;
        }
        return results;
    }
}
