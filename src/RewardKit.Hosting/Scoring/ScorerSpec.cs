using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Scoring;

/// <summary>What gives texts a reward, as a script names it; nothing is loaded before it is needed.</summary>
public abstract record ScorerSpec
{
    /// <summary>A name for messages and reports.</summary>
    public abstract string Name { get; }

    /// <summary>What decides its rewards.</summary>
    internal abstract string Identity(MethodSource methods, FileHashes files);
}

/// <summary>A trained reward model.</summary>
/// <param name="Model">The model; its folder is a reward model's.</param>
public sealed record ModelScorerSpec(ModelSpec Model) : ScorerSpec
{
    /// <inheritdoc/>
    public override string Name => ModelNames.Of(Model);

    /// <summary>The model's folder.</summary>
    internal string Folder => Model.Folder ?? throw RewardKitException.Input(
        "A model with random weights says nothing: name a folder with Model.load, or take a run's model with Experiment.trained.");

    internal override string Identity(MethodSource methods, FileHashes files) => ModelNames.Identity(Model, files);
}

/// <summary>A function that the script itself defines.</summary>
/// <param name="Label">The name that the script gives it.</param>
/// <param name="Reward">The function.</param>
/// <param name="ContentHash">A hash of all code and input that decide what it does.</param>
public sealed record ScriptedScorerSpec(string Label, Func<ScoreRequest, double> Reward, string ContentHash) : ScorerSpec, IScorer
{
    /// <inheritdoc cref="ScorerSpec.Name"/>
    public override string Name => Label;

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var scores = new double[requests.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            scores[i] = Reward(requests[i]);
        }
        return scores;
    }

    internal override string Identity(MethodSource methods, FileHashes files) => $"script {Label} {ContentHash}";
}

/// <summary>A function that the script itself defines, which gives rewards at places in a response; their sum is the response's.</summary>
/// <param name="Label">The name that the script gives it.</param>
/// <param name="Places">The function: places in their order, none twice.</param>
/// <param name="ContentHash">A hash of all code and input that decide what it does.</param>
public sealed record ScriptedStepsSpec(string Label, Func<ScoreRequest, IReadOnlyList<PlacedReward>> Places, string ContentHash) : ScorerSpec, IStepScorer
{
    /// <inheritdoc cref="ScorerSpec.Name"/>
    public override string Name => Label;

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. ScoreSteps(requests, cancellation).Select(places => places.Sum(place => place.Reward))];

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(request =>
        {
            cancellation.ThrowIfCancellationRequested();
            var places = Places(request);
            for (var i = 0; i < places.Count; i++)
                if (places[i].End < 0 || places[i].End > request.Response.LastContent.Length || (i > 0 && places[i].End <= places[i - 1].End))
                    throw RewardKitException.Input(
                        $"The reward \"{Label}\" speaks at {string.Join(", ", places.Select(place => place.End))} of an answer of {request.Response.LastContent.Length} characters. "
                        + "Expected are places in rising order, from 0 to that length.");
            return places;
        })];

    internal override string Identity(MethodSource methods, FileHashes files) => $"script {Label} {ContentHash}";
}

/// <summary>Several scorers made one.</summary>
/// <param name="Composer">How.</param>
/// <param name="Members">The scorers, each with its weight.</param>
/// <param name="Reference">Pairs whose responses tell the members' scales apart; null for none.</param>
public sealed record ComposedScorerSpec(MethodUse Composer, IReadOnlyList<(ScorerSpec Scorer, double Weight)> Members, PairData? Reference) : ScorerSpec
{
    /// <inheritdoc/>
    public override string Name => $"{Composer.Id} of {string.Join(", ", Members.Select(member => member.Scorer.Name))}";

    /// <summary>The models among the members, and among theirs.</summary>
    internal IEnumerable<ModelScorerSpec> Models => Members.SelectMany(member => member.Scorer switch
    {
        ModelScorerSpec model => [model],
        ComposedScorerSpec composed => composed.Models,
        _ => Array.Empty<ModelScorerSpec>(),
    });

    internal override string Identity(MethodSource methods, FileHashes files)
    {
        var key = new ContentKey().Add("composer", methods.Complete(Composer), methods, files);
        foreach (var (place, member) in Members.Index()) key.Add($"member {place + 1}", member.Scorer.Identity(methods, files)).Add($"weight {place + 1}", member.Weight);
        if (Reference is { } pairs) key.Add("reference", files.Of(pairs));
        return key.Hash;
    }
}
