using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;

namespace RewardKit.Hosting.Decoding;

/// <summary>What scripts ask of the host beside experiments. All of it is kept, and found again by content.</summary>
public interface IScriptWork
{
    /// <summary>Answers prompts.</summary>
    /// <exception cref="RewardKitException">Something is wrong with what is asked for.</exception>
    IReadOnlyList<Answer> Answer(DecodingSpec spec, CancellationToken cancellation);

    /// <summary>Gives texts a reward.</summary>
    /// <param name="scorer">By what.</param>
    /// <param name="requests">The texts.</param>
    /// <param name="folder">Where a model's rewards are kept.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">It is no reward model.</exception>
    IReadOnlyList<double> Score(ScorerSpec scorer, IReadOnlyList<ScoreRequest> requests, string folder, CancellationToken cancellation);

    /// <summary>Asks a text generator.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="requests">What is asked.</param>
    /// <param name="folder">Where its answers are kept, if it names no file of its own.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">No answer can be had.</exception>
    IReadOnlyList<TextReply> Ask(GeneratorSpec generator, IReadOnlyList<TextRequest> requests, string folder, CancellationToken cancellation);

    /// <summary>Makes one model of several.</summary>
    /// <exception cref="RewardKitException">The models do not fit each other.</exception>
    ModelSpec Merge(MergeSpec spec);
}
