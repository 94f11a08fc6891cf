using System.Runtime.CompilerServices;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Training;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>Models that are a number in a file: what was trained, in which order, on how much, can be read off.</summary>
internal sealed class FakeModels : IModelWork
{
    public List<string> Trained { get; } = [];
    public List<(ModelSpec Model, TrainingOptions Options)> Starts { get; } = [];
    public List<string> Loaded { get; } = [];
    public Action? WhileTraining { get; set; }
    public Action? BeforeTraining { get; set; }
    public long Dropped { get; set; }
    public string Version { get; set; } = "1";

    public IReadOnlyDictionary<string, string> Versions => new Dictionary<string, string> { ["torch"] = Version };
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["device"] = "cpu" };

    public TrainingLog Train(
        ModelSpec model, ILoss loss, IReadOnlyList<PreferenceExample> examples, TrainingOptions options, int seed, string checkpoint,
        TrainingContext context)
    {
        BeforeTraining?.Invoke();
        Starts.Add((model, options));
        Trained.Add($"{((FakeLoss)loss).Name} seed {seed} on {examples.Count}");
        Directory.CreateDirectory(checkpoint);
        File.WriteAllText(Path.Combine(checkpoint, "weights"), ((FakeLoss)loss).Sign.ToString());
        context.Progress?.Report(new("train", examples.Count, examples.Count, "pairs", Results.Step(1, loss: 0.5, accuracy: 1)));
        WhileTraining?.Invoke();
        context.Cancellation.ThrowIfCancellationRequested();
        return new([new(1, 0.1, 1.5, new Dictionary<string, double> { ["loss"] = 0.5 })], 2, 1, 0.25) { DroppedPairs = Dropped };
    }

    public ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress)
    {
        Loaded.Add(name);
        return new Model(int.Parse(File.ReadAllText(Path.Combine(checkpoint, "weights"))));
    }

    private sealed class Model(int sign) : ITrainedModel, IPlaceScorer
    {
        public string Name => "fake";
        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => r.Ends.Select(end => (double)sign * end).ToArray())];
        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(r => (double)sign * r.Response.LastContent.Length)];
        public void Dispose() { }
    }
}

internal sealed record FakeLoss(string Name, int Sign) : ILoss
{
    public ForwardNeeds Needs => ForwardNeeds.Rewards;
    public LossResult Compute(PairBatch batch, PairForward forward) => throw new NotSupportedException();
}

/// <summary>The losses <c>long</c> and <c>short</c>, the augmenters <c>filter</c> and <c>double</c>, the evaluators <c>accuracy</c> and <c>benchmark</c>.</summary>
internal sealed class FakePlugins : IPluginSource
{
    public Dictionary<string, string> Hashes { get; } = [];
    public int Evaluations { get; private set; }

    public ILoss CreateLoss(PluginUse use) => use.Id switch
    {
        "long" => new FakeLoss("long", 1),
        "short" => new FakeLoss("short", -1),
        _ => throw new ArgumentException(use.Id),
    };

    public PluginUse Complete(PluginUse use) => use.Id == "lnog" ? throw RewardKitException.Input($"There is no loss {use.Id}.") : use;
    public PluginDescription Describe(PluginUse use) => new()
    {
        Kind = use.Kind,
        Id = use.Id,
        Type = "T",
        OwnData = use.Id == "benchmark",
        Options = [new() { Name = "input", Property = "Input", Type = OptionType.String, Input = InputKind.FileOrFolder }],
    };
    public IAugmenter CreateAugmenter(PluginUse use) => new Augmenter(use.Id == "filter");
    public IEvaluator CreateEvaluator(PluginUse use) => use.Id == "places" ? new Places() : new Evaluator(this);
    public IDecoder CreateDecoder(PluginUse use) => throw new NotSupportedException();
    public IWeightMerger CreateMerger(PluginUse use) => throw new NotSupportedException();
    public IScorerComposer CreateComposer(PluginUse use) => use.Id == "sum" ? new Sum() : new Turned(use.Id == "asking" ? ComposerNeeds.Generator : ComposerNeeds.None);
    public string ContentHash(PluginUse use) => Hashes.GetValueOrDefault(use.Id, "0123456789abcdef");

