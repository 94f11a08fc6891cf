using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>One model's side of texts that grow together: its own prompts, and its keys and values as far as it was asked.</summary>
internal sealed class ModelRows : IDisposable
{
    private readonly CausalModel _model;
    private readonly KeyValueCache _cache;
    private readonly List<int>[] _texts;

    /// <summary>Empty rows.</summary>
    public ModelRows(CausalModel model, int rows) : this(model, new KeyValueCache(model, rows), [.. Enumerable.Range(0, rows).Select(_ => new List<int>())])
    {
    }

    private ModelRows(CausalModel model, KeyValueCache cache, List<int>[] texts) => (_model, _cache, _texts) = (model, cache, texts);

    /// <summary>Begins a row anew.</summary>
    public void Begin(int row, IReadOnlyList<int> prompt)
    {
        _cache.RollBack(row, 0);
        _texts[row] = [.. prompt];
    }

    /// <summary>Adds a token to a row; computed when the model is next asked.</summary>
    public void Take(int row, int id) => _texts[row].Add(id);

    /// <summary>What a row holds.</summary>
    public IReadOnlyList<int> Text(int row) => _texts[row];

    /// <summary>Scores of what may come next in some rows, <c>[rows, vocab]</c>.</summary>
    public Tensor Next(IReadOnlyList<int> rows)
    {
        foreach (var row in rows)
            if (_cache.Lengths[row] == _texts[row].Count) _cache.RollBack(row, _texts[row].Count - 1);
        return Run(rows, _model.Next);
    }

    /// <summary>Copies rows, as many times as they are named, with all keys and values computed.</summary>
    public ModelRows Fork(IReadOnlyList<int> rows)
    {
        int[] behind = [.. rows.Distinct().Where(row => _cache.Lengths[row] < _texts[row].Count)];
        if (behind.Length > 0) Run(behind, (cache, tokens) => cache.Append(_model, tokens)).Dispose();
        return new(_model, _cache.Fork(rows), [.. rows.Select(row => new List<int>(_texts[row]))]);
    }

    /// <summary>Rewards of all rows at their last tokens, <c>[rows]</c>; for a reward model.</summary>
    public Tensor Rewards() => Run([.. Enumerable.Range(0, _texts.Length)], ((RewardModel)_model).NextRewards);

    public void Dispose() => _cache.Dispose();

    /// <summary>Computes what rows have beyond their keys; rows that begin with the same text compute it once.</summary>
    private Tensor Run(IReadOnlyList<int> rows, Func<KeyValueCache, IReadOnlyList<int[]>, Tensor> run)
    {
        var first = new Dictionary<string, int>();
        int[] source = [.. rows.Select(row =>
        {
            if (_cache.Lengths[row] > 0) return row;
            var key = string.Join(' ', _texts[row]);
            return first.TryAdd(key, row) ? row : first[key];
        })];
        int[] computed = [.. source.Distinct().Order()];
        // On the CPU each longer stretch goes alone: matrix products round by their number of rows, and a text shall get the
        // same bits in any company. Steps of a token each have kernels that see to it.
        var together = computed.GroupBy(row => _model.Device.type != DeviceType.CPU || _texts[row].Count - _cache.Lengths[row] == 1 ? -1 : row)
            .Select(group => group.ToArray()).ToArray();
        Tensor[] parts = [.. together.Select(group => run(_cache, [.. _texts.Select((text, row) => group.Contains(row) ? text[_cache.Lengths[row]..].ToArray() : [])]))];
        for (var i = 0; i < rows.Count; i++)
            if (source[i] != rows[i]) _cache.Copy(source[i], rows[i]);

        int[] order = [.. together.SelectMany(group => group)];
        var results = parts.Length == 1 ? parts[0] : cat(parts);
        return order.SequenceEqual(source) ? results
            : results.index_select(0, tensor([.. source.Select(row => (long)Array.IndexOf(order, row))], device: results.device));
    }
}
