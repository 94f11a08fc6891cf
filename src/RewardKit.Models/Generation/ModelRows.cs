using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>One model's side of texts that grow together: its own prompts, and its keys and values as far as it was asked.</summary>
internal sealed class ModelRows(CausalModel model, int rows) : IDisposable
{
    private readonly KeyValueCache _cache = new(model, rows);
    private readonly List<int>[] _texts = [.. Enumerable.Range(0, rows).Select(_ => new List<int>())];
    private readonly Prompt?[] _prompts = new Prompt?[rows];
    private ModelBranches? _branches;

    /// <summary>Begins a row anew. A prompt that a row has, or had until now, is not computed again.</summary>
    public void Begin(int row, IReadOnlyList<int> ids)
    {
        KeepBranches();
        var before = _prompts[row];
        var prompt = Array.Find(_prompts, known => known is not null && known.Ids.SequenceEqual(ids)) ?? new([.. ids]);
        _texts[row] = [.. ids];
        if (before != prompt) _cache.RollBack(row, 0);
        _prompts[row] = prompt;
        if (!TakePrompt(row)) _cache.RollBack(row, 0);
        if (before is not null && !_prompts.Contains(before)) before.Dispose();
    }

    /// <summary>Adds a token to a row; computed when the model is next asked.</summary>
    public void Take(int row, int id) => _texts[row].Add(id);

    /// <summary>What a row holds.</summary>
    public IReadOnlyList<int> Text(int row) => _texts[row];

    /// <summary>Scores of what may come next in some rows, <c>[rows, vocab]</c>.</summary>
    public Tensor Next(IReadOnlyList<int> rows)
    {
        KeepBranches();
        ComputePrompts(rows);
        int[] grown = [.. rows.Where(row => !IsAtPrompt(row))];
        foreach (var row in grown)
            if (_cache.Lengths[row] == _texts[row].Count) _cache.RollBack(row, _texts[row].Count - 1);
        var hidden = grown.Length == 0 ? null : Compute(grown);
        if (hidden is null || grown.Length < rows.Count)
            hidden = cat([.. rows.Select(row => IsAtPrompt(row) ? _prompts[row]!.Hidden! : hidden!.narrow(0, Array.IndexOf(grown, row), 1))]);
        return Passes.Read(hidden, model.NextLogits);
    }

    /// <summary>Ways on from rows, which stay as they are; until a row begins or the model is asked about the rows again.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="continuations">By row, what each way begins with.</param>
    /// <param name="more">The most tokens that one takes beyond that.</param>
    public ModelBranches Branch(IReadOnlyList<int> rows, IReadOnlyList<IReadOnlyList<int[]>> continuations, int more)
    {
        KeepBranches();
        ComputePrompts(rows);
        int[] behind = [.. rows.Where(row => _cache.Lengths[row] < _texts[row].Count)];
        if (behind.Length > 0) Compute(behind).Dispose();
        var (owners, beginnings) = (new List<int>(), new List<int[]>());
        foreach (var (row, ways) in rows.Zip(continuations))
        {
            // What follows the row's last token is asked of that token.
            if (ways.Any(way => way.Length == 0)) _cache.RollBack(row, _texts[row].Count - 1);
            owners.AddRange(ways.Select(_ => row));
            beginnings.AddRange(ways.Select(way => (int[])[.. _texts[row][_cache.Lengths[row]..], .. way]));
        }
        return _branches = new(model, _cache, _cache.Branch(owners, beginnings.Max(ids => ids.Length) + more), beginnings);
    }

    public void Dispose()
    {
        _cache.Dispose();
        foreach (var prompt in _prompts) prompt?.Dispose();
    }

    /// <summary>What rows took of the ways on from them need not be computed again.</summary>
    private void KeepBranches()
    {
        if (_branches is { } branches) _cache.Keep(branches.Cached, branches.Longest(_texts));
        _branches = null;
    }

    private bool IsAtPrompt(int row) => _texts[row].Count == _prompts[row]!.Ids.Length;

    /// <summary>Computes the prompts of rows that have nothing yet, each once.</summary>
    private void ComputePrompts(IReadOnlyList<int> rows)
    {
        int[] empty = [.. rows.Where(row => _cache.Lengths[row] == 0 && !TakePrompt(row))];
        if (empty.Length == 0) return;
        int[] first = [.. empty.DistinctBy(row => _prompts[row])];
        using var scope = NewDisposeScope();
        var hidden = Compute(first, row => _prompts[row]!.Ids);
        for (var i = 0; i < first.Length; i++)
            if (_prompts[first[i]] is { Hidden: null } prompt) prompt.Hidden = hidden.narrow(0, i, 1).clone().DetachFromDisposeScope();
        foreach (var row in empty.Except(first)) TakePrompt(row);
    }

    /// <summary>Whether a row has its prompt's keys and values, be it from another that has them.</summary>
    private bool TakePrompt(int row)
    {
        var length = _prompts[row]!.Ids.Length;
        bool Has(int other) => _prompts[other] == _prompts[row] && _cache.Lengths[other] >= length;
        var from = Has(row) ? row : Array.FindIndex([.. Enumerable.Range(0, _texts.Length)], Has);
        if (from >= 0) _cache.Copy(from, length, row);
        return from >= 0;
    }

    /// <summary>Computes what rows have beyond their keys: final hidden states at their last tokens, <c>[rows, hidden]</c>.</summary>
    private Tensor Compute(IReadOnlyList<int> rows) => Compute(rows, row => [.. _texts[row][_cache.Lengths[row]..]]);

    private Tensor Compute(IReadOnlyList<int> rows, Func<int, int[]> added)
    {
        var tokens = new int[_texts.Length][];
        Array.Fill(tokens, []);
        foreach (var row in rows) tokens[row] = added(row);
        return Passes.Run(model, [.. rows.Select(row => (int[])[row])], row => tokens[row].Length,
            together => _cache.Append(model, [.. tokens.Select((ids, row) => together.Contains(row) ? ids : [])]));
    }

    /// <summary>What rows begin with.</summary>
    private sealed class Prompt(int[] ids) : IDisposable
    {
        public int[] Ids => ids;

        /// <summary>The final hidden state at its last token, <c>[1, hidden]</c>; null until it is computed.</summary>
        public Tensor? Hidden { get; set; }

        public void Dispose() => Hidden?.Dispose();
    }
}
