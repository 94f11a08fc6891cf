using System.Text;

namespace RewardKit.Plugins.DataSmoothing;

/// <summary>The soft label of each pair, from epoch to epoch.</summary>
internal sealed class SoftLabels
{
    private readonly Dictionary<string, Label> _labels = [];

    /// <summary>A pair's label.</summary>
    /// <param name="Step">The step of its last turn.</param>
    /// <param name="Used">What it was in that turn.</param>
    /// <param name="Next">What the next turn begins with.</param>
    private readonly record struct Label(int Step, double Used, double Next);

    /// <summary>The label of a pair whose turn it is. A step that is computed again finds what it had.</summary>
    /// <param name="id">The pair.</param>
    /// <param name="step">The step.</param>
    /// <param name="given">Its label in the data.</param>
    /// <param name="belief">The model's probability that the chosen response is better.</param>
    /// <param name="beta">How far it moves.</param>
    /// <param name="move">With which model's probability.</param>
    public double Turn(string id, int step, double given, double belief, double beta, Move move)
    {
        var known = _labels.TryGetValue(id, out var label);
        if (known && label.Step == step) return label.Used;
        var before = known ? label.Next : given;
        var moved = (1 - beta) * before + beta * belief;
        _labels[id] = move == Move.SameModel ? new(step, before, moved) : known ? new(step, moved, moved) : new(step, before, before);
        return _labels[id].Used;
    }

    /// <summary>All labels, to the last bit.</summary>
    public byte[] Write()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(_labels.Count);
            foreach (var (id, label) in _labels.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                writer.Write(id);
                writer.Write(label.Step);
                writer.Write(label.Used);
                writer.Write(label.Next);
            }
        }
        return stream.ToArray();
    }

    /// <summary>What <see cref="Write"/> wrote.</summary>
    public static SoftLabels Read(byte[] state)
    {
        var labels = new SoftLabels();
        using var reader = new BinaryReader(new MemoryStream(state), Encoding.UTF8);
        for (var left = reader.ReadInt32(); left > 0; left--)
            labels._labels.Add(reader.ReadString(), new(reader.ReadInt32(), reader.ReadDouble(), reader.ReadDouble()));
        return labels;
    }
}
