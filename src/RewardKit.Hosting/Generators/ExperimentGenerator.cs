using RewardKit.Hosting.Experiments;
using RewardKit.Training;

namespace RewardKit.Hosting.Generators;

/// <summary>An experiment's text generator: who uses it, what identifies it, and one to use for a while.</summary>
internal sealed class ExperimentGenerator(ExperimentSpec spec, MethodSource methods)
{
    private static readonly TimeSpan s_betweenNotices = TimeSpan.FromMinutes(1);
    private readonly FileHashes _files = new();
    private readonly Dictionary<string, bool> _arms = [];
    private string? _identity;
    private bool? _judges;

    /// <summary>What identifies it; part of the keys of those runs that use it.</summary>
    public string Identity => _identity ??= Needed().Identity(_files);

    /// <summary>Whether an evaluator uses it.</summary>
    public bool Judges => _judges ??= spec.Evaluations.Any(e => methods.CreateEvaluator(e.Evaluator).Needs.HasFlag(EvaluatorNeeds.Generator));

    /// <summary>Whether an arm's training data are made with it.</summary>
    public bool IsUsedBy(ArmSpec arm)
    {
        if (!_arms.TryGetValue(arm.Name, out var uses))
            _arms.Add(arm.Name, uses = arm.Augmenters.Any(use => methods.CreateAugmenter(use).Needs.HasFlag(AugmenterNeeds.Generator)));
        return uses;
    }

    /// <summary>Makes one, to be disposed when it is not needed for a while: a local model takes memory that training needs.</summary>
    /// <param name="meter">Counts.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    public CachedGenerator Open(GenerationMeter meter, Action<string> notice)
    {
        var generator = Needed();
        var answers = generator.Keeps ? new AnswerStore(generator.Answers ?? Path.Combine(spec.OutputFolder, "generated.db"), notice) : null;
        var told = DateTimeOffset.MinValue;
        var gate = new Lock();
        return new(generator.Name, Identity, () => generator.Open(Retrying), answers, meter);

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

    private GeneratorSpec Needed() => spec.Generator ?? throw RewardKitException.Input(
        $"The experiment \"{spec.Name}\" names no text generator. Add generator (Generator.server (url = \"…\", model = \"…\")).");
}
