using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// Keys and values of texts that grow, so that a token costs one token's work. Each row is a text of its own length; a
/// row's results do not depend on the rows beside it. Belongs to one model, in the type and on the device that it had.
/// Not for use from several threads at once. Holds all keys of a text, also where a window hides the older ones.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    // Rows grow by whole chunks of positions, and by half of what they have, so that a long text is copied a few times only.
    private const int Chunk = 64;

    private readonly Decoder _decoder;
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;
    private int[] _lengths;

    /// <summary>Makes a cache of empty texts.</summary>
    /// <param name="model">The model whose keys and values it will hold.</param>
    /// <param name="rows">How many texts.</param>
    public KeyValueCache(CausalModel model, int rows = 1) : this(model.Decoder, new int[Positive(rows)])
    {
        var config = model.Config;
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            _keys[layer] = Make();
            _values[layer] = Make();
        }

        Tensor Make() => empty([rows, config.NumKeyValueHeads, 0, config.HeadWidth], model.Type, model.Device).DetachFromDisposeScope();
    }

    private KeyValueCache(Decoder decoder, int[] lengths)
    {
        (_decoder, _lengths) = (decoder, lengths);
        (_keys, _values) = (new Tensor[decoder.Layers], new Tensor[decoder.Layers]);
    }

    /// <summary>How many texts it holds.</summary>
    public int Rows => _lengths.Length;

    /// <summary>The tokens of each text.</summary>
    public IReadOnlyList<int> Lengths => _lengths;

    /// <summary>How many tokens a text can have before memory is taken anew.</summary>
    public int Capacity => (int)_keys[0].size(2);

    /// <summary>Cuts a text back to its first tokens; what follows goes on from there.</summary>
    /// <param name="row">Which text.</param>
    /// <param name="length">How many tokens stay; 0 frees the row for another text.</param>
    public void RollBack(int row, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _lengths[row]);
        _lengths[row] = length;
    }

    /// <summary>
    /// Makes row i what row <c>rows[i]</c> was: reorders texts, drops those not named, and forks those named more than once.
    /// </summary>
    /// <param name="rows">Row numbers; at least one.</param>
    public void Select(params IReadOnlyList<int> rows)
    {
        using var taken = Fork(rows);
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            (_keys[layer], taken._keys[layer]) = (taken._keys[layer], _keys[layer]);
            (_values[layer], taken._values[layer]) = (taken._values[layer], _values[layer]);
        }
        _lengths = taken._lengths;
    }

    /// <summary>Copies texts into a new cache, in which row i is row <c>rows[i]</c> of this one.</summary>
    /// <param name="rows">Row numbers; at least one. A row may be named more than once.</param>
    /// <returns>The copy; the caller disposes it.</returns>
    public KeyValueCache Fork(params IReadOnlyList<int> rows)
    {
        Positive(rows.Count);
        var result = new KeyValueCache(_decoder, [.. rows.Select(row => _lengths[row])]);
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var index = tensor([.. rows.Select(row => (long)row)], device: _keys[0].device);
        // Room for the next tokens comes when they come.
        var longest = result._lengths.Max();
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            result._keys[layer] = Taken(_keys[layer]);
            result._values[layer] = Taken(_values[layer]);
        }
        return result;

        Tensor Taken(Tensor from) => from.narrow(2, 0, longest).index_select(0, index).DetachFromDisposeScope();
    }

    /// <summary>Overwrites a text by the beginning of another of the same cache.</summary>
    /// <param name="from">The text to copy.</param>
    /// <param name="length">How many of its tokens.</param>
    /// <param name="to">The row that becomes them.</param>
    internal void Copy(int from, int length, int to)
    {
        if (from != to)
        {
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            foreach (var tensor in _keys.Concat(_values)) tensor[to].narrow(1, 0, length).copy_(tensor[from].narrow(1, 0, length));
        }
        _lengths[to] = length;
    }

    /// <summary>Appends tokens to texts.</summary>
    /// <param name="model">The model that the cache belongs to.</param>
    /// <param name="tokens">By row, the tokens to append; a row with none stays as it is.</param>
    /// <returns>Final hidden states at the last token of each row that got tokens, in order, <c>[rows with tokens, hidden]</c>.</returns>
    internal Tensor Append(CausalModel model, IReadOnlyList<int[]> tokens)
    {
        if (tokens.Count != Rows)
            throw new ArgumentException($"There are tokens for {tokens.Count} rows, and the cache has {Rows}.", nameof(tokens));
        Check(model, tokens);
        Reserve(tokens.Zip(_lengths, (ids, length) => ids.Length == 0 ? 0 : ids.Length + length).Max());
        var hidden = Run(model, tokens, row => new(row, _lengths[row], _lengths[row], 0, 0, 0));
        for (var row = 0; row < tokens.Count; row++) _lengths[row] += tokens[row].Length;
        return hidden;
    }

    /// <summary>
    /// Ways on from texts, which share a text's keys and values: their own lie behind it in its row. They last until the text
    /// itself changes.
    /// </summary>
    /// <param name="rows">The texts; one may be named more than once.</param>
    /// <param name="room">The most tokens of each.</param>
    internal CacheBranches Branch(IReadOnlyList<int> rows, int room)
    {
        var count = new int[Rows];
        Branch[] branches = [.. rows.Select(row => new Branch(row, _lengths[row], _lengths[row] + room * count[row]++))];
        Reserve(branches.Max(branch => branch.Own) + room);
        return new(branches);
    }

    /// <summary>Appends tokens to branches.</summary>
    /// <param name="model">The model that the cache belongs to.</param>
    /// <param name="branches">The branches.</param>
    /// <param name="tokens">By branch, the tokens to append, no more than it has room for; one with none stays as it is.</param>
    /// <returns>Final hidden states at the last token of each branch that got tokens, in order, <c>[branches with tokens, hidden]</c>.</returns>
    internal Tensor Append(CausalModel model, CacheBranches branches, IReadOnlyList<int[]> tokens)
    {
        Check(model, tokens);
        var hidden = Run(model, tokens, i => new(branches[i].Row, branches[i].Shared, branches[i].Own, branches.Lengths[i], 0, 0));
        for (var i = 0; i < tokens.Count; i++) branches.Lengths[i] += tokens[i].Length;
        return hidden;
    }

    /// <summary>Goes on with branches: a text takes the first tokens of one of its own.</summary>
    /// <param name="branches">The branches, of which no more can be appended to.</param>
    /// <param name="kept">Branches, no two of a text, and how many tokens.</param>
    internal void Keep(CacheBranches branches, IReadOnlyList<(int Branch, int Length)> kept)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var (from, to) = (new List<long>(), new List<long>());
        var heads = _keys[0].size(1);
        foreach (var (branch, length) in kept)
        {
            var (row, shared, own) = branches[branch];
            _lengths[row] = shared + length;
            for (var head = 0; head < heads && own != shared; head++)
                for (var i = 0; i < length; i++)
                {
                    from.Add((row * heads + head) * Capacity + own + i);
                    to.Add((row * heads + head) * Capacity + shared + i);
                }
        }
        if (from.Count == 0) return;
        var (source, target) = (tensor(from.ToArray(), device: _keys[0].device), tensor(to.ToArray(), device: _keys[0].device));
        foreach (var tensor in _keys.Concat(_values))
        {
            using var flat = tensor.view(-1, tensor.size(3));
            using var taken = flat.index_select(0, source);
            flat.index_put_(taken, target);
        }
    }

    /// <summary>Keys of a layer, <c>[rows, kv_heads, capacity, dim]</c>; only the first <see cref="Lengths"/> of a row count.</summary>
    internal Tensor Keys(int layer) => _keys[layer];

    /// <summary>Values of a layer, alike.</summary>
    internal Tensor Values(int layer) => _values[layer];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values)) tensor.Dispose();
    }

    private void Reserve(int length)
    {
        var old = Capacity;
        if (length <= old) return;
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var capacity = (Math.Max(length, old + old / 2) + Chunk - 1) / Chunk * Chunk;
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            Grow(ref _keys[layer]);
            Grow(ref _values[layer]);
        }

        // Zeros, because what a mask hides is still multiplied by 0.
        void Grow(ref Tensor tensor)
        {
            var grown = zeros([tensor.size(0), tensor.size(1), capacity, tensor.size(3)], tensor.dtype, tensor.device);
            if (old > 0) grown.narrow(2, 0, old).copy_(tensor);
            tensor.Dispose();
            tensor = grown.DetachFromDisposeScope();
        }
    }

    /// <summary>Runs new tokens, each stretch where it has its place.</summary>
    private Tensor Run(CausalModel model, IReadOnlyList<int[]> tokens, Func<int, Stretch> place)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var stretches = new List<Stretch>();
        var at = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Length == 0) continue;
            stretches.Add(place(i) with { Start = at, Length = tokens[i].Length });
            at += tokens[i].Length;
        }
        long[] ids = [.. tokens.SelectMany(row => row.Select(id => (long)id))];
        long[] positions = [.. stretches.SelectMany(stretch => Enumerable.Range(stretch.Before, stretch.Length).Select(position => (long)position))];
        var input = tensor([.. ids, .. positions], [2, at], device: model.Device);
        var hidden = _decoder.Forward(input[0], input[1], CachedTexts.Make(this, stretches, model.Device));
        if (at > stretches.Count)
            hidden = hidden.index_select(0, tensor([.. stretches.Select(stretch => stretch.Start + stretch.Length - 1L)], device: model.Device));
        return hidden.MoveToOuterDisposeScope();
    }

    private void Check(CausalModel model, IReadOnlyList<int[]> tokens)
    {
        if (!ReferenceEquals(model.Decoder, _decoder))
            throw new ArgumentException("The cache holds another model's keys and values: make one for this model.", nameof(model));
        if (model.Type != _keys[0].dtype || !model.Device.Equals(_keys[0].device))
            throw new ArgumentException(
                $"The cache was made when the model was {_keys[0].dtype} on {_keys[0].device}; now it is {model.Type} on {model.Device}. Make a new cache.",
                nameof(model));
        if (tokens.All(row => row.Length == 0)) throw new ArgumentException("No row has tokens to append.", nameof(tokens));
        foreach (var id in tokens.SelectMany(row => row))
            if (id < 0 || id >= model.Config.VocabSize)
                throw new ArgumentException($"The token {id} is not in the model's vocabulary of {model.Config.VocabSize}.", nameof(tokens));
    }

    private static int Positive(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        return rows;
    }
}

/// <summary>Where a branch lies: after a row's first tokens, and from a place in that row on.</summary>
internal readonly record struct Branch(int Row, int Shared, int Own);

/// <summary>Ways on from texts of a cache: <see cref="KeyValueCache.Branch"/>.</summary>
internal sealed class CacheBranches(IReadOnlyList<Branch> branches)
{
    /// <summary>How many tokens each has.</summary>
    public int[] Lengths { get; } = new int[branches.Count];

    /// <summary>Where a branch lies.</summary>
    public Branch this[int branch] => branches[branch];
}
