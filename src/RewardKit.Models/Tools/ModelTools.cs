using RewardKit.Models.Tokenization;

namespace RewardKit.Models;

/// <summary>Makes folders out of folders.</summary>
public static class ModelTools
{
    /// <summary>Writes a model once more, with weights of another type or in files of another size; one tensor in memory at a time.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="output">The folder to write; it must not exist.</param>
    /// <param name="options">Type and size of the files.</param>
    /// <exception cref="RewardKitException">There is no model, or the output exists.</exception>
    public static void Convert(string folder, string output, SaveOptions options)
    {
        RefuseExisting(output);
        using var weights = NamedWeights.Open(folder);
        ConfigFile.Load(folder).Model();
        NamedWeights.Write(output, folder, weights.ToWrite(), options);
    }

    /// <summary>
    /// Writes an adapter into its base: a whole model, with the adapter's scalar head, that needs neither. It computes in the
    /// type of <see cref="SaveOptions.Dtype"/>, else in that of the base.
    /// </summary>
    /// <param name="adapter">The adapter's folder.</param>
    /// <param name="output">The folder to write; it must not exist.</param>
    /// <param name="base">The base model's folder; null: the one that the adapter names.</param>
    /// <param name="options">Type and size of the files.</param>
    /// <exception cref="RewardKitException">There is no adapter, it does not fit its base, or the output exists.</exception>
    public static void MergeAdapter(string adapter, string output, string? @base, SaveOptions options)
    {
        RefuseExisting(output);
        var config = AdapterConfig.Load(adapter);
        if (!AdapterFolder.Is(adapter)) throw RewardKitException.Input($"{adapter}: holds a whole model's weights beside {AdapterConfig.Name}; move the adapter to a folder of its own.");
        var spec = new ModelSpec { Folder = adapter, Base = @base, Dtype = options.Dtype ?? "auto" };
        var kind = ModelSummary.Of(adapter).RewardHead ?? ModelSummary.Of(AdapterFolder.BaseOf(adapter, @base)).RewardHead;
        using var model = kind is null ? CausalModel.Create(spec, seed: 0) : Checkpoint.Reward(spec, head: null, seed: 0, device: null);
        model.Adapters.Merge(keepBase: false);
        // The type to merge in is no word on the type to score in.
        model.AskedDtype = AdapterFolder.SettingsOf(spec)?.Dtype;
        var card = new ModelCard
        {
            BaseModel = config.Base,
            Method = FormattableString.Invariant($"A LoRA adapter of rank {config.Options.Rank} (alpha {config.Options.Alpha}), merged into the base model's weights."),
        };
        model.Save(output, PairEncoder.Create(spec), options with { Card = options.Card ?? card });
    }

    /// <summary>
    /// Merges models' weights by a method; one tensor of each in memory at a time. Adapters that the method does not take as they
    /// are (<see cref="IWeightMerger.TakesAdapters"/>) are merged into their bases before, beside the output.
    /// </summary>
    /// <param name="merger">The method.</param>
    /// <param name="models">The models' folders with their shares; the result is like the first.</param>
    /// <param name="output">The folder to write; it must not exist.</param>
    /// <param name="options">Type and size of the files.</param>
    /// <exception cref="RewardKitException">
    /// A model is missing, the models do not fit each other, the result does not fit the first, or the output exists.
    /// </exception>
    public static void Merge(IWeightMerger merger, IReadOnlyList<(string Folder, double Weight)> models, string output, SaveOptions options)
    {
        RefuseExisting(output);
        if (models.Count == 0) throw RewardKitException.Input("No model to merge is named.");
        var adapters = models.Count(model => Directory.Exists(model.Folder) && AdapterFolder.Is(model.Folder));
        if (adapters == models.Count && merger.TakesAdapters) MergeFactors(merger, models, output, options);
        else if (adapters == 0) MergeWhole(merger, models, output, options);
        else
        {
            var beside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)) + ".members";
            try
            {
                MergeWhole(merger, [.. models.Select((model, i) => AdapterFolder.Is(model.Folder) ? (Whole(model.Folder, i), model.Weight) : model)], output, options);
            }
            finally
            {
                if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
            }

