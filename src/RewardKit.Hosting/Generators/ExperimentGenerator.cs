using RewardKit.Hosting.Experiments;
using RewardKit.Training;

namespace RewardKit.Hosting.Generators;

/// <summary>An experiment's text generators: who uses which, what identifies it, and one to use for a while.</summary>
internal sealed class ExperimentGenerator(ExperimentSpec spec, MethodSource methods)
{
    private static readonly TimeSpan s_betweenNotices = TimeSpan.FromMinutes(1);
    private readonly FileHashes _files = new();
    private readonly Dictionary<string, bool> _arms = [];
    private readonly Dictionary<GeneratorSpec, string> _identities = [];
    private bool? _judges;

    /// <summary>Whether an evaluator uses it.</summary>
    public bool Judges => _judges ??= spec.Evaluations.Any(e => methods.CreateEvaluator(e.Evaluator).Needs.HasFlag(EvaluatorNeeds.Generator));

    /// <summary>Whether an arm's training data are made with it.</summary>
    public bool IsUsedBy(ArmSpec arm)
    {
        if (!_arms.TryGetValue(arm.Name, out var uses))
            _arms.Add(arm.Name, uses = arm.Augmenters.Any(use => methods.CreateAugmenter(use).Needs.HasFlag(AugmenterNeeds.Generator)));
        return uses;
    }

    /// <summary>What identifies the generator of an arm, or of the evaluators; part of the keys of those runs that use it.</summary>
    /// <param name="arm">The arm; null for the evaluators.</param>
    public string Identity(ArmSpec? arm) => Identity(Of(arm));

    /// <summary>Whether an arm's model scores with it.</summary>
    public bool IsUsedToScore(ArmSpec arm) => arm.Composer is { } use && methods.CreateComposer(use).Needs.HasFlag(ComposerNeeds.Generator);

    /// <summary>Makes one, to be disposed when it is not needed for a while: a local model takes memory that training needs.</summary>
    /// <param name="arm">The arm whose augmenters use it; null for the evaluators.</param>
    /// <param name="meter">Counts.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    public CachedGenerator Open(ArmSpec? arm, GenerationMeter meter, Action<string> notice)
    {
        var generator = Of(arm);
        var answers = generator.Keeps ? new AnswerStore(generator.Answers ?? Path.Combine(spec.OutputFolder, "generated.db"), notice) : null;
        var told = DateTimeOffset.MinValue;
        var gate = new Lock();
        return new(generator.Name, Identity(generator), () => generator.Open(Retrying), answers, meter);

        // A server that is down for an hour is news once a minute.
        void Retrying(string sentence)
        {
            meter.Retry();
            lock (gate)
            {
                if (DateTimeOffset.UtcNow - told < s_betweenNotices) return;
                told = DateTimeOffset.UtcNow;
                notice(sentence);
            }
        }
    }

    private string Identity(GeneratorSpec generator)
    {
        if (!_identities.TryGetValue(generator, out var identity)) _identities.Add(generator, identity = generator.Identity(_files));
        return identity;
    }

    private GeneratorSpec Of(ArmSpec? arm) => arm?.Generator ?? spec.Generator ?? throw RewardKitException.Input(
        $"The experiment \"{spec.Name}\" names no text generator. Add generator (Generator.server (url = \"…\", model = \"…\")).");
}
