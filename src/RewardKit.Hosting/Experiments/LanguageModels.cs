using RewardKit.Hosting.Generators;
using RewardKit.Models;
using RewardKit.Training;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// The language models that an experiment's methods ask for texts and log-probabilities: the one that runs start from, and
/// those that an arm names. What they give is kept in the experiment's folder.
/// </summary>
internal sealed class LanguageModels(ExperimentSpec spec, MethodSource methods, IModelWork models)
{
    private readonly FileHashes _files = new();

    /// <summary>Whether an arm's training data are made with them.</summary>
    public bool AreUsedBy(ArmSpec arm) => arm.Augmenters.Any(use => (methods.CreateAugmenter(use).Needs & (AugmenterNeeds.Writer | AugmenterNeeds.Policies)) != 0);

    /// <summary>What identifies a model; part of the keys of those runs that use it, and of what is kept.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seed">Decides random weights; of no account where there is a folder.</param>
    public string Identity(ModelSpec model, int seed)
    {
        var key = new ContentKey().Add("model", (model with { Folder = null, Base = null, Tokenizer = null, Lora = null, Pairs = null }).For(ForwardNeeds.ResponseLogProbs));
        if (model.Folder is { } folder) key.Add("folder", _files.Of(folder, ModelFiles.OfModel(folder)));
        else key.Add("seed", seed);
        if (ModelFiles.BaseOf(model) is { } below) key.Add("base", _files.Of(below, ModelFiles.OfModel(below)));
        if (ModelFiles.TokenizerOf(model) is { } tokenizer) key.Add("tokenizer", _files.Of(tokenizer, ModelFiles.OfTokenizer(tokenizer)));
        foreach (var (name, version) in models.Versions) key.Add($"version of {name}", version);
        return key.Hash;
    }

    /// <summary>Makes them ready for a while; each is loaded when it is first asked for what is not there.</summary>
    /// <param name="start">The model that the run starts from.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="meter">Counts what is written.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    /// <param name="scored">Told how many responses have log-probabilities, and of how many; null for nobody.</param>
    public Loan Borrow(ModelSpec start, int seed, GenerationMeter? meter, Action<string> notice, Action<int, int>? scored = null) =>
        new(this, start, seed, meter, notice, scored);

    /// <summary>Where training keeps and finds log-probabilities of the model that a run starts from; disposed by the caller.</summary>
    /// <param name="start">That model.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="notice">Told, in a sentence, what the user should know at once.</param>
    public (ILogProbStore Store, IDisposable Holder) Kept(ModelSpec start, int seed, Action<string> notice)
    {
        var store = Answers(notice);
        return (new KeptLogProbs(Identity(start, seed), store), store);
    }

    private AnswerStore Answers(Action<string> notice) => new(Path.Combine(spec.OutputFolder, "generated.db"), notice);

    /// <summary>Language models in use, until disposed.</summary>
    internal sealed class Loan(LanguageModels of, ModelSpec start, int seed, GenerationMeter? meter, Action<string> notice, Action<int, int>? scored) : IDisposable
    {
        private readonly Dictionary<string, ILoadedPolicy> _loaded = [];
        private readonly List<CachedGenerator> _writers = [];
        private AnswerStore? _store;

        /// <summary>Why a text could not be had; null as long as all is well.</summary>
        public RewardKitException? Failure => _writers.Select(w => w.Failure).FirstOrDefault(f => f is not null);

        private AnswerStore Store => _store ??= of.Answers(notice);

        /// <summary>Texts by the model that the run starts from.</summary>
        public CachedGenerator Writer() => Writer(AugmentationContext.Start, of.Identity(Start, seed), () => Opened(AugmentationContext.Start, Start).Writer);

        /// <summary>Texts by a model that is loaded already.</summary>
        /// <param name="name">A name for messages.</param>
        /// <param name="identity">What decides its texts beside the requests.</param>
        /// <param name="open">The generator.</param>
        public CachedGenerator Writer(string name, string identity, Func<ITextGenerator> open)
        {
            // What the generator makes is its model's, and the model this loan's or the caller's.
            var writer = new CachedGenerator(name, $"policy {identity}", () => new Lent(open()), of.Answers(notice), meter);
            _writers.Add(writer);
            return writer;
        }

        /// <summary>The model that the run starts from, and those that an arm names, by name.</summary>
        public IReadOnlyDictionary<string, IPolicy> Policies(IReadOnlyDictionary<string, ModelSpec> named) =>
            named.Prepend(new(AugmentationContext.Start, Start)).ToDictionary(p => p.Key, IPolicy (p) => Cached(p.Key, p.Value));

        /// <summary>The model that a trained one started from.</summary>
        /// <param name="started">That model; of a baseline another one than the run's own, perhaps.</param>
        public IPolicy Reference(ModelSpec started) => Cached(AugmentationContext.Start, started with { Lora = null });

        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (var writer in _writers) writer.Dispose();
            foreach (var model in _loaded.Values) model.Dispose();
            _store?.Dispose();
        }

        // A fresh adapter changes nothing yet.
        private ModelSpec Start => start with { Lora = null };

        private CachedPolicy Cached(string name, ModelSpec model) => new(name, of.Identity(model, seed), () => Opened(name, model), Store, scored);

        private ILoadedPolicy Opened(string name, ModelSpec model)
        {
            var identity = of.Identity(model, seed);
            if (!_loaded.TryGetValue(identity, out var loaded)) _loaded.Add(identity, loaded = of.Models.Open(name, model, seed));
            return loaded;
        }
    }

    private IModelWork Models => models;

    // A text source stays one; what holds its model disposes it.
    private sealed class Lent(ITextGenerator inner) : ITextSource
    {
        public string Name => inner.Name;

        public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default) =>
            inner.GenerateAsync(requests, cancellation);

        public async Task AnswerAsync(IReadOnlyList<TextRequest> requests, Action<int, TextReply> answered, CancellationToken cancellation = default)
        {
            if (inner is ITextSource source)
            {
                await source.AnswerAsync(requests, answered, cancellation).ConfigureAwait(false);
                return;
            }
            foreach (var (place, reply) in (await inner.GenerateAsync(requests, cancellation).ConfigureAwait(false)).Index()) answered(place, reply);
        }
    }
}
