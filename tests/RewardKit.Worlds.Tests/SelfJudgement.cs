using System.Runtime.CompilerServices;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;
using RewardKit.Training.Data;
using static RewardKit.Worlds.Tests.Trials;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// A model in the <see cref="World"/> that trains on its own judgements. It has learnt to answer with things of the place, but for
/// a share of the prompts, in which it was taught those of another place: there it judges wrongly, which is the planted noise.
/// </summary>
internal sealed class SelfJudgement
{
    private const int Rounds = 3, PromptsARound = 96;
    private const string Version = "the same in every run";
    private static readonly string[] Things = [.. World.Places.SelectMany(place => place.Things)];

    // What comes first in a prompt says nothing of the place.
    private static readonly string[] Prompts = Shuffled(
        [.. from place in World.Places from first in Things from second in Things where first != second select $"After {first} and {second}: what is in the {place.Name}?"], 5);

    private readonly Trials _trials;
    private readonly string[] _misleading;
    private readonly Models.ModelSpec _origin;
    private readonly Models.ModelSpec _start;

    /// <summary>Trains the origin, which answers with any things, and the start.</summary>
    /// <param name="trials">Runs experiments.</param>
    /// <param name="noise">The share of the prompts in which the start is taught another place's things.</param>
    public SelfJudgement(Trials trials, double noise)
    {
        _trials = trials;
        _misleading = Shuffled(Things, 3)[..(int)Math.Round(noise * Things.Length)];
        _origin = FineTuned("origin", Model, 1.0 / World.Places.Length, noisy: false, steps: 300);
        _start = FineTuned("start", _origin, 0.8, noisy: true, steps: 250);
    }

    /// <summary>
    /// Round by round, the share of pairs that the model puts in the right order, of those that have one: of the best and the worst of
    /// its own answers by its own judgement.
    /// </summary>
    /// <param name="name">A name.</param>
    /// <param name="seed">Decides what is sampled.</param>
    /// <param name="augmenter">How pairs are made of answers.</param>
    /// <returns>That share, and the consistency with the previous model.</returns>
    public IReadOnlyList<(double Right, double Consistency)> Run(string name, int seed, MethodUse augmenter)
    {
        var (previous, current) = (_origin, _start);
        var found = new List<(double, double)>();
        for (var round = 1; round <= Rounds; round++)
        {
            var prompts = Written($"prompts-{round}", Prompts.Skip(round * PromptsARound).Take(PromptsARound).Select(prompt => new { prompt }));
            var run = _trials.Run(Spec($"seed-{seed}-round-{round}", current, prompts with { Reading = new() { PromptsOnly = true } }, seed) with
            {
                Arms =
                [
                    new(name, Loss("cream"), [augmenter, new InlineUse(PluginKind.Augmenter, "truth", new Truth(), Version)])
                    {
                        Policies = new Dictionary<string, Models.ModelSpec> { ["previous"] = previous, ["origin"] = _origin },
                    },
                ],
                // What the last round makes of its pairs is not looked at.
                Training = new() { BatchSize = 16, LearningRate = 1e-3, WarmupRatio = 0.1, WeightDecay = 0.01, MaxSteps = round < Rounds ? null : 1 },
            }).Runs.Single();
            found.Add((run.Measures["truth.right"], run.Measures["cream.consistency"]));
            (previous, current) = (current, new() { Folder = Path.Combine(run.Folder!, "checkpoint") });
        }
        return found;
    }

    private Models.ModelSpec FineTuned(string name, Models.ModelSpec from, double fitting, bool noisy, int steps)
    {
        var random = new Random(steps);
        var pairs = Written(name, Shuffled(Prompts, steps)[..1000].Select(prompt => new { prompt, chosen = Answer(PlaceOf(prompt, noisy), fitting, random), rejected = "-" }));
        var run = _trials.Run(Spec(name, from, pairs with { Reading = new() }, seed: 1) with
        {
            Arms = [new("sft", Loss("sft"), [])],
            Training = new() { Epochs = 1000, MaxSteps = steps, BatchSize = 32, LearningRate = 5e-3, WarmupRatio = 0.05, WeightDecay = 0.01 },
        }).Runs.Single();
        return new() { Folder = Path.Combine(run.Folder!, "checkpoint") };
    }

    // A run must be judged by something, and here its pairs tell all. What one has sampled from a model, the next finds again.
    private ExperimentSpec Spec(string name, Models.ModelSpec model, PairFile train, int seed) => new()
    {
        Name = name,
        Model = model,
        Train = train,
        Arms = [],
        Evaluations = [new(new InlineUse(PluginKind.Evaluator, "nothing", new Nothing(), Version), train)],
        Seeds = [seed],
        Checkpoints = null,
        OutputFolder = Path.Combine(_trials.Folder, "self-judgement", name),
    };

    private PairFile Written<T>(string name, IEnumerable<T> records)
    {
        var path = Path.Combine(_trials.Folder, name + ".jsonl");
        File.WriteAllLines(path, records.Select(record => JsonSerializer.Serialize(record)));
        return new(path);
    }

    private (string Name, string[] Things) PlaceOf(string prompt, bool noisy)
    {
        var place = Array.FindIndex(World.Places, place => prompt.EndsWith($"in the {place.Name}?", StringComparison.Ordinal));
        var misled = noisy && _misleading.Any(thing => prompt.StartsWith($"After {thing} ", StringComparison.Ordinal));
        return World.Places[misled ? (place + 1) % World.Places.Length : place];
    }

    private static string Answer((string Name, string[] Things) place, double fitting, Random random)
    {
        string[] own = Shuffled(place.Things, random.Next()), others = Shuffled([.. Things.Except(place.Things)], random.Next());
        var count = Enumerable.Range(0, World.Things).Count(_ => random.NextDouble() < fitting);
        return string.Join(", ", Shuffled([.. own[..count], .. others[..(World.Things - count)]], random.Next())) + ".";
    }

    private static string[] Shuffled(string[] items, int seed)
    {
        string[] copy = [.. items];
        new Random(seed).Shuffle(copy);
        return copy;
    }

    /// <summary>Says how many pairs of answers are in the right order, and hands them on.</summary>
    private sealed class Truth : IAugmenter
    {
        public AugmenterNeeds Needs => AugmenterNeeds.None;

        public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var (right, wrong) = (0, 0);
            await foreach (var pair in examples.WithCancellation(cancellation))
            {
                var margin = Worth(pair.Prompt, pair.Chosen) - Worth(pair.Prompt, pair.Rejected);
                if (margin > 0) right++;
                if (margin < 0) wrong++;
                yield return pair;
            }
            context.Measure("truth.right", right / (double)(right + wrong));
        }

        // A thing that is named twice counts once.
        private static int Worth(Conversation prompt, Conversation answer)
        {
            string[] named = [.. answer.LastContent.Split('.')[0].Split(", ").Take(World.Things).Distinct()];
            return World.TrueReward(prompt.LastContent, string.Join(", ", named));
        }
    }

    private sealed class Nothing : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) =>
            Task.FromResult(new EvaluationReport(new Dictionary<string, Measurement> { ["nothing"] = new(0) }, []));
    }
}
