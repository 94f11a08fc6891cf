using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>A scorer composer under test.</summary>
/// <param name="make">Makes the composer with the options to test; called often.</param>
public sealed class ComposerSubject(Func<IScorerComposer> make) : Subject
{
    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Composer;

    /// <summary>What stands in for the text generator: the same request, the same answer.</summary>
    public ITextGenerator Generator { get; init; } = ScriptedGenerators.Verdicts();

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) => new ComposerSubject(() => session.CreateComposer(use)) { Traits = Traits, Generator = Generator };

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks =>
    [
        Has(PluginTraits.NoMembers)
            ? ("scoring with a slow generator", (plugin, stop) => Score(((IScorerComposer)plugin).Compose([], new(References, 1, new SlowGenerator(Generator)), stop), Requests(200), stop))
            : ("scoring with slow members", (plugin, stop) =>
            {
                var slow = new ScorerMember(new Slow()) { Writer = ScriptedGenerators.Words(), Policy = ScriptedPolicies.Slow(), Reference = ScriptedPolicies.Slow() };
                Score(((IScorerComposer)plugin).Compose([slow], Context(1), stop), Requests(200), stop);
            }),
    ];

    internal override Transcript Use(object plugin, int scenario, int seed, torch.Device device)
    {
        var transcript = new Transcript();
        var scorer = ((IScorerComposer)plugin).Compose(Given(Members(3 + scenario)), Context(seed), CancellationToken.None);
        transcript.Add("the scores", [.. Score(scorer, Requests(12))]);
        transcript.Add("the scores once more", [.. Score(scorer, Requests(5))]);
        return transcript;
    }

    /// <summary>Scores of a new composition; of one that has no members, without them.</summary>
    internal IReadOnlyList<double> Scores(
        IReadOnlyList<ScorerMember> members, IReadOnlyList<ScoreRequest>? requests = null, CompositionContext? context = null) =>
        Score(Composed(Given(members), context), requests ?? Requests(12), CancellationToken.None);

    /// <summary>A new composition of just these members.</summary>
    internal IScorer Composed(IReadOnlyList<ScorerMember> members, CompositionContext? context = null) =>
        make().Compose(members, context ?? Context(1), CancellationToken.None);

    /// <summary>Ends a rule about members.</summary>
    /// <exception cref="NotTestedException">It has none.</exception>
    internal void HasMembers()
    {
        if (Has(PluginTraits.NoMembers)) throw Verdict.NotTested("The composer says that it is made of nothing (PluginTraits.NoMembers).");
    }

    internal IReadOnlyList<ScorerMember> Given(IReadOnlyList<ScorerMember> members) => Has(PluginTraits.NoMembers) ? [] : members;

    internal ComposerNeeds Needs => make().Needs;

    /// <summary>A scorer's rewards; of one that compares, how each response compares with the same other one.</summary>
    internal static IReadOnlyList<double> Score(IScorer scorer, IReadOnlyList<ScoreRequest> requests, CancellationToken stop = default) => scorer is IPairScorer comparing
        ? comparing.Compare([.. requests.Select(request => new PairRequest(request.Prompt, request.Response, s_other))], stop)
        : scorer.Score(requests, stop);

    private static readonly Conversation s_other = Conversation.Assistant("another response");

    /// <summary>A context with all that there is.</summary>
    private CompositionContext Context(int seed) => new(References, seed, Generator);

    /// <summary>Responses for means and deviations.</summary>
    internal static IReadOnlyList<ScoreRequest> References { get; } = [.. SyntheticPairs.Draw(10, seed: 9).Select(pair => new ScoreRequest(pair.Prompt, pair.Chosen))];

    /// <summary>Members that agree in part: each adds its own view to a common one.</summary>
    /// <param name="count">How many.</param>
    /// <param name="shift">Added to all their rewards.</param>
    internal static IReadOnlyList<ScorerMember> Members(int count, double shift = 0) => [.. Enumerable.Range(1, count).Select(i => Member(i, shift))];

    // Its language model likes a response by its reward better than the one that it started from, which likes all alike.
    private static ScorerMember Member(int number, double shift)
    {
        const double alike = -40;
        const int tokens = 10;
        var scorer = new Invented($"member {number}", number, shift);
        return new(scorer)
        {
            Writer = ScriptedGenerators.Words(),
            Policy = ScriptedPolicies.Of(request => new(alike + scorer.Score([request], default)[0], tokens)),
            Reference = ScriptedPolicies.Of(_ => new(alike, tokens)),
            // The first has one output, as most models: alone, it must keep its order.
            Heads = number % 2 == 1 ? null : new TwoHeads(scorer, new Invented($"second head of member {number}", 100 + number, shift)),
        };
    }

    internal static IReadOnlyList<ScoreRequest> Requests(int count) =>
        [.. SyntheticPairs.Draw((count + 1) / 2, seed: 4).SelectMany(pair => (ScoreRequest[])[new(pair.Prompt, pair.Chosen), new(pair.Prompt, pair.Rejected)]).Take(count)];

    /// <summary>Gives a response the same reward whatever stands beside it.</summary>
    internal sealed class Invented(string name, int seed, double shift = 0) : IPlaceScorer
    {
        public string Name => name;

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(r => Number($"{r.Prompt}{r.Response}", 0) + 0.5 * Number(r.Response.LastContent, seed) + shift)];

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(of => Score([.. of.Ends.Select(end => new ScoreRequest(of.Prompt, Conversation.Assistant(of.Response.LastContent[..end])))], cancellation))];

        private static double Number(string text, int seed) =>
            new Random(text.Aggregate(seed * 7919, (sum, letter) => unchecked(sum * 31 + letter))).NextDouble() * 4 - 2;
    }

    // The outputs of a head; each response's do not depend on the others.
    private sealed class TwoHeads(Invented first, Invented second) : IEnsembleScorer
    {
        public string Name => first.Name;

        public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. first.Score(requests, cancellation).Zip(second.Score(requests, cancellation), (one, other) => new EnsembleScore(one, [one, other]))];
    }

    /// <summary>Has no reward, as a model that was trained without one.</summary>
    internal sealed class Rewardless : IScorer
    {
        public string Name => "rewardless";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            throw Verdict.Broken("it asks a member for rewards, and with ComposerNeeds.Policies a member need not have any");
    }

    private sealed class Slow : IPlaceScorer
    {
        public string Name => "slow";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            if (cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(3))) cancellation.ThrowIfCancellationRequested();
            return [.. requests.Select(_ => 0.0)];
        }

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation)
        {
            if (cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(3))) cancellation.ThrowIfCancellationRequested();
            return [.. requests.Select(request => request.Ends.Select(_ => 0.0).ToArray())];
        }
    }
}
