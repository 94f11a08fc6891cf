using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>Folders in PEFT's layout: an adapter, and the name of its base.</summary>
internal static class AdapterFolder
{
    /// <summary>What a model's adapter is called that came with its folder.</summary>
    public const string Default = "default";

    private const string Print = "base_fingerprint";

    /// <summary>Whether a folder holds an adapter and no model.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, AdapterConfig.Name)) && !SafetensorsReader.FilesIn(folder).Any();

    /// <summary>The folder of an adapter's base.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="given">The folder that the user names; null: the one that the adapter names.</param>
    /// <exception cref="RewardKitException">There is no such folder.</exception>
    public static string BaseOf(string folder, string? given)
    {
        var path = Path.Combine(folder, AdapterConfig.Name);
        if ((given ?? AdapterConfig.Load(folder).Base) is not { Length: > 0 } named)
            throw RewardKitException.Input($"{path}: base_model_name_or_path is missing; name the base model's folder.");
        // Other tools take a relative path from where they run; an adapter that lies beside its base is found, too.
        var found = (string?[])[named, given is null ? Path.Combine(folder, named) : null];
        var @base = found.FirstOrDefault(Directory.Exists) ?? throw RewardKitException.Input(given is not null
            ? $"{given}: there is no such folder of a base model."
            : $"{path}: base_model_name_or_path is \"{named}\", and there is no such folder here. Name the base model's folder (--base, or Base in a ModelSpec).");
        return !Is(@base) ? @base : throw RewardKitException.Input(
            $"{@base}: holds an adapter itself, and an adapter's base must be a whole model. Merge it first: rewardkit model merge-adapter {@base} OUT.");
    }

    /// <summary>The folders from which an encoder for this folder is made.</summary>
    /// <param name="folder">A model's folder, or an adapter's, which may leave them to its base.</param>
    /// <param name="base">The base that the user names.</param>
    /// <returns>The folder with <c>config.json</c>, and the one with the tokenizer.</returns>
    public static (string Config, string Tokenizer) ForTexts(string folder, string? @base)
    {
        if (!Is(folder)) return (folder, folder);
        var hasTokenizer = ((string[])["tokenizer.json", "vocab.json", "tokenizer.model"])
            .Any(name => File.Exists(Path.Combine(folder, name)) || File.Exists(Path.Combine(folder, name + ".gz")));
        var hasConfig = File.Exists(Path.Combine(folder, ConfigFile.Name));
        if (hasTokenizer && hasConfig) return (folder, folder);
        var below = BaseOf(folder, @base);
        return (hasConfig ? folder : below, hasTokenizer ? folder : below);
    }

    /// <summary>A reward model: the base with the adapter in use.</summary>
    /// <param name="spec">Its folder holds the adapter.</param>
    /// <param name="head">How a missing scalar head starts; null refuses an adapter and a base without one.</param>
    /// <param name="seed">Decides what is fresh.</param>
    /// <param name="device">Where the weights go.</param>
    public static RewardModel Reward(ModelSpec spec, RewardHead? head, int seed, Device? device)
    {
        var @base = BaseSpec(spec, trained: head is null);
        // The head that comes with the adapter takes the place of the base's, which need not be there at all.
        using (var file = AdapterFile.Open(spec.Folder!))
        {
            if (file.HasHead && head is not null && head.Outputs != file.Outputs) throw Checkpoint.OutputsRefusal(spec.Folder!, file.Outputs, head.Outputs);
            if (file.HasHead) head = new(ZeroInit: true, Bias: file.HasHeadBias, file.Outputs, head?.Norm ?? HeadNorm.None);
        }
        return Adapted(Checkpoint.Reward(@base, head, seed, device), spec, @base);
    }

    /// <summary>What adapters have in common that fit into one model in memory; null for a folder that holds none.</summary>
    /// <param name="folder">A folder that <see cref="Checkpoint"/> loads.</param>
    public static string? Common(string folder)
    {
        if (!Is(folder)) return null;
        var spec = new ModelSpec { Folder = folder };
        using var file = AdapterFile.Open(folder);
        return $"{Path.GetFullPath(BaseOf(folder, given: null))} {Noted(spec)?.Json["rewardkit"]?[Print]} {SettingsOf(spec)?.ToString()} {file.HasHead} {file.HasHeadBias} {file.Outputs}";
    }

    /// <summary>A language model: the base with the adapter in use.</summary>
    public static CausalModel Causal(ModelSpec spec, int seed, Device? device)
    {
        var @base = BaseSpec(spec);
        return Adapted(Checkpoint.Causal(@base, seed, device), spec, @base);
    }

    /// <summary>What a trained adapter's folder notes; null where other tools wrote it.</summary>
    public static TextSettings? SettingsOf(ModelSpec spec) => Noted(spec) is { } config ? TextSettings.Read(config) : null;

