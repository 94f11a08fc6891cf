using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;

namespace RewardKit.Hosting.Scoring;

/// <summary>Opens what an experiment's arms score with: their trained models, their members, and what makes one scorer of them.</summary>
/// <param name="spec">The experiment.</param>
/// <param name="data">Its pairs.</param>
/// <param name="methods">Where composers come from.</param>
/// <param name="models">Loads models.</param>
/// <param name="generator">What writes text for composers.</param>
/// <param name="language">The language models that they ask.</param>
/// <param name="folderOf">The folder of the model that an arm trained under a seed.</param>
/// <param name="cancellation">Stops it.</param>
internal sealed class ArmScorers(
    ExperimentSpec spec, ExperimentData data, MethodSource methods, IModelWork models, ExperimentGenerator generator, LanguageModels language,
    Func<ArmSpec, int, (string Name, string Folder)> folderOf, CancellationToken cancellation)
{
    // Scoring is decided with one seed for all, as evaluators' draws are.
    private const int Seed = 0;

    /// <summary>Whether the models that training starts from are known, so that a composer can compare with them.</summary>
    public bool KnowsStart { get; init; } = true;

    /// <summary>Opens an arm's scorer.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed of its run.</param>
    /// <param name="meter">Counts what is generated.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    /// <param name="scored">Told how many texts a model has scored, and of how many.</param>
    public OpenScorer Open(ArmSpec arm, int seed, GenerationMeter meter, Action<string> notice, Action<int, int> scored)
    {
        var open = new OpenScorer();
        var loaded = new Dictionary<string, ITrainedModel>();
        var beside = new List<ITrainedModel>();
        try
        {
            (open.Scorer, open.Own) = Of(arm, seed);
            return open;
        }
        catch
        {
            open.Dispose();
            throw;
        }

        (IScorer Scorer, ITrainedModel? Own) Of(ArmSpec arm, int seed)
        {
            var own = arm.Loss is null ? null : Load(folderOf(arm, seed));
            if (arm.Composer is null) return (own ?? Member(arm.Members[0], seed, ComposerNeeds.None).Scorer, own);
            var composer = methods.CreateComposer(arm.Composer);
            var needs = composer.Needs;
            ScorerMember[] members = [.. own is null ? [] : new[] { Trained(own, 1, needs, Start(arm, seed, needs)) }, .. arm.Members.Select(member => Member(member, seed, needs))];
            var writer = needs.HasFlag(ComposerNeeds.Generator) ? open.Keep(generator.Open(arm, meter, notice)) : null;
            return (composer.Compose(members, new(needs.HasFlag(ComposerNeeds.Reference) ? data.ReferenceOf(arm) : [], Seed, writer, Found), cancellation), own);

            void Found(string name, double value) => open.Measures[$"{arm.Composer.Id}/{name}"] = value;
        }

        ScorerMember Member(MemberSpec member, int seed, ComposerNeeds needs)
        {
            switch (member)
            {
                case ArmMember other:
                    var (named, under) = (spec.ArmNamed(other.Arm), spec.SeedOf(other, seed));
                    return named is { Loss: not null, Composer: null }
                        ? Trained(Among(folderOf(named, under), needs), other.Weight, needs, Start(named, under, needs)) : new(Of(named, under).Scorer, other.Weight);
                case NamedMember { Scorer: ModelScorerSpec model }:
                    return Trained(Among((model.Name, model.Folder), needs), member.Weight, needs, null);
                case NamedMember { Scorer: ComposedScorerSpec composed }:
                    return new(ComposedScorers.Compose(composed, methods, (model, inner) => Trained(Among((model.Name, model.Folder), inner), 1, inner, null), cancellation), member.Weight);
                default:
                    return new((IScorer)((NamedMember)member).Scorer, member.Weight);
            }
        }

        IPolicy? Start(ArmSpec arm, int seed, ComposerNeeds needs) => needs.HasFlag(ComposerNeeds.Policies) && KnowsStart
            ? open.Keep(language.Borrow(spec.ModelOf(arm), seed, meter, notice)).Reference(spec.ModelOf(arm)) : null;

        // Members that give rewards alone share a base, where they are adapters of one.
        ITrainedModel Among((string Name, string Folder) model, ComposerNeeds needs)
        {
            if ((needs & (ComposerNeeds.Writers | ComposerNeeds.Policies)) != 0 || loaded.ContainsKey(model.Folder)) return Load(model);
            var member = open.Keep(models.Load(model.Name, model.Folder, scored, beside));
            loaded.Add(model.Folder, member);
            beside.Add(member);
            return member;
        }

        // A model that is a member twice is loaded once.
        ITrainedModel Load((string Name, string Folder) model)
        {
            if (!loaded.TryGetValue(model.Folder, out var there)) loaded.Add(model.Folder, there = open.Keep(models.Load(model.Name, model.Folder, scored)));
            return there;
        }
    }

    private static ScorerMember Trained(ITrainedModel model, double weight, ComposerNeeds needs, IPolicy? start) => new(model, weight)
    {
        Writer = needs.HasFlag(ComposerNeeds.Writers) ? model.Writer : null,
        Policy = needs.HasFlag(ComposerNeeds.Policies) ? model.Policy : null,
        Reference = start,
        Heads = needs.HasFlag(ComposerNeeds.Heads) ? model.Heads : null,
    };
}

/// <summary>A scorer in use, with the models and generators behind it, until disposed.</summary>
internal sealed class OpenScorer : IDisposable
{
    private readonly List<IDisposable> _kept = [];

    /// <summary>What composers measured, under <c>composer/metric</c>.</summary>
    public Dictionary<string, double> Measures { get; } = [];

    /// <summary>The scorer.</summary>
    public IScorer Scorer { get; set; } = null!;

    /// <summary>The model that the arm trained; null where it trains none.</summary>
    public ITrainedModel? Own { get; set; }

    /// <summary>Why a text could not be had; null as long as all is well.</summary>
    public RewardKitException? Failure => _kept.Select(held => held switch
    {
        CachedGenerator writer => writer.Failure,
        LanguageModels.Loan loan => loan.Failure,
        _ => null,
    }).FirstOrDefault(failure => failure is not null);

    /// <summary>Holds something until this is disposed.</summary>
    public T Keep<T>(T held) where T : IDisposable
    {
        _kept.Add(held);
        return held;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // What was opened last may use what was opened first.
        foreach (var held in Enumerable.Reverse(_kept)) held.Dispose();
    }
}
