using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using RewardKit.Models;
using RewardKit.Torch;
using RewardKit.Training.Checkpoints;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>
/// The processes that train one model together. Each has all of the model and the data, computes a share of every batch, and
/// takes the same step: the gradients are summed over them while the backward pass goes on. Alone, there is nothing to it.
/// </summary>
/// <param name="group">The processes; null for this one alone.</param>
/// <param name="seed">The run's seed.</param>
internal sealed class DataParallel(ProcessGroup? group, int seed) : IDisposable
{
    // Whoever asks one process to stop asks all of them.
    private static readonly TimeSpan s_requestsApart = TimeSpan.FromSeconds(5);
    private GradientBuckets? _buckets;
    private bool _sending;

    /// <summary>This process, from 0.</summary>
    public int Rank => group?.Rank ?? 0;

    private int Size => group?.Size ?? 1;

    /// <summary>Makes sure that all processes are about to do the same, since each relies on the others, and gives them the first one's weights.</summary>
    /// <exception cref="RewardKitException">They are not.</exception>
    public void Start(RewardModel model, IReadOnlyList<TokenPair> pairs, TrainingCheckpoints? checkpoints)
    {
        if (group is null) return;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in pairs.SelectMany(p => new[] { p.Prompt, p.Chosen, p.Rejected }))
        {
            hash.AppendData(BitConverter.GetBytes(text.Ids.Length));
            hash.AppendData(MemoryMarshal.AsBytes(text.Ids.AsSpan()));
        }
        if (Differ(hash.GetHashAndReset()))
            throw RewardKitException.Failure("The processes of this run have different training pairs: their data differ, or an augmenter makes something else of the same pairs and seed each time.");
        if (Differ(Encoding.UTF8.GetBytes(string.Join('\n', checkpoints?.Names ?? []))))
            throw RewardKitException.Failure("The processes of this run found different checkpoints to go on from. They must all see the same folder.");
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        foreach (var tensor in model.parameters().Concat(model.buffers())) group.Broadcast(tensor.detach());

        bool Differ(byte[] mine) => group.Gather(mine).Any(other => !other.AsSpan().SequenceEqual(mine));
    }

    /// <summary>Gets ready to sum the gradients of what is trained.</summary>
    /// <exception cref="RewardKitException">The weights have a type that cannot be summed.</exception>
    public void SumGradientsOf(RewardModel model)
    {
        if (group is null) return;
        if (model.parameters().Any(p => p.requires_grad && p.dtype == torch.ScalarType.BFloat16 && p.device_type == DeviceType.CPU))
            throw RewardKitException.Input("Gloo cannot sum gradients in bfloat16. Train float32 weights, with precision = bfloat16 if it is for speed.");
        _buckets = new(group, model.parameters());
    }

    /// <summary>Whether this process, or another one, was asked to stop; all get the same answer.</summary>
    public bool MustStop(CancellationToken cancellation)
    {
        if (group is null) return cancellation.IsCancellationRequested;
        if (group.Sum(cancellation.IsCancellationRequested ? 1 : 0)[0] == 0) return false;
        cancellation.WaitHandle.WaitOne(s_requestsApart);
        return true;
    }

    /// <summary>
    /// Deals a batch out: the rows of each process, in the order of the batch, so that all have about as many tokens. There
    /// may be fewer rows than processes.
    /// </summary>
    public int[][] Deal(int[] batch, Func<int, long> tokens)
    {
        if (Size == 1) return [batch];
        var hands = Enumerable.Range(0, Size).Select(_ => new List<int>()).ToArray();
        var load = new long[Size];
        foreach (var place in Enumerable.Range(0, batch.Length).OrderByDescending(p => tokens(batch[p])).ThenBy(p => p))
        {
            var least = Array.IndexOf(load, load.Min());
            hands[least].Add(place);
            load[least] += Math.Max(1, tokens(batch[place]));
        }
        return [.. hands.Select(hand => hand.Order().Select(place => batch[place]).ToArray())];
    }

    /// <summary>This process's stretch of so many rows that are dealt in order.</summary>
    public (int From, int To) Stretch(int rows) => ((int)((long)rows * Rank / Size), (int)((long)rows * (Rank + 1) / Size));

    /// <summary>All rows, <c>[rows, columns]</c>, of which each process has its <see cref="Stretch"/>, null if that is empty.</summary>
    public torch.Tensor Join(torch.Tensor? mine, int rows, long columns, torch.Device device)
    {
        if (group is null) return mine!;
        var all = torch.zeros(rows, columns, device: device);
        var (from, to) = Stretch(rows);
        if (mine is not null) all.narrow(0, from, to - from).copy_(mine);
        group.Sum(all);
        return all;
    }

    /// <summary>
    /// Sums the weights of the shares of a step. Random numbers begin anew here in all processes but the first, which draws
    /// what it would draw alone: no two draw the same, and a run that is gone on with draws what it would have drawn.
    /// </summary>
    public double BeginStep(int step, double weight)
    {
        if (group is null) return weight;
        if (Rank > 0) torch.manual_seed(unchecked(((long)seed * 1_000_003 + step) * Size + Rank));
        return group.Sum(weight)[0];
    }

    /// <summary>Runs a backward pass; in the last one of a step gradients go off to the other processes as they come.</summary>
    /// <exception cref="RewardKitException">Memory does not suffice, and the pass cannot be taken back.</exception>
    public void Backward(torch.Tensor loss, bool last)
    {
        if (last && _buckets is not null)
        {
            _buckets.Begin();
            _sending = true;
        }
        try
        {
            loss.backward();
        }
        catch (ExternalException e) when (_sending && PassSize.IsOutOfMemory(e))
        {
            throw RewardKitException.Failure($"Out of memory in a backward pass, while its gradients were on their way to the other processes. A smaller microBatchSize needs less. {e.Message}", e);
        }
    }

    /// <summary>Waits until the gradients are those of the whole batch.</summary>
    public void FinishGradients()
    {
        if (_buckets is null) return;
        // A process without a row had no backward pass.
        if (!_sending) _buckets.Begin();
        _sending = false;
        _buckets.Finish();
    }

    /// <summary>The numbers of all shares together, in the order of the processes.</summary>
    public (MeanMetrics Metrics, StepRewards Rewards) Gather((MeanMetrics Metrics, StepRewards Rewards) mine)
    {
        if (group is null) return mine;
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            mine.Metrics.Write(writer);
            mine.Rewards.Write(writer);
        }
        var all = (Metrics: new MeanMetrics(), Rewards: new StepRewards());
        foreach (var part in group.Gather(bytes.ToArray()))
        {
            using var reader = new BinaryReader(new MemoryStream(part));
            all.Metrics.Add(reader);
            all.Rewards.Add(reader);
        }
        return all;
    }

    /// <inheritdoc/>
    public void Dispose() => _buckets?.Dispose();
}
