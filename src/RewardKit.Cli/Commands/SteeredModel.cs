using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Cli.Commands;

/// <summary>A language model in memory with the decoder that steers it, until disposed.</summary>
internal sealed class SteeredModel : IDisposable
{
    private readonly List<IDisposable> _open = [];
    private readonly List<LanguageModel> _guides = [];
    private readonly IDecoder _decoder;
    private readonly IScorer? _scorer, _baseline;
    private readonly PrefixScorer? _prefix;

    /// <summary>Loads it.</summary>
    /// <param name="model">The model that is steered; stays the caller's.</param>
    /// <param name="use">What steers it.</param>
    /// <param name="plugins">Further folders of plugins.</param>
    /// <param name="device">Where the models go.</param>
    /// <exception cref="RewardKitException">The decoder is not there, or needs something else than it is given.</exception>
    public SteeredModel(LanguageModel model, SteeringUse use, string[] plugins, torch.Device device)
    {
        Model = model;
        try
        {
            var catalog = PluginCatalog.Discover(plugins);
            var description = catalog.Find(PluginKind.Decoder, use.Decoder).Description;
            var session = new PluginHost(catalog).Open();
            _open.Add(session);
            _decoder = session.CreateDecoder(OptionText.Use(description, use.Set));
            var needs = _decoder.Needs;
            Check(use.Guides.Length > 0, needs.HasFlag(DecoderNeeds.Guides), "--guide", "at least one --guide FOLDER");
            Check(use.Reward is not null, (needs & (DecoderNeeds.Scorer | DecoderNeeds.PrefixScorer)) != 0, "--reward", "a --reward FOLDER");
            Check(use.Baseline is not null, needs.HasFlag(DecoderNeeds.BaselineScorer), "--baseline-reward", "a --baseline-reward FOLDER, the reward model that the base is aligned to");
            var members = use.Guides.Select(Shared.Weighted).ToArray();
            foreach (var (folder, _) in members) _guides.Add(Held(LanguageModel.Load(folder, device)));
            var target = use.Reward is null ? ((string Folder, double Weight)?)null : Shared.Weighted(use.Reward);
            // A text may have other tokens for a scorer of texts; one that scores tokens must share the base's.
            if (target is { } named) (_scorer, _prefix) = Open(named.Folder);
            if (!needs.HasFlag(DecoderNeeds.PrefixScorer)) _prefix = null;
            if (use.Baseline is { } aligned) _baseline = Open(aligned).Scorer;
            // Guides steer with a weight each, and a scorer where there are none.
            (Names, Weights) = members.Length == 0 && target is { } only ? ([NameOf(only.Folder)], [only.Weight])
                : (members.Select(m => NameOf(m.Folder)).ToArray(), members.Select(m => m.Weight).ToArray());

            void Check(bool given, bool needed, string option, string expected)
            {
                if (needed && !given) throw RewardKitException.Input($"The {description.Label} needs {expected}.");
                if (given && !needed) throw RewardKitException.Input($"The {description.Label} has no use for {option}: leave it out.");
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        (Scorer Scorer, PrefixScorer Prefix) Open(string folder)
        {
            var encoder = PairEncoder.Create(new() { Folder = folder });
            var reward = Held(RewardModel.Load(folder, device));
            if (reward.PairLabels is not null)
                throw RewardKitException.Input($"{folder} is a pairwise model: it says which of two responses is better, and a decoder needs a reward for each. Name one with a scalar head.");
            return (new(folder, reward, encoder), new(folder, reward, encoder));
        }

        static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
    }

    /// <summary>The model that is steered.</summary>
    public LanguageModel Model { get; }

    /// <summary>What the weights are of: the last part of each model's folder.</summary>
    public string[] Names { get; }

    /// <summary>The weights; they may be changed between texts.</summary>
    public double[] Weights { get; }

    /// <summary>The least context of the models that read what is written.</summary>
    public int Context => _guides.Select(guide => guide.Model).Append(Model.Model).Min(m => m.Config.MaxPositionEmbeddings);

    /// <summary>Whether tokens are part of the answer as they come: else the decoder chooses among whole texts.</summary>
    public bool Streams => !_decoder.Needs.HasFlag(DecoderNeeds.Scorer);

    /// <summary>Answers prompts.</summary>
    /// <param name="prompts">The prompts, each with the seed of its draws.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="progress">Told of each token; null for nobody.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<GeneratedText> Decode(
        IEnumerable<(Conversation Prompt, long Seed)> prompts, GenerationOptions options, Action<GeneratedToken>? progress, CancellationToken cancellation)
    {
        var context = new ModelDecoding(Model, _guides, options, _scorer, _prefix) { BaselineScorer = _baseline, Progress = progress };
        return _decoder.Decode([.. prompts.Select(p => new DecodingRequest(p.Prompt, p.Seed, Weights))], context, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var held in _open.AsEnumerable().Reverse()) held.Dispose();
    }

    private T Held<T>(T model) where T : IDisposable
    {
        _open.Add(model);
        return model;
    }
}
