using System.Reflection;
using System.Runtime.InteropServices;
using RewardKit.Torch;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>
/// How many pairs go into one forward and backward pass: as many as asked, by number and by tokens, and half of that whenever
/// memory does not suffice. A step is accumulated from its passes, so its numbers stay those of the whole batch but for rounding.
/// </summary>
internal sealed class PassSize
{
    // Beyond it, passes are not faster on a CPU: products of matrices are as fast as they get, and the rest leaves its caches.
    private const int TokensOnCpu = 2048;
    private readonly string _name;
    private readonly TrainingContext _context;
    private readonly bool _wholeBatch;

    /// <summary>The size that a run begins with.</summary>
    /// <exception cref="RewardKitException">Parts of a batch are asked for, and the loss needs it whole, or one process.</exception>
    public PassSize(TrainingOptions options, ILoss loss, torch.Device device, TrainingContext context)
    {
        _context = context;
        Pairs = Math.Min(options.MicroBatchSize ?? options.BatchSize, options.BatchSize);
        var method = loss.GetType().GetCustomAttribute<LossAttribute>();
        _name = method?.Id ?? loss.GetType().Name;
        _wholeBatch = method?.Traits.HasFlag(PluginTraits.WholeBatch) == true;
        Tokens = options.MicroBatchTokens
            ?? (device.type == DeviceType.CPU && options.MicroBatchSize is null && !_wholeBatch ? TokensOnCpu : int.MaxValue);
        if (_wholeBatch && (Pairs < options.BatchSize || options.MicroBatchTokens is not null))
            throw RewardKitException.Input($"The loss {_name} compares the pairs of a batch with each other, so a batch of {options.BatchSize} cannot be computed in parts; leave microBatchSize and microBatchTokens out.");
        if (_wholeBatch && context.Group is { Size: > 1 } group)
            throw RewardKitException.Input($"The loss {_name} compares the pairs of a batch with each other, so a batch cannot be shared by {group.Size} processes; run it in one.");
        if (loss is IStatefulLoss && context.Group is { Size: > 1 } several)
            throw RewardKitException.Input($"The loss {_name} remembers something of each pair, of which each of {several.Size} processes sees a part; run it in one.");
    }

    /// <summary>Pairs in a pass, at most.</summary>
    public int Pairs { get; set; }

    /// <summary>Tokens in a pass, at most; one pair may have more.</summary>
    public int Tokens { get; set; }

    /// <summary>Splits rows into passes, in their order.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="tokens">The tokens of a row.</param>
    public IEnumerable<int[]> Split(IEnumerable<int> rows, Func<int, int> tokens)
    {
        var part = new List<int>();
        var sum = 0L;
        foreach (var row in rows)
        {
            if (part.Count > 0 && (part.Count == Pairs || sum + tokens(row) > Tokens))
            {
                yield return [.. part];
                part.Clear();
                sum = 0;
            }
            part.Add(row);
            sum += tokens(row);
        }
        if (part.Count > 0) yield return [.. part];
    }

    /// <summary>Does work in passes, once more with passes of half the size whenever memory does not suffice.</summary>
    /// <exception cref="RewardKitException">It does not suffice for the least there is.</exception>
    public T Fit<T>(Func<T> work)
    {
        while (true)
        {
            try
            {
                return work();
            }
            catch (ExternalException e) when (IsOutOfMemory(e))
            {
                if (Pairs == 1 || _wholeBatch) throw TooMuch(e);
                var before = Pairs;
                Pairs = (Pairs + 1) / 2;
                Tokens = (Tokens + 1) / 2;
                _context.Notice?.Invoke($"out of memory with {before} pairs in a pass; from here on a pass takes {Pairs}, and a step as many passes as it needs (microBatchSize = {Pairs} begins with that).");
            }
            // Not before the tensors of the failed pass are gone.
            Memory.ReleaseCache();
        }
    }

    /// <summary>Whether an error of libtorch is that memory does not suffice.</summary>
    public static bool IsOutOfMemory(ExternalException e) =>
        e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("allocate memory", StringComparison.OrdinalIgnoreCase);

    private RewardKitException TooMuch(ExternalException e) => RewardKitException.Failure(
        (_wholeBatch
            ? $"Out of memory, and the loss {_name} needs its batch of {Pairs} pairs whole. A smaller batchSize,"
            : "Out of memory with one pair in a pass. Shorter texts (maxPromptTokens, maxResponseTokens),")
        + $" activationCheckpointing = true or a smaller model need less. {e.Message}", e);
}