            // Under its own name, which messages show.
            string Whole(string adapter, int number)
            {
                var folder = Path.Combine(Directory.CreateDirectory(Path.Combine(beside, $"{number}")).FullName, Path.GetFileName(Path.TrimEndingDirectorySeparator(adapter)));
                MergeAdapter(adapter, folder, @base: null, new());
                return folder;
            }
        }
    }

    private static void MergeWhole(IWeightMerger merger, IReadOnlyList<(string Folder, double Weight)> models, string output, SaveOptions options)
    {
        var opened = new List<NamedWeights>();
        try
        {
            foreach (var (folder, _) in models) opened.Add(NamedWeights.Open(folder));
            ConfigFile.Load(models[0].Folder).Model();
            var merged = merger.Merge([.. opened.Zip(models, (weights, model) => new MergeMember(weights, model.Weight))]);
            Check(merged, opened[0]);
            NamedWeights.Write(output, models[0].Folder, merged.Weights.Select(weight => new WeightToWrite(
                weight.Name, weight.Shape, weight.Type, () => merged.Make(weight))), options, merged.NewTokens);
        }
        finally
        {
            foreach (var weights in opened) weights.Dispose();
        }
    }

    private static void MergeFactors(IWeightMerger merger, IReadOnlyList<(string Folder, double Weight)> models, string output, SaveOptions options)
    {
        AdapterFolder.RequireSameForm([.. models.Select(model => model.Folder)]);
        var opened = new List<NamedWeights>();
        try
        {
            foreach (var (folder, _) in models) opened.Add(NamedWeights.OpenAdapter(folder));
            var merged = merger.Merge([.. opened.Zip(models, (weights, model) => new MergeMember(weights, model.Weight))]);
            Check(merged, opened[0]);
            AdapterFolder.WriteLike(output, models[0].Folder, [.. merged.Weights.Select(weight => new WeightToWrite(
                weight.Name, weight.Shape, weight.Type, () => merged.Make(weight)))], options);
        }
        finally
        {
            foreach (var weights in opened) weights.Dispose();
        }
    }

    private static void Check(MergedWeights merged, NamedWeights first)
    {
        var tokens = merged.NewTokens.Count == 0 ? 0 : first.Tokens.Count + merged.NewTokens.Count;
        if (merged.Weights.FirstOrDefault(weight => weight.Role is WeightRole.Embedding or WeightRole.LanguageHead && weight.Shape[0] < tokens) is { } small)
            throw RewardKitException.Failure($"The merger makes {small.Name} of {small.Shape[0]} rows for the {tokens} tokens of its result.");
        var names = merged.Weights.Select(weight => weight.Name).ToHashSet(StringComparer.Ordinal);
        if (first.Weights.FirstOrDefault(weight => !names.Contains(weight.Name)) is { } missing)
            throw RewardKitException.Failure($"The merger's result lacks {missing.Name}, which {first.Name} has.");
        foreach (var weight in merged.Weights)
        {
            var expected = first.Find(weight.Name)
                ?? throw RewardKitException.Failure($"The merger's result has {weight.Name}, which {first.Name} lacks.");
            if (!weight.Shape.SequenceEqual(expected.Shape) && !Grew(weight, expected))
                throw RewardKitException.Failure(
                    $"The merger makes {weight.Name} [{string.Join(", ", weight.Shape)}]; in {first.Name} it is [{string.Join(", ", expected.Shape)}].");
        }
    }

    // With new tokens, what has a row for each token has more rows than the first model's.
    private static bool Grew(ModelWeight weight, ModelWeight first) =>
        weight.Role is WeightRole.Embedding or WeightRole.LanguageHead && weight.Shape[0] > first.Shape[0] && weight.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1));

    private static void RefuseExisting(string output)
    {
        if (File.Exists(output) || Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any())
            throw RewardKitException.Input($"{output}: exists already. Name a new folder, or remove this one.");
    }
}
