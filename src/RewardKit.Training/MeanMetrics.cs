using TorchSharp;

namespace RewardKit.Training;

/// <summary>Weighted means of scalars over the batches of one optimiser step.</summary>
internal sealed class MeanMetrics
{
    private readonly SortedDictionary<string, double> _sums = new(StringComparer.Ordinal);

    public double this[string name] => _sums[name];

    public IReadOnlyDictionary<string, double> Means => _sums;

    public void Add(string name, torch.Tensor value, double share) =>
        _sums[name] = _sums.GetValueOrDefault(name) + share * value.detach().to(torch.ScalarType.Float64).item<double>();
}
