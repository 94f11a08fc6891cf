namespace RewardKit.Conformance;

/// <summary>Scorers whose rewards are known beforehand, for the rules and for authors' own tests.</summary>
public static class ScriptedScorers
{
    /// <summary>
    /// Gives every chosen response 1, every rejected one 0, and both responses of a tie ½; at places within them, a number above 0
    /// where the step is right, and below 0 where not. It refuses texts that are not among the pairs.
    /// </summary>
    /// <param name="pairs">The pairs it knows.</param>
    public static IScorer Perfect(IReadOnlyList<PreferenceExample> pairs) => ByKnowledge("perfect", pairs, reward => reward);

    /// <summary>Gives every chosen response 0, every rejected one 1, as if it had learnt the opposite.</summary>
    /// <param name="pairs">The pairs it knows.</param>
    public static IScorer Reversed(IReadOnlyList<PreferenceExample> pairs) => ByKnowledge("reversed", pairs, reward => 1 - reward);

    /// <summary>Gives every response the same.</summary>
    public static IScorer Constant() => new ScriptedScorer("constant", _ => 0.5);

    /// <summary>Gives each response a number between 0 and 1 that has nothing to do with its worth; at places within it, one between -½ and ½.</summary>
    /// <param name="seed">Decides the numbers.</param>
    public static IScorer Random(int seed) => new ScriptedScorer("random", request => Chance(request, seed))
    {
        At = (request, end) => Chance(new(request.Prompt, Conversation.Assistant(request.Response.LastContent[..end])), seed) - 0.5,
    };

    /// <summary>Says which of two responses another scorer gives the higher reward, and has no reward for one, as a pairwise model.</summary>
    /// <param name="scorer">The other scorer.</param>
    public static IPairScorer Comparing(IScorer scorer) => new ComparingScorer(scorer);

    /// <summary>As <see cref="Random"/>, but so slow that only a cancellation ends it soon.</summary>
    internal static ScriptedScorer Slow() =>
        new ScriptedScorer("slow", request => Chance(request, 1)) { Pause = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.FromSeconds(3) };

    /// <summary>Has nothing to say of any response, as a model that is trained to write.</summary>
    internal static IScorer Silent() => new ScriptedScorer(
        "silent", _ => throw Verdict.Broken("it asks the scorer, and by its Needs it judges what the model writes: such a model need not have a reward"));

    private static ScriptedScorer ByKnowledge(string name, IReadOnlyList<PreferenceExample> pairs, Func<double, double> turned)
    {
        var (known, steps) = (new Dictionary<ScoreRequest, double>(), new Dictionary<(ScoreRequest, int), double>());
        foreach (var pair in pairs)
        {
            var tie = pair.Relation == Relation.Tie;
            known[new(pair.Prompt, pair.Chosen)] = tie ? 0.5 : 1;
            known[new(pair.Prompt, pair.Rejected)] = tie ? 0.5 : 0;
            foreach (var (end, right) in pair.ChosenSteps ?? Enumerable.Empty<StepLabel>()) steps[(new(pair.Prompt, pair.Chosen), end)] = right;
            foreach (var (end, right) in pair.RejectedSteps ?? Enumerable.Empty<StepLabel>()) steps[(new(pair.Prompt, pair.Rejected), end)] = right;
        }
        return new(name, request => known.TryGetValue(request, out var reward) ? turned(reward) : throw new UnknownTextException(name, request))
        {
            At = (request, end) => steps.TryGetValue((request, end), out var right) ? turned(right) - 0.5 : throw new UnknownTextException(name, request),
        };
    }

    // A hash of the text, the same in every process.
    private static double Chance(ScoreRequest request, int seed)
    {
        var hash = 14_695_981_039_346_656_037 + (ulong)seed;
        foreach (var message in request.Prompt.Messages.Concat(request.Response.Messages))
            foreach (var letter in message.Content)
                hash = unchecked((hash ^ letter) * 1_099_511_628_211);
        hash = unchecked((hash ^ (hash >> 31)) * 0x9E3779B97F4A7C15);
        return ((hash >> 11) + 0.5) / (1UL << 53);
    }
}

/// <summary>A scorer that is a function.</summary>
/// <param name="name">Its name.</param>
/// <param name="reward">The function.</param>
internal sealed class ScriptedScorer(string name, Func<ScoreRequest, double> reward) : IPlaceScorer
{
    private long? _begin;

    /// <summary>The reward at a place in a response; unless given, that of the response up to there.</summary>
    public Func<ScoreRequest, int, double>? At { get; init; }

    /// <summary>How long each response takes.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>How long after the first one the rest comes at once, so that nothing hangs that ignores its token.</summary>
    public TimeSpan Patience { get; init; }

    public string Name => name;

    /// <summary>How many responses were scored.</summary>
    public int Asked { get; private set; }

    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var begin = _begin ??= Environment.TickCount64;
        var rewards = new double[requests.Count];
        for (var i = 0; i < rewards.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Pause > TimeSpan.Zero && Environment.TickCount64 - begin < Patience.TotalMilliseconds) cancellation.WaitHandle.WaitOne(Pause);
            rewards[i] = reward(requests[i]);
            Asked++;
        }
        return rewards;
    }

    public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) => At is null
        ? [.. requests.Select(of => Score([.. of.Ends.Select(end => new ScoreRequest(of.Prompt, Conversation.Assistant(of.Response.LastContent[..end])))], cancellation))]
        : [.. requests.Select(of => of.Ends.Select(end => At(new(of.Prompt, of.Response), end)).ToArray())];
}

/// <summary>A scorer was asked about a text that its script does not have.</summary>
internal sealed class UnknownTextException(string scorer, ScoreRequest request)
    : Exception($"The kit's {scorer} scorer was asked about a text that is not among the pairs: \"{request.Response.LastContent}\".");

/// <summary>A scorer that compares.</summary>
internal sealed class ComparingScorer(IScorer scorer) : IPairScorer
{
    public string Name => $"{scorer.Name}, comparing";

    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default)
    {
        var rewards = scorer.Score([.. requests.SelectMany(r => (ScoreRequest[])[new(r.Prompt, r.First), new(r.Prompt, r.Second)])], cancellation);
        return [.. requests.Select((_, i) => rewards[2 * i] - rewards[2 * i + 1])];
    }
}
