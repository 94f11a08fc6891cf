using System.Diagnostics;
using System.Globalization;
using RewardKit.Models.Safetensors;
using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Training.Checkpoints;

/// <summary>
/// The checkpoints of one training, a folder each: <c>step-000120/</c> with <c>weights.safetensors</c> (what is trained, and
/// buffers), <c>optimizer.safetensors</c>, <c>log.jsonl</c> (a line a step), <c>state.json</c> (a <see cref="TrainingState"/>), <c>loss.bin</c> where the loss remembers something,
/// and <c>files.json</c> (sizes and hashes of these). Beside them <c>references-PART/</c> hold the reference log-probabilities.
/// The folder belongs to one training: same data, model, method, settings and seed. Writing and reading are apart: of the
/// processes of one training one saves, and all restore.
/// </summary>
/// <param name="folder">Where they are; made with the first.</param>
/// <param name="policy">When they are written and how many are kept.</param>
/// <param name="keep">
/// Which model the training is to leave: other than the last, one is written after each validation, and the best so far is
/// kept beside the last ones.
/// </param>
public sealed class TrainingCheckpoints(string folder, CheckpointPolicy policy, KeepModel keep = KeepModel.Last)
{
    private const string Weights = "weights.safetensors";
    private const string Optimizer = "optimizer.safetensors";
    private const string Prefix = "step-";
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();
    private int _last;

    /// <summary>Whether nothing is written, because another process of the training does that.</summary>
    public bool ReadsOnly { get; init; }

    /// <summary>Deletes what a process that was killed was writing or deleting; only where no other one trains.</summary>
    /// <param name="folder">The checkpoints' folder; it need not exist.</param>
    public static void Sweep(string folder) => SealedFolder.Sweep(folder);

    /// <summary>What there is to go on from, by name, in order.</summary>
    internal IEnumerable<string> Names => Directory.Exists(folder)
        ? Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Where(name => !name.Contains('.')).Order(StringComparer.Ordinal)
        : [];

    /// <summary>Whether one is to be written now.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="validated">Whether the model was just tried on held-out pairs: it may be the best.</param>
    public bool IsDue(int step, bool validated = false) =>
        policy.Steps is { } steps && step % steps == 0
        || policy.Minutes is { } minutes && _sinceLast.Elapsed.TotalMinutes >= minutes
        || validated && keep != KeepModel.Last;