    /// <summary>Writes the adapter in use, and what of its base it needs to be found and checked again.</summary>
    public static void Save(CausalModel model, string folder, JsonObject config)
    {
        if (model.File.Folder is not { } @base)
            throw RewardKitException.Input(
                "An adapter is saved with the folder of its base, and this model's base comes from none. Save the base first and adapt that, or merge the adapter.");
        AdapterConfig.Save(
            folder, model.Adapters.OptionsOf(model.Adapters.Active!), model.Adapters.Targets, Path.GetFullPath(@base),
            scalarHead: model is RewardModel { HasScalarHead: true });
        using (no_grad())
        using (NewDisposeScope())
            SafetensorsWriter.Write(Path.Combine(folder, AdapterFile.Name), model.Adapters.Tensors());
        using var reader = SafetensorsReader.Open(@base);
        config["rewardkit"]![Print] = reader.Fingerprint();
    }

    /// <summary>Refuses adapters whose factors mean different things: of other bases, ranks, scales or layers.</summary>
    /// <param name="folders">The adapters' folders.</param>
    public static void RequireSameForm(IReadOnlyList<string> folders)
    {
        var (first, form) = (folders[0], Form(folders[0]));
        foreach (var other in folders.Skip(1))
        {
            var (mine, theirs) = form.Zip(Form(other)).FirstOrDefault(pair => pair.First.Value != pair.Second.Value);
            if (mine != theirs)
                throw RewardKitException.Input($"{first} and {other} are adapters of different forms: {mine.What} is {mine.Value} and {theirs.Value}. "
                    + "Merge each into its base first: rewardkit model merge-adapter ADAPTER OUT.");
        }

        static (string What, string Value)[] Form(string folder)
        {
            var (options, named) = (AdapterConfig.Load(folder).Options, BaseOf(folder, given: null));
            return
            [
                ("the rank", $"{options.Rank}"), ("alpha", FormattableString.Invariant($"{options.Alpha}")), ("use_rslora", $"{options.RankStabilized}"),
                ("the base", Path.GetFullPath(named)),
            ];
        }
    }

    /// <summary>Writes an adapter like another one, but with these factors, beside and renamed.</summary>
    /// <param name="folder">The folder to write.</param>
    /// <param name="like">The adapter to take everything else from.</param>
    /// <param name="tensors">The factors.</param>
    /// <param name="options">The type of the file.</param>
    public static void WriteLike(string folder, string like, IReadOnlyList<WeightToWrite> tensors, SaveOptions options) => WeightsFolder.Replace(folder, beside =>
    {
        foreach (var file in Directory.EnumerateFiles(like).Where(file => Path.GetFileName(file) != AdapterFile.Name))
            File.Copy(file, Path.Combine(beside, Path.GetFileName(file)));
        using var _ = no_grad();
        SafetensorsWriter.Write(Path.Combine(beside, AdapterFile.Name), tensors, options.Type);
    });

    private static ModelSpec BaseSpec(ModelSpec spec, bool trained = false)
    {
        if (spec.Lora is not null)
            throw RewardKitException.Input(
                $"{spec.Folder}: holds an adapter, and a second one on top is not supported. Train this one on, or merge it first: rewardkit model merge-adapter {spec.Folder} OUT.");
        var noted = SettingsOf(spec);
        return spec with
        {
            Folder = BaseOf(spec.Folder!, spec.Base),
            Base = null,
            LabelTokens = spec.LabelTokens ?? noted?.Labels,
            Pairs = spec.Pairs ?? (trained ? noted?.Pairs : null),
            IsPolicy = spec.IsPolicy || trained && noted?.IsPolicy == true,
            // Labels are looked up as the adapter's own texts are encoded.
            Tokenizer = spec.Tokenizer ?? ForTexts(spec.Folder!, spec.Base).Tokenizer,
            Template = spec.Template ?? noted?.Template,
            Dtype = spec.Dtype ?? noted?.Dtype,
        };
    }

    private static T Adapted<T>(T model, ModelSpec spec, ModelSpec @base) where T : CausalModel
    {
        try
        {
            if (Noted(spec)?.Json["rewardkit"]?[Print]?.ToString() is { } print)
            {
                using var reader = SafetensorsReader.Open(@base.Folder!);
                if (reader.Fingerprint() != print)
                    throw RewardKitException.Input(
                        $"{spec.Folder}: this adapter was trained on other weights than those in {@base.Folder}. Name its own base (--base, or Base in a ModelSpec).");
            }
            model.Adapters.Load(Default, spec.Folder!);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    // Adapters of other tools come without.
    private static ConfigFile? Noted(ModelSpec spec) => File.Exists(Path.Combine(spec.Folder!, ConfigFile.Name)) ? ConfigFile.Load(spec.Folder!) : null;
}
