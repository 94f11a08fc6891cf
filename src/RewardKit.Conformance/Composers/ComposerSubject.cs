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

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) => new ComposerSubject(() => session.CreateComposer(use)) { Traits = Traits };

    internal override IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks =>
    [
        ("scoring with slow members", (plugin, stop) =>
        {
            var scorer = ((IScorerComposer)plugin).Compose([new(new Slow()) { Writer = ScriptedGenerators.Words() }], new([], 1, ScriptedGenerators.Words()), stop);
            scorer.Score(Requests(4), stop);
        }),
    ];

    internal override Transcript Use(object plugin, int scenario, int seed, torch.Device device)
    {
        var transcript = new Transcript();
        var scorer = Compose((IScorerComposer)plugin, Members(3 + scenario), seed);
        transcript.Add("the scores", [.. scorer.Score(Requests(12))]);
        transcript.Add("the scores once more", [.. scorer.Score(Requests(5))]);
        return transcript;
    }

    /// <summary>Scores of a new composition.</summary>
    internal IReadOnlyList<double> Scores(IReadOnlyList<ScorerMember> members, IReadOnlyList<ScoreRequest>? requests = null) =>
        Compose(make(), members, 1).Score(requests ?? Requests(12));

    internal static IScorer Compose(IScorerComposer composer, IReadOnlyList<ScorerMember> members, int seed) =>
        composer.Compose(members, new([.. SyntheticPairs.Draw(10, seed: 9).Select(pair => new ScoreRequest(pair.Prompt, pair.Chosen))], seed, ScriptedGenerators.Words()), CancellationToken.None);

    /// <summary>Members that agree in part: each adds its own view to a common one.</summary>
    internal static IReadOnlyList<ScorerMember> Members(int count) => [.. Enumerable.Range(1, count).Select(i => new ScorerMember(new Invented($"member {i}", i)) { Writer = ScriptedGenerators.Words() })];

    internal static IReadOnlyList<ScoreRequest> Requests(int count) =>
        [.. SyntheticPairs.Draw((count + 1) / 2, seed: 4).SelectMany(pair => (ScoreRequest[])[new(pair.Prompt, pair.Chosen), new(pair.Prompt, pair.Rejected)]).Take(count)];

    /// <summary>Gives a response the same reward whatever stands beside it.</summary>
    internal sealed class Invented(string name, int seed, double shift = 0) : IScorer
    {
        public string Name => name;

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(r => Number($"{r.Prompt}{r.Response}", 0) + 0.5 * Number(r.Response.LastContent, seed) + shift)];

        private static double Number(string text, int seed) =>
            new Random(text.Aggregate(seed * 7919, (sum, letter) => unchecked(sum * 31 + letter))).NextDouble() * 4 - 2;
    }

    private sealed class Slow : IScorer
    {
        public string Name => "slow";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            if (cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(3))) cancellation.ThrowIfCancellationRequested();
            return [.. requests.Select(_ => 0.0)];
        }
    }
}