    /// <summary>Writes a checkpoint, if that of this step is not there yet, and then deletes those that are no longer kept.</summary>
    /// <param name="state">What the training has come to.</param>
    /// <param name="model">The model, on any device.</param>
    /// <param name="optimizer">Its optimiser.</param>
    /// <exception cref="RewardKitException">It cannot be written, for want of room for one. The earlier ones are intact.</exception>
    public void Save(TrainingState state, nn.Module model, FusedAdamW optimizer)
    {
        if (ReadsOnly || state.Step == _last) return;
        using var scope = NewDisposeScope();
        var weights = Trained(model);
        var moments = optimizer.StateDict();
        try
        {
            SealedFolder.Write(PathOf(state.Step), place =>
            {
                SafetensorsWriter.Write(Path.Combine(place, Weights), weights);
                SafetensorsWriter.Write(Path.Combine(place, Optimizer), moments);
                StateFiles.Write(place, state);
            });
            Prune(state.Log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var needed = weights.Values.Concat(moments.Values).Sum(t => t.NumberOfElements * t.ElementSize);
            throw StorageFailure.Of(FormattableString.Invariant($"the checkpoint of step {state.Step}"), folder, e, needed);
        }
        _last = state.Step;
        _sinceLast.Restart();
    }

    /// <summary>Takes up the latest checkpoint that is sound: weights, optimiser, and torch's generators.</summary>
    /// <param name="model">The model at its start.</param>
    /// <param name="optimizer">Its optimiser.</param>
    /// <param name="device">The model's device, whose generator is set beside the processor's.</param>
    /// <param name="notice">Told, in a sentence, of each that is damaged.</param>
    /// <returns>What the training had come to; null where there is none to go on from.</returns>
    public TrainingState? Restore(nn.Module model, FusedAdamW optimizer, Device device, Action<string>? notice = null)
    {
        var found = Found().OrderDescending().ToArray();
        foreach (var step in found)
        {
            if (SealedFolder.Damage(PathOf(step)) is { } damage)
            {
                notice?.Invoke(FormattableString.Invariant($"The checkpoint of step {step} is damaged and not used: {damage}."));
                continue;
            }
            var state = StateFiles.Read(PathOf(step));
            if (BestOf(state.Log) is { } best && best != step && SealedFolder.Damage(PathOf(best)) is { } lost)
            {
                notice?.Invoke(FormattableString.Invariant($"The checkpoint of step {best}, the best so far, is damaged ({lost}); to have it again, that of step {step} is not used."));
                continue;
            }
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Load(step, model);
            using (var file = SafetensorsReader.Open(Path.Combine(PathOf(step), Optimizer)))
                optimizer.LoadStateDict(file.Entries.ToDictionary(e => e.Name, e => file.Read(e.Name)));
            Generators.Set(state.Generators, device);
            _last = step;
            _sinceLast.Restart();
            return state;
        }
        if (found.Length > 0) notice?.Invoke("No checkpoint is sound: the training begins anew.");
        return null;
    }

    /// <summary>Gives the model the weights that the run is to leave; call it behind the last step's <see cref="Save"/>.</summary>
    /// <param name="model">The model, trained to its end. Where nothing is written, it keeps its weights.</param>
    /// <param name="log">All steps.</param>
    /// <returns>The step they are of; null where they are the last, or none was measured.</returns>
    /// <exception cref="RewardKitException">The checkpoint is damaged.</exception>
    public int? TakeBest(nn.Module model, IReadOnlyList<StepLog> log)
    {
        if (BestOf(log) is not { } best || best == log.Count) return null;
        if (ReadsOnly) return best;
        if (SealedFolder.Damage(PathOf(best)) is { } damage)
            throw RewardKitException.Failure($"The best checkpoint, {PathOf(best)}, is damaged: {damage}. Run the same command again; it trains from before that step.");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Load(best, model);
        return best;
    }

    private void Load(int step, nn.Module model)
    {
        using var file = SafetensorsReader.Open(Path.Combine(PathOf(step), Weights));
        foreach (var (name, tensor) in Trained(model)) tensor.copy_(file.Read(name));
    }

    /// <summary>
    /// The reference log-probabilities: those kept from before, or, with the model still at its start, computed and kept.
    /// </summary>
    /// <param name="part">Of which pairs: <c>train</c>, <c>validation</c>.</param>
    /// <param name="device">Where they are wanted.</param>
    /// <param name="compute">Computes them.</param>
    /// <exception cref="RewardKitException">They cannot be written.</exception>
    public Tensor References(string part, Device device, Func<Tensor> compute)
    {
        const string name = "response_log_probs";
        var place = Path.Combine(folder, $"references-{part}");
        var path = Path.Combine(place, "references.safetensors");
        if (Directory.Exists(place) && SealedFolder.Damage(place) is null)
        {
            using var file = SafetensorsReader.Open(path);
            return file.Read(name).to(device);
        }
        var computed = compute();
        if (ReadsOnly) return computed;
        try
        {
            SealedFolder.Write(place, beside => SafetensorsWriter.Write(
                Path.Combine(beside, Path.GetFileName(path)), new Dictionary<string, Tensor> { [name] = computed }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.Of("the reference log-probabilities", place, e, computed.NumberOfElements * computed.ElementSize);
        }
        return computed;
    }

    // What lies after the step just saved is of no use any more: the training has come here from before it.
    private void Prune(IReadOnlyList<StepLog> log)
    {
        foreach (var later in Found().Where(s => s > log.Count)) SealedFolder.Delete(PathOf(later));
        var best = BestOf(log);
        foreach (var old in Found().Order().SkipLast(policy.Keep).Where(s => s != best)) SealedFolder.Delete(PathOf(old));
    }

    // From the log, which tells of all steps whatever became of their checkpoints.
    private int? BestOf(IReadOnlyList<StepLog> log)
    {
        if (keep == KeepModel.Last) return null;
        var (metric, sign) = keep == KeepModel.LowestLoss ? ("eval/loss", 1) : ("eval/accuracy", -1);
        return log.Where(s => s.Metrics.TryGetValue(metric, out var value) && !double.IsNaN(value)).MinBy(s => sign * s.Metrics[metric])?.Step;
    }

    private static Dictionary<string, Tensor> Trained(nn.Module model) =>
        model.named_parameters().Where(p => p.parameter.requires_grad).Select(p => (p.name, (Tensor)p.parameter))
            .Concat(model.named_buffers(include_nonpersistent: false)).ToDictionary(t => t.Item1, t => t.Item2);

    private IEnumerable<int> Found() => Directory.Exists(folder)
        ? Directory.GetDirectories(folder, Prefix + "*").Select(Path.GetFileName).Where(name => !name!.Contains('.'))
            .Select(name => int.TryParse(name![Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : 0)
            .Where(step => step > 0)
        : [];

    private string PathOf(int step) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D6}"));
}
