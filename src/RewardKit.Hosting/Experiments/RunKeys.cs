using RewardKit.Hosting.Generators;
using RewardKit.Models;

namespace RewardKit.Hosting.Experiments;

/// <summary>Makes the keys under which an experiment's runs are stored.</summary>
internal sealed class RunKeys(ExperimentSpec spec, MethodSource methods, IModelWork models, ExperimentGenerator generator, LanguageModels language, int processes = 1)
{
    // Rises when the stored files or the meaning of their numbers change.
    private const string Format = "1";
    private readonly FileHashes _files = new();

    /// <summary>
    /// All that decides a trained model: start, data, method, settings, seed, and the code that computes. Of an arm that trains nothing,
    /// all that decides how it scores.
    /// </summary>
    public ContentKey Training(ArmSpec arm, int seed)
    {
        if (arm.Loss is not { } loss) return AddVersions(AddScoring(new ContentKey().Add("format", Format), arm, seed, ""));
        var start = spec.ModelOf(arm);
        var key = new ContentKey().Add("format", Format).Add("seed", seed)
            .Add("model", start with { Folder = null, Base = null, Tokenizer = null })
            .Add("training", spec.TrainingOf(arm))
            .Add("data", _files.Of(spec.TrainOf(arm)))
            .Add("loss", loss, methods, _files);
        if (spec.Validation is { } held) key.Add("validation data", _files.Of(held));
        // Each process draws on its own what dropout leaves out. Nothing else depends on their number but for rounding.
        if (processes > 1 && start.Lora is { Dropout: > 0 }) key.Add("processes", processes);
        if (start.Folder is { } folder) key.Add("model folder", _files.Of(folder, ModelFiles.OfModel(folder)));
        var below = ModelFiles.BaseOf(start);
        if (below is not null) key.Add("base folder", _files.Of(below, ModelFiles.OfModel(below)));
        // A trained adapter names the place of its base, and is of no use where that is gone.
        if ((below ?? (start.Lora is null ? null : start.Folder)) is { } found) key.Add("place of the base", Path.GetFullPath(found));
        if (ModelFiles.TokenizerOf(start) is { } tokenizer) key.Add("tokenizer", _files.Of(tokenizer, ModelFiles.OfTokenizer(tokenizer)));
        foreach (var (place, use) in arm.Augmenters.Index()) key.Add($"augmenter {place + 1}", use, methods, _files);
        if (generator.IsUsedBy(arm)) key.Add("generator", generator.Identity(arm));
        foreach (var (name, policy) in arm.Policies.OrderBy(p => p.Key, StringComparer.Ordinal)) key.Add($"policy {name}", language.Identity(policy, seed));
        if (arm.Baseline is { } named)
        {
            var baseline = spec.Arms.First(a => a.Name == named);
            key.Add("baseline", Training(baseline, seed).Hash);
            AddScoring(key, baseline, seed, "baseline's ");
        }
        return AddVersions(key);
    }

    /// <summary>All that decides the measurements on a trained model.</summary>
    public ContentKey Evaluation(ArmSpec arm, int seed, ContentKey training)
    {
        var key = new ContentKey().Add("format", Format).Add("training", training.Hash);
        foreach (var (place, evaluation) in spec.Evaluations.Index())
        {
            key.Add($"evaluator {place + 1}", evaluation.Evaluator, methods, _files);
            if (evaluation.Pairs is { } pairs) key.Add($"pairs {place + 1}", _files.Of(pairs));
        }
        if (generator.Judges) key.Add("generator", generator.Identity(null));
        return arm.Loss is null ? key : AddScoring(key, arm, seed, "");
    }

    private ContentKey AddScoring(ContentKey key, ArmSpec arm, int seed, string whose)
    {
        if (arm.Composer is { } composer)
        {
            key.Add($"{whose}composer", composer, methods, _files);
            if (methods.CreateComposer(composer).Needs.HasFlag(ComposerNeeds.Reference)) key.Add($"{whose}reference", _files.Of(arm.Reference ?? spec.TrainOf(arm)));
        }
        if (generator.IsUsedToScore(arm)) key.Add($"{whose}composer's generator", generator.Identity(arm));
        foreach (var (place, member) in arm.Members.Index())
        {
            var which = $"{whose}member {place + 1}";
            key.Add($"{which}'s weight", member.Weight);
            if (member is ArmMember other)
            {
                var (named, under) = (spec.ArmNamed(other.Arm), spec.SeedOf(other, seed));
                key.Add(which, Training(named, under).Hash);
                if (named.Loss is not null) AddScoring(key, named, under, $"{which}'s ");
            }
            else key.Add(which, ((NamedMember)member).Scorer.Identity(methods, _files));
        }
        return key;
    }

    private ContentKey AddVersions(ContentKey key)
    {
        foreach (var (name, version) in models.Versions) key.Add($"version of {name}", version);
        return key;
    }
}