    /// <summary>Likes what its member does not like; the one called <c>asking</c> also has a text written of each response.</summary>
    private sealed class Turned(ComposerNeeds needs) : IScorerComposer
    {
        public ComposerNeeds Needs => needs;

        public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation) =>
            new Scorer(members[0].Scorer, needs == ComposerNeeds.None ? null : context.Generator);

        private sealed class Scorer(IScorer scorer, ITextGenerator? generator) : IScorer
        {
            public string Name => scorer.Name;

            public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
            {
                generator?.GenerateAsync([.. requests.Select(r => new TextRequest(r.Prompt, new()))], cancellation).GetAwaiter().GetResult();
                return [.. scorer.Score(requests, cancellation).Select(score => -score)];
            }
        }
    }

    /// <summary>The weighted sum of its members, whose names and number of reference responses it reports.</summary>
    private sealed class Sum : IScorerComposer
    {
        public ComposerNeeds Needs => ComposerNeeds.Reference;

        public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
        {
            context.Report("members", members.Count);
            context.Report("references", context.Reference.Count);
            return new Scorer(members);
        }

        private sealed class Scorer(IReadOnlyList<ScorerMember> members) : IEnsembleScorer
        {
            public string Name => "sum";

            public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
            {
                var scores = members.Select(m => m.Scorer.Score(requests, cancellation)).ToArray();
                return [.. requests.Select((_, i) => new EnsembleScore(members.Zip(scores, (m, s) => m.Weight * s[i]).Sum(), [.. scores.Select(s => s[i])]))];
            }
        }
    }

    private sealed class Augmenter(bool filters) : IAugmenter
    {
        public AugmenterNeeds Needs => filters ? AugmenterNeeds.Baseline : AugmenterNeeds.None;

        public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await foreach (var example in examples.WithCancellation(cancellation))
            {
                yield return example;
                // The filter doubles the pairs that its baseline ranks right.
                if (filters && context.Baseline.ScorePairs([example])[0].Margin <= 0) continue;
                context.Count("doubled", 1);
                if (filters) context.Measure("filter.strength", 0.25);
                yield return example with { Id = example.Id + "'" };
            }
        }
    }

    /// <summary>The reward at the last label of each chosen response.</summary>
    private sealed class Places : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Places;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
        {
            var rewards = ((IPlaceScorer)context.Scorer).ScoreAt([.. context.Pairs.Select(p => new PlaceRequest(p.Prompt, p.Chosen, [p.ChosenSteps![^1].End]))], cancellation);
            return Task.FromResult(new EvaluationReport(
                new Dictionary<string, Measurement> { ["last"] = new(rewards.Average(r => r[0])) },
                [.. context.Pairs.Select(p => new EvaluationSample(p, default))]));
        }
    }

    private sealed class Evaluator(FakePlugins plugins) : IEvaluator
    {
        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
        {
            if (context.Scorer.Name == "fake") plugins.Evaluations++;
            var scores = context.Scorer.ScorePairs(context.Pairs, cancellation);
            double[] right = scores.Count == 0 ? [1] : [.. scores.Select(s => s.Margin > 0 ? 1.0 : 0)];
            return Task.FromResult(new EvaluationReport(
                new Dictionary<string, Measurement> { ["accuracy"] = new(right.Average(), right, 0.5) },
                [.. context.Pairs.Zip(scores, (p, s) => new EvaluationSample(p, s))]));
        }
    }
}

internal sealed class Silent : IExperimentProgress
{
    public void Started(string arm, int seed) { }
    public void Advanced(string arm, int seed, TrainingProgress progress) { }
    public void Finished(RunResult run) { }
    public void Failed(RunFailure failure) { }
    public List<string> Notes { get; } = [];
    public void Noted(string arm, int seed, string sentence) => Notes.Add($"{arm}, seed {seed}: {sentence}");
}
