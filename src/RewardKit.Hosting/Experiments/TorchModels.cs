using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using TorchSharp;

namespace RewardKit.Hosting.Experiments;

/// <summary>Trains and loads real models, on the GPU where there is one.</summary>
/// <param name="place">Which of several processes this one is; null for the only one.</param>
public sealed class TorchModels(ProcessPlace? place = null) : IModelWork
{
    private const string NativeLibrary = "libRewardKitTorch.so";
    private readonly torch.Device _device = FindDevice(place);

    /// <summary>Where models are trained.</summary>
    public torch.Device Device => _device;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Versions { get; } = FindVersions();

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(
        place is { Size: > 1 } ? [KeyValuePair.Create("processes", place.Size.ToString(CultureInfo.InvariantCulture))] : [])
    {
        ["libtorch"] = torch.__version__,
        ["device"] = _device.ToString(),
        ["torch threads"] = torch.get_num_threads().ToString(CultureInfo.InvariantCulture),
    };

    /// <inheritdoc/>
    public TrainingLog Train(
        ModelSpec model, ILoss loss, IReadOnlyList<PreferenceExample> examples, TrainingOptions options, int seed, string checkpoint,
        TrainingContext context)
    {
        if (context.Checkpoints is not null && !RewardKit.Torch.GeneratorState.IsSupported(_device))
        {
            context.Notice?.Invoke($"Writes no checkpoints: this build stands on the TorchSharp package, which cannot read the random numbers of {_device}.");
            context = context with { Checkpoints = null };
        }
        model = model.For(loss.Needs);
        var encoder = PairEncoder.Create(model);
        using var trained = RewardModel.Create(model, loss.Head, seed, _device);
        var log = Trainer.Train(trained, loss, examples, encoder, options, seed, context);
        try
        {
            if (context.Group is not { Rank: > 0 }) trained.Save(checkpoint, encoder, new() { Card = Card(model, loss, examples.Count, options, seed) });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("the trained model", checkpoint, e);
        }
        return log;
    }

    private static ModelCard Card(ModelSpec model, ILoss loss, int pairs, TrainingOptions options, int seed)
    {
        var method = loss.GetType().GetCustomAttribute<LossAttribute>();
        var settings = JsonSerializer.SerializeToElement(options).EnumerateObject().ToDictionary(o => o.Name, object? (o) => o.Value);
        settings["seed"] = seed;
        return new()
        {
            BaseModel = model.Folder is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) : "Random weights.",
            Data = FormattableString.Invariant($"{pairs} preference pairs."),
            Method = method is null ? null : method.Id + (method.Paper is null ? "" : $" ({method.Paper})"),
            Options = settings,
        };
    }

    /// <inheritdoc/>
    public ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress)
    {
        var model = RewardModel.Load(checkpoint, _device);
        var encoder = PairEncoder.Create(new ModelSpec { Folder = checkpoint });
        return model.PairLabels is null ? new Loaded(name, checkpoint, model, encoder, progress) : new LoadedPairs(name, model, encoder, progress);
    }

    /// <inheritdoc/>
    public ITrainedModel Load(string name, string checkpoint, Action<int, int>? progress, IEnumerable<ITrainedModel> beside)
    {
        if (RewardModel.SharedBase(checkpoint) is not { } key) return Load(name, checkpoint, progress);
        var shared = beside.OfType<AdapterScorer>().Select(other => other.Base).FirstOrDefault(other => other.Key == key && other.IsThere) ?? new(RewardModel.Load(checkpoint, _device), key);
        if (shared.Model.PairLabels is null) return new AdapterScorer(name, checkpoint, shared, PairEncoder.Create(new ModelSpec { Folder = checkpoint }), progress);
        shared.Model.Dispose();
        return Load(name, checkpoint, progress);
    }

    /// <inheritdoc/>
    public ILoadedPolicy Open(string name, ModelSpec model, int seed)
    {
        var encoder = PairEncoder.Create(model);
        var ends = model.Folder is { } folder ? LanguageModel.EndTokensOf(folder, encoder.Tokenizer)
            : encoder.Tokenizer.EosId is { } end ? [end] : (IReadOnlyList<int>)[];
        return new Opened(new(name, CausalModel.Create(model, seed, _device), encoder, ends));
    }

    // The first touch of the native library: without it nothing works, and its message says what to do.
    private static torch.Device FindDevice(ProcessPlace? place)
    {
        try
        {
            RewardKit.Torch.ThreadCount.Set();
            if (!torch.cuda.is_available()) return torch.CPU;
            if (place is not { Size: > 1 }) return torch.CUDA;
            // Each process of a machine has a GPU of its own.
            if (place.LocalRank < torch.cuda.device_count()) return new torch.Device(DeviceType.CUDA, place.LocalRank);
            throw RewardKitException.Input($"LOCAL_RANK is {place.LocalRank}, but this machine has {torch.cuda.device_count()} GPUs: start one process for each, at most.");
        }
        catch (DllNotFoundException e)
        {
            throw RewardKitException.Failure(e.Message, e);
        }
        catch (FormatException e)
        {
            throw RewardKitException.Input(e.Message, e);
        }
    }

    // The module version of an assembly, and the content of the native library, change with what they are built from.
    private static SortedDictionary<string, string> FindVersions()
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["libtorch"] = torch.__version__ };
        foreach (var type in new[] { typeof(torch), typeof(RewardKit.Torch.FusedAdamW), typeof(IScorer), typeof(RewardModel), typeof(Trainer) })
            versions.Add(type.Assembly.GetName().Name!, type.Module.ModuleVersionId.ToString());
        using var process = Process.GetCurrentProcess();
        var native = process.Modules.Cast<ProcessModule>().FirstOrDefault(m => Path.GetFileName(m.FileName) == NativeLibrary);
        if (native is not null) versions.Add(NativeLibrary, new FileHashes().Of(native.FileName));
        return versions;
    }

    private sealed class Loaded(string name, string folder, RewardModel model, PairEncoder encoder, Action<int, int>? progress) : ITrainedModel, IPlaceScorer
    {
        private readonly Scorer _scorer = new(name, model, encoder) { Progress = progress };

        public string Name => name;

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            _scorer.Score(requests, cancellation);

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
            _scorer.ScoreAt(requests, cancellation);

        public ITextGenerator Writer =>
            field ??= new LocalGenerator(new LanguageModel(name, model, encoder, LanguageModel.EndTokensOf(folder, encoder.Tokenizer)));

        public IPolicy Policy => new Policy(name, model, encoder);

        public IEnsembleScorer? Heads => model.Outputs > 1 ? new HeadScorer(_scorer) : null;

        public void Dispose() => model.Dispose();
    }

    private sealed class Opened(LanguageModel model) : ILoadedPolicy
    {
        private readonly Policy _policy = new(model.Name, model.Model, model.Encoder);

        public string Name => model.Name;

        public ITextGenerator Writer => field ??= new LocalGenerator(model);

        public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
            _policy.LogProbs(requests, cancellation);

        public void Dispose() => model.Dispose();
    }

    private sealed class LoadedPairs(string name, RewardModel model, PairEncoder encoder, Action<int, int>? progress) : ITrainedModel, IOrderedPairScorer
    {
        private readonly PairScorer _scorer = new(name, model, encoder) { Progress = progress };

        public string Name => name;

        public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default) =>
            _scorer.Compare(requests, cancellation);

        public IReadOnlyList<OrderedOdds> CompareOrders(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default) =>
            _scorer.CompareOrders(requests, cancellation);

        public void Dispose() => model.Dispose();
    }
}
