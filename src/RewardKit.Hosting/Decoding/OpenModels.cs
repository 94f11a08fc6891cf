using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Hosting.Decoding;

/// <summary>
/// Models in memory. Those of the last call stay for the next, because a sweep over weights calls again and again with the
/// same ones; what the next call does not need goes before others are loaded.
/// </summary>
/// <param name="device">Where they are.</param>
internal sealed class OpenModels(Func<torch.Device> device) : IDisposable
{
    private readonly Dictionary<string, IDisposable> _open = [];

    /// <summary>Lets go of all but some models.</summary>
    /// <param name="needed">The keys of those that stay.</param>
    public void Keep(IEnumerable<string> needed)
    {
        foreach (var key in _open.Keys.Except(needed).ToArray())
        {
            _open[key].Dispose();
            _open.Remove(key);
        }
    }

    /// <summary>The key of a language model with this identity.</summary>
    public static string Language(string identity) => "language " + identity;

    /// <summary>The key of a reward model with this identity.</summary>
    public static string Reward(string identity) => "reward " + identity;

    /// <summary>A language model, loaded unless it is there: the same object for the same identity. Not to be disposed.</summary>
    /// <exception cref="RewardKitException">It is none.</exception>
    public LanguageModel OpenLanguage(ModelSpec spec, string identity)
    {
        if (_open.TryGetValue(Language(identity), out var known)) return (LanguageModel)known;
        var folder = Folder(spec);
        var trained = PairEncoder.Create(spec);
        var model = CausalModel.Create(spec, 0, device());
        try
        {
            var loaded = new LanguageModel(ModelNames.Of(spec), model, trained, LanguageModel.EndTokensOf(folder, trained.Tokenizer));
            _open.Add(Language(identity), loaded);
            return loaded;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>A reward model, loaded unless it is there. Not to be disposed.</summary>
    /// <exception cref="RewardKitException">It is none, or a pairwise one.</exception>
    public (RewardModel Model, PairEncoder Encoder) OpenReward(ModelSpec spec, string identity)
    {
        if (!_open.TryGetValue(Reward(identity), out var known)) _open.Add(Reward(identity), known = RewardModel.Load(Folder(spec), device(), spec.Dtype));
        var model = (RewardModel)known;
        if (model.PairLabels is not null)
            throw RewardKitException.Input($"{ModelNames.Of(spec)} is a pairwise model: it says which of two responses is better, and here each needs a reward. Name one with a scalar head.");
        return (model, PairEncoder.Create(spec));
    }

    /// <inheritdoc/>
    public void Dispose() => Keep([]);

    private static string Folder(ModelSpec spec) => spec.Folder ?? throw RewardKitException.Input(
        "A model with random weights says nothing: name a folder with Model.load, or take a run's model with Experiment.trained.");
}
