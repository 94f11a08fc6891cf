using TorchSharp;

namespace RewardKit.Training;

/// <summary>
/// Weighted means of scalars over the batches of one optimiser step. A name that some batches lack (accuracy where all
/// pairs tie) is averaged over those that have it.
/// </summary>
internal sealed class MeanMetrics
{
    private readonly SortedDictionary<string, (double Sum, double Share)> _sums = new(StringComparer.Ordinal);

    public double this[string name] => Mean(_sums[name]);

    public IReadOnlyDictionary<string, double> Means => _sums.ToDictionary(s => s.Key, s => Mean(s.Value));

    public void Add(string name, torch.Tensor value, double share)
    {
        var (sum, total) = _sums.GetValueOrDefault(name);
        _sums[name] = (sum + share * value.detach().to(torch.ScalarType.Float64).item<double>(), total + share);
    }

    /// <summary>Writes the sums, so that those of several processes can be put together.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(_sums.Count);
        foreach (var (name, (sum, share)) in _sums)
        {
            writer.Write(name);
            writer.Write(sum);
            writer.Write(share);
        }
    }

    /// <summary>Adds sums that were written.</summary>
    public void Add(BinaryReader reader)
    {
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var name = reader.ReadString();
            var (sum, total) = _sums.GetValueOrDefault(name);
            _sums[name] = (sum + reader.ReadDouble(), total + reader.ReadDouble());
        }
    }

    private static double Mean((double Sum, double Share) s) => s.Share > 0 ? s.Sum / s.Share : 0;
}
