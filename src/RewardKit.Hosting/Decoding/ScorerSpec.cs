using RewardKit.Hosting.Experiments;
using RewardKit.Models;

namespace RewardKit.Hosting.Decoding;

/// <summary>What gives texts a reward, as a script names it; nothing is loaded before it is needed.</summary>
public abstract record ScorerSpec
{
    /// <summary>A name for messages and reports.</summary>
    public abstract string Name { get; }

    /// <summary>What decides its rewards.</summary>
    internal abstract string Identity(FileHashes files);
}

/// <summary>A trained reward model.</summary>
/// <param name="Model">The model; its folder is a reward model's.</param>
public sealed record ModelScorerSpec(ModelSpec Model) : ScorerSpec
{
    /// <inheritdoc/>
    public override string Name => ModelNames.Of(Model);

    internal override string Identity(FileHashes files) => ModelNames.Identity(Model, files);
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

    internal override string Identity(FileHashes files) => $"script {Label} {ContentHash}";
}
