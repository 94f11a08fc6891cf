using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Training;

namespace RewardKit.Hosting.Decoding;

/// <summary>
/// Answers prompts and scores texts, and keeps what it made by content: models by their files, the decoder with its options
/// and version, prompt, sample and seed. What is there is not made again.
/// </summary>
/// <param name="methods">Where decoders come from.</param>
/// <param name="models">The models in memory.</param>
/// <param name="versions">Versions of all that computes.</param>
/// <param name="writes">Whether this process keeps what it made.</param>
/// <param name="fresh">Whether what is kept under a key counts for nothing.</param>
internal sealed class DecodingRunner(
    MethodSource methods, OpenModels models, IReadOnlyDictionary<string, string> versions, bool writes, Func<string, bool> fresh)
{
    // Rises when the stored lines or their meaning change.
    private const string Format = "1";

    // So many answers are kept at a time; a process that is killed loses no more.
    private const int AtOnce = 64;

    private readonly FileHashes _files = new();

    private sealed record Asked(Conversation Prompt, int Sample, long Seed, string Id);

    /// <summary>Answers each prompt as often as is wanted.</summary>
    /// <param name="spec">What to answer, and how.</param>
    /// <param name="progress">Told how far it is, from the first answer that is not there already.</param>
    /// <param name="cancellation">Stops between tokens; what is finished is kept.</param>
    /// <returns>The answers of the first prompt, then those of the next.</returns>
    /// <exception cref="RewardKitException">Something is wrong with what is asked for; then nothing was generated.</exception>
    public IReadOnlyList<Answer> Answer(DecodingSpec spec, Action<TrainingProgress> progress, CancellationToken cancellation)
    {
        spec = Checked(spec);
        var identities = new Dictionary<ModelSpec, string>();
        var key = Key(spec, model => identities.TryGetValue(model, out var known) ? known : identities[model] = ModelNames.Identity(model, _files));
        var kept = new KeptLines<Answer>(spec.Folder, key, writes, fresh(key.Hash));
        Asked[] all = [.. spec.Prompts.SelectMany(prompt => Enumerable.Range(1, spec.Samples).Select(sample => Of(prompt, sample, spec.Options.Seed)))];
        Asked[] missing = [.. all.Where(asked => kept.Find(asked.Id) is null).DistinctBy(asked => asked.Id)];
        if (missing.Length > 0) Decode(spec, missing, kept, identities, new(progress, all.Length - missing.Length, all.Length), cancellation);
        return [.. all.Select(asked => kept.Find(asked.Id)!)];
    }

    /// <summary>Rewards of texts by a reward model.</summary>
    /// <param name="scorer">The model.</param>
    /// <param name="requests">The texts.</param>
    /// <param name="folder">Where rewards are kept.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="RewardKitException">It is no reward model.</exception>
    public IReadOnlyList<double> Score(
        ScorerSpec scorer, IReadOnlyList<ScoreRequest> requests, string folder, Action<TrainingProgress> progress, CancellationToken cancellation)
    {
        var identity = scorer.Identity(methods, _files);
        var key = AddVersions(new ContentKey().Add("format", Format).Add("scorer", identity));
        var kept = new KeptLines<Reward>(folder, key, writes, fresh(key.Hash));
        string[] ids = [.. requests.Select(request => Hash(JsonSerializer.Serialize(request, StoreJson.Options))[..32])];
        int[] missing = [.. Enumerable.Range(0, ids.Length).Where(i => kept.Find(ids[i]) is null).DistinctBy(i => ids[i])];
        if (missing.Length > 0)
        {
            models.Keep(ModelsOf(scorer).Select(Key));
            var rewards = Whole(scorer, cancellation, (done, _) => progress(new("score", done, missing.Length, "texts")))!
                .Score([.. missing.Select(i => requests[i])], cancellation);
            kept.Add([.. missing.Zip(rewards, (i, reward) => (ids[i], new Reward(reward)))]);
        }
        return [.. ids.Select(id => kept.Find(id)!.Value)];
    }

    /// <summary>Makes one model of several, unless it is there.</summary>
    /// <param name="spec">The method and the models.</param>
    /// <returns>The first model's specification, with the folder of the result.</returns>
    /// <exception cref="RewardKitException">The models do not fit each other.</exception>
    public ModelSpec Merge(MergeSpec spec)
    {
        if (spec.Models.Count == 0) throw RewardKitException.Input("No model to merge is named.");
        foreach (var (model, weight) in spec.Models)
        {
            if (model.Folder is null) throw RewardKitException.Input("A model with random weights cannot be merged: name a folder with Model.load, or take a run's model with Experiment.trained.");
            if (!double.IsFinite(weight)) throw RewardKitException.Input(FormattableString.Invariant($"The share {weight} of {ModelNames.Of(model)} is no number."));
        }
        var merger = methods.Complete(spec.Merger);
        var key = new ContentKey().Add("format", Format).Add("merger", merger, methods, _files);
        foreach (var (place, member) in spec.Models.Index()) key.Add($"model {place + 1}", ModelNames.Identity(member.Model, _files)).Add($"share {place + 1}", member.Weight);
        AddVersions(key);
        var place0 = Path.Combine(spec.Folder, key.Hash[..16]);
        var result = spec.Models[0].Model with { Folder = place0, Base = null };
        if (Directory.Exists(place0) && !fresh(key.Hash)) return result;
        if (!writes) throw RewardKitException.Failure($"The model that another process merges is not in {place0}: run the script in one process first.");
        var beside = place0 + ".partial";
        if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        ModelTools.Merge(methods.CreateMerger(merger), [.. spec.Models.Select(member => (member.Model.Folder!, member.Weight))], beside, new());
        if (Directory.Exists(place0)) Directory.Delete(place0, recursive: true);
        Directory.Move(beside, place0);
        return result;
    }

    private DecodingSpec Checked(DecodingSpec spec)
    {
        if (spec.Prompts.Count == 0) throw RewardKitException.Input("There is no prompt to answer: name at least one.");
        if (spec.Samples < 1) throw RewardKitException.Input($"samples = {spec.Samples}: expected at least 1.");
        if (spec.Samples > 1 && spec.Options.Temperature == 0)
            throw RewardKitException.Input($"samples = {spec.Samples} at temperature 0: they would all be the same. Set a temperature, 1 for example, or leave samples out.");
        foreach (var weight in spec.Guides.Select(guide => guide.Weight).Append(spec.ScorerWeight))
            if (!(weight >= 0 && double.IsFinite(weight)))
                throw RewardKitException.Input(FormattableString.Invariant($"A guide or scorer has the weight {weight}; expected 0 or more."));
        if (spec.Decoder is null)
            return spec.Guides.Count == 0 && spec.Scorer is null && spec.BaselineScorer is null ? spec : throw RewardKitException.Input(
                "Guides and a scorer steer only with a decoder: name it with by = Decode.…, or leave them out.");
        spec = spec with { Decoder = methods.Complete(spec.Decoder) };
        var needs = methods.CreateDecoder(spec.Decoder!).Needs;
        if (needs.HasFlag(DecoderNeeds.Guides) && spec.Guides.Count == 0)
            throw RewardKitException.Input($"The decoder {spec.Decoder!.Id} needs models that steer: guides = [ model, weight ].");
        if (needs.HasFlag(DecoderNeeds.Scorer) && spec.Scorer is null)
            throw RewardKitException.Input($"The decoder {spec.Decoder!.Id} needs a scorer of whole answers: scorer = Reward.model (…) or Reward.by (\"NAME\", …).");
        if (needs.HasFlag(DecoderNeeds.PrefixScorer) && spec.Scorer is not ModelScorerSpec)
            throw RewardKitException.Input($"The decoder {spec.Decoder!.Id} needs a reward model that scores unfinished answers: scorer = Reward.model (…).");
        if (needs.HasFlag(DecoderNeeds.BaselineScorer) != spec.BaselineScorer is not null)
            throw RewardKitException.Input(spec.BaselineScorer is null
                ? $"The decoder {spec.Decoder!.Id} weighs the scorer against the reward that the base model is aligned to already: baselineScorer = Reward.model (…)."
                : $"The decoder {spec.Decoder!.Id} has no use for a baseline scorer with these options: leave baselineScorer out.");
        return spec;
    }

    private ContentKey Key(DecodingSpec spec, Func<ModelSpec, string> identity)
    {
        var key = new ContentKey().Add("format", Format).Add("model", identity(spec.Model)).Add("options", spec.Options);
        if (spec.Decoder is { } decoder) key.Add("decoder", decoder, methods, _files);
        foreach (var (place, guide) in spec.Guides.Index()) key.Add($"guide {place + 1}", identity(guide.Model)).Add($"weight {place + 1}", guide.Weight);
        if (spec.Scorer is { } scorer) key.Add("scorer", scorer.Identity(methods, _files)).Add("scorer's weight", spec.ScorerWeight);
        if (spec.BaselineScorer is { } baseline) key.Add("baseline scorer", baseline.Identity(methods, _files));
        if (spec.Reference is { } reference) key.Add("measured against", identity(reference));
        return AddVersions(key);
    }

    private ContentKey AddVersions(ContentKey key)
    {
        foreach (var (name, version) in versions) key.Add($"version of {name}", version);
        return key;
    }

    private void Decode(
        DecodingSpec spec, Asked[] missing, KeptLines<Answer> kept, Dictionary<ModelSpec, string> identities, Meter meter, CancellationToken cancellation)
    {
        var language = spec.Guides.Select(guide => guide.Model).Append(spec.Model).ToList();
        if (spec.Reference is { } against) language.Add(against);
        models.Keep([.. language.Select(model => OpenModels.Language(identities[model])), .. ModelsOf(spec.Scorer).Concat(ModelsOf(spec.BaselineScorer)).Select(Key)]);
        var opened = language.Distinct().ToDictionary(model => model, model => models.OpenLanguage(model, identities[model]));
        var decoder = spec.Decoder is { } use ? methods.CreateDecoder(use) : new Plain();
        // One that scores whole texts need not share the base's tokens.
        var prefix = decoder.Needs.HasFlag(DecoderNeeds.PrefixScorer) && spec.Scorer is ModelScorerSpec unfinished ? Prefix(unfinished) : null;

        // One that is too long is told of before the others are answered.
        foreach (var prompt in spec.Prompts)
            foreach (var model in opened.Values) model.EncodePrompt(prompt);
        var context = new ModelDecoding(opened[spec.Model], [.. spec.Guides.Select(guide => opened[guide.Model])], spec.Options, Whole(spec.Scorer, cancellation), prefix)
        {
            Reference = spec.Reference is { } reference ? opened[reference] : null,
            BaselineScorer = Whole(spec.BaselineScorer, cancellation)!,
            Progress = meter.Take,
        };
        double[] weights = spec.Guides.Count > 0 ? [.. spec.Guides.Select(guide => guide.Weight)] : spec.Scorer is null ? [] : [spec.ScorerWeight];
        foreach (var chunk in missing.Chunk(AtOnce))
        {
            meter.Begin(chunk.Length);
            var texts = decoder.Decode([.. chunk.Select(asked => new DecodingRequest(asked.Prompt, asked.Seed, weights))], context, cancellation);
            if (texts.Count != chunk.Length)
                throw RewardKitException.Failure($"The decoder {spec.Decoder?.Id} gave {texts.Count} answers to {chunk.Length} prompts.");
            // Copied, because lists made in a plugin are types of the plugin and would keep it loaded.
            kept.Add([.. chunk.Zip(texts, (asked, text) => (asked.Id, new Answer(
                asked.Prompt, asked.Sample, text.Text, [.. text.Ids], [.. text.LogProbs], text.Finish, text.Divergence)))]);
        }
    }

    private static IEnumerable<ModelScorerSpec> ModelsOf(ScorerSpec? scorer) => scorer switch
    {
        ModelScorerSpec model => [model],
        ComposedScorerSpec composed => composed.Models,
        _ => [],
    };

    private string Key(ModelScorerSpec model) => OpenModels.Reward(model.Identity(methods, _files));

    private IScorer? Whole(ScorerSpec? scorer, CancellationToken cancellation, Action<int, int>? progress = null) => scorer switch
    {
        ModelScorerSpec model => Member(model, progress).Scorer,
        ComposedScorerSpec composed => ComposedScorers.Compose(composed, methods, (model, _) => Member(model, progress), cancellation),
        _ => scorer as IScorer,
    };

    private ScorerMember Member(ModelScorerSpec named, Action<int, int>? progress)
    {
        var (model, encoder) = models.OpenReward(named.Model, named.Identity(methods, _files));
        var scorer = new Scorer(named.Name, model, encoder) { Progress = progress };
        return new(scorer) { Policy = new Policy(named.Name, model, encoder), Heads = model.Outputs > 1 ? new HeadScorer(scorer) : null };
    }

    private PrefixScorer Prefix(ModelScorerSpec scorer)
    {
        var (model, encoder) = models.OpenReward(scorer.Model, scorer.Identity(methods, _files));
        return new(scorer.Name, model, encoder);
    }

    // The draws of an answer depend on its prompt, not on the prompt's place among others.
    private static Asked Of(Conversation prompt, int sample, long seed)
    {
        var text = JsonSerializer.Serialize(prompt, StoreJson.Options);
        var hash = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed} {sample} {text}")));
        return new(prompt, sample, BinaryPrimitives.ReadInt64LittleEndian(hash), Convert.ToHexStringLower(hash)[..32]);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private sealed record Reward(double Value);

    /// <summary>The model alone, by the same loop as decoders, so that its distance from a reference is measured alike.</summary>
    private sealed class Plain : IDecoder
    {
        public DecoderNeeds Needs => DecoderNeeds.None;

        public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
            context.Generate(requests, step => TokenChoice.Of(step.Logits(context.Base)), cancellation: cancellation);
    }

    /// <summary>Counts answers as their tokens come. A decoder may write several texts for one answer.</summary>
    private sealed class Meter(Action<TrainingProgress> report, int found, int total)
    {
        private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
        private int _before = found, _ended, _chunk;
        private long _tokens;

        public void Begin(int chunk)
        {
            (_before, _ended, _chunk) = (_before + _chunk, 0, chunk);
            Tell();
        }

        public void Take(GeneratedToken token)
        {
            _tokens++;
            if (token.Finish is null) return;
            _ended = Math.Min(_ended + 1, _chunk);
            Tell();
        }

        private void Tell() => report(new("decode", _before + _ended, total, "answers")
        {
            Detail = _tokens == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{_tokens / Math.Max(1e-3, _clock.Elapsed.TotalSeconds):0} tokens/s"),
        });
    }
}
