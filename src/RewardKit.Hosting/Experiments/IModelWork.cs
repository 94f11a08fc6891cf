using RewardKit.Models;
using RewardKit.Training;

namespace RewardKit.Hosting.Experiments;

/// <summary>What an experiment does with models, so that the order of things can be told (and tested) without them.</summary>
public interface IModelWork
{
    /// <summary>Trains a model from its start and saves it, complete with its tokenizer and its head.</summary>
    /// <param name="model">The model to start from.</param>
    /// <param name="loss">The method.</param>
    /// <param name="examples">The training pairs, augmented already.</param>
    /// <param name="options">The settings.</param>
    /// <param name="seed">Decides random weights and the order of the data.</param>
    /// <param name="checkpoint">The folder to save to; it does not exist yet.</param>
    /// <param name="context">Who watches, and what stops it.</param>
    TrainingLog Train(
        ModelSpec model, ILoss loss, IReadOnlyList<PreferenceExample> examples, TrainingOptions options, int seed,
        string checkpoint, TrainingContext context);

    /// <summary>Loads what <see cref="Train"/> saved; the folder says everything about it.</summary>
    /// <param name="name">A name for messages.</param>
    /// <param name="checkpoint">The folder.</param>
    /// <param name="progress">Told, while scoring, how many texts are done, and of how many.</param>
    ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress);

    /// <summary>
    /// The same for one among several that score in turn: those that are adapters of one base have it in memory once. Such a model gives
    /// rewards alone, no texts and no log-probabilities.
    /// </summary>
    /// <param name="name">A name for messages.</param>
    /// <param name="checkpoint">The folder.</param>
    /// <param name="progress">Told, while scoring, how many texts are done, and of how many.</param>
    /// <param name="beside">Those that were loaded so already, and not disposed.</param>
    ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress, IEnumerable<ITrainedModel> beside) => Load(name, checkpoint, progress);

    /// <summary>Loads a language model: a folder's, or one with random weights.</summary>
    /// <param name="name">A name for messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="seed">Decides random weights.</param>
    ILoadedPolicy Open(string name, ModelSpec model, int seed) => throw RewardKitException.Input($"The model {name} says nothing of how likely texts are.");

    /// <summary>Versions of everything that computes; they are part of each run's key.</summary>
    IReadOnlyDictionary<string, string> Versions { get; }

    /// <summary>Facts for the reports that change results by rounding alone: device, threads.</summary>
    IReadOnlyDictionary<string, string> Environment { get; }
}

/// <summary>A trained reward model in memory, until disposed; an <see cref="IPairScorer"/> where it is a pairwise one, else an <see cref="IPlaceScorer"/>.</summary>
public interface ITrainedModel : IScorer, IDisposable
{
    /// <summary>What its language-model head writes, in the weights that score.</summary>
    /// <exception cref="RewardKitException">It has none.</exception>
    ITextGenerator Writer => throw RewardKitException.Input($"The model {Name} writes no text.");

    /// <summary>Its language model, in the weights that score.</summary>
    /// <exception cref="RewardKitException">It has none.</exception>
    IPolicy Policy => throw RewardKitException.Input($"The model {Name} says nothing of how likely texts are.");

    /// <summary>All outputs of its head; null where it has one only.</summary>
    IEnsembleScorer? Heads => null;
}

/// <summary>A language model in memory, until disposed.</summary>
public interface ILoadedPolicy : IPolicy, IDisposable
{
    /// <summary>What it writes.</summary>
    ITextGenerator Writer { get; }
}
