using TorchSharp;

namespace RewardKit.Training;

/// <summary>Gathers the rewards of one optimiser step's batches.</summary>
internal sealed class StepRewards
{
    private readonly List<(float Chosen, float Rejected, bool Tie)> _pairs = [];

    /// <summary>Takes in the rewards <c>[pairs, 2]</c> of some pairs.</summary>
    public void Add(torch.Tensor rewards, PairBatch batch)
    {
        var values = rewards.detach().to(torch.ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        _pairs.AddRange(batch.Examples.Select((e, i) => (values[2 * i], values[2 * i + 1], e.Relation == Relation.Tie)));
    }

    /// <summary>Takes in the scores of some pairs.</summary>
    public void Add(IReadOnlyList<PairScore> scores, PairBatch batch) =>
        _pairs.AddRange(batch.Examples.Zip(scores, (e, s) => ((float)s.Chosen, (float)s.Rejected, e.Relation == Relation.Tie)));

    /// <summary>The rewards of the step's pair at a place; null where none were taken in.</summary>
    public (float Chosen, float Rejected)? Of(int place) => place < _pairs.Count ? (_pairs[place].Chosen, _pairs[place].Rejected) : null;

    /// <summary>Writes them, so that those of several processes can be put together.</summary>
    public void Write(BinaryWriter writer)
    {
        writer.Write(_pairs.Count);
        foreach (var (chosen, rejected, tie) in _pairs)
        {
            writer.Write(chosen);
            writer.Write(rejected);
            writer.Write(tie);
        }
    }

    /// <summary>Adds some that were written.</summary>
    public void Add(BinaryReader reader)
    {
        for (var count = reader.ReadInt32(); count > 0; count--) _pairs.Add((reader.ReadSingle(), reader.ReadSingle(), reader.ReadBoolean()));
    }

    /// <summary>What they were; null where none were taken in.</summary>
    public RewardSummary? Summary()
    {
        if (_pairs.Count == 0) return null;
        var all = _pairs.SelectMany(p => new double[] { p.Chosen, p.Rejected }).ToArray();
        var preferences = _pairs.Where(p => !p.Tie).ToArray();
        return new(
            preferences.Length == 0 ? null : preferences.Average(p => p.Chosen > p.Rejected ? 1.0 : 0),
            preferences.Length == 0 ? null : preferences.Average(p => (double)p.Chosen - p.Rejected),
            all.Min(), all.Average(), all.Max());
    }
}
