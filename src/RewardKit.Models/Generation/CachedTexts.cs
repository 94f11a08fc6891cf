using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>Tokens that continue a text of a cache.</summary>
/// <param name="Row">The row that it lies in.</param>
/// <param name="Shared">How many of the row's first tokens are its own first ones.</param>
/// <param name="Own">The place in the row where what follows them lies: right behind them, or further on for a branch.</param>
/// <param name="Past">How many tokens follow them already.</param>
/// <param name="Start">Where the new tokens lie among those of the step.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct Stretch(int Row, int Shared, int Own, int Past, int Start, int Length)
{
    /// <summary>How many tokens the text has before the new ones.</summary>
    public int Before => Shared + Past;
}

/// <summary>Attention of new tokens to the keys that a cache holds and to their own, which go into the cache.</summary>
internal abstract class CachedTexts : IAttention
{
    private readonly KeyValueCache _cache;
    private readonly IReadOnlyList<Stretch> _stretches;
    private readonly Device _device;
    private Tensor? _places;

    private CachedTexts(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) =>
        (_cache, _stretches, _device) = (cache, stretches, device);

    /// <summary>The attention of one step.</summary>
    public static IAttention Make(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) =>
        stretches.Any(stretch => stretch.Length > 1) ? new ManyTokens(cache, stretches, device)
        : CachedAttention.Takes(cache.Keys(0)) ? new FusedSteps(cache, stretches)
        : new OneTokenEach(cache, stretches, device);

    public Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v)
    {
        var (keys, values) = (_cache.Keys(form.Layer), _cache.Values(form.Layer));
        // All layers have the same places; made in the first and needed in all.
        _places ??= Places(keys.size(1), keys.size(2)).MoveToOuterDisposeScope();
        foreach (var (to, from) in new[] { (keys, k), (values, v) })
            to.view(-1, to.size(3)).index_put_(from.reshape(-1, to.size(3)), _places);
        return Attend(form, q, k, v, keys, values);
    }

    /// <summary>Attention after the new keys and values have gone into the cache.</summary>
    protected abstract Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values);

    private Tensor Places(long heads, long capacity)
    {
        var places = new List<long>();
        foreach (var stretch in _stretches)
            for (var i = 0; i < stretch.Length; i++)
                for (var head = 0; head < heads; head++) places.Add((stretch.Row * heads + head) * capacity + stretch.Own + stretch.Past + i);
        return tensor(places.ToArray(), device: _device);
    }

    /// <summary>Prompts and longer continuations: packed attention, with what a row has already as the prefix.</summary>
    private sealed class ManyTokens : CachedTexts
    {
        private readonly Tensor _segments;
        private readonly List<Stretch> _prefixes = [];
        private readonly int _past;

        public ManyTokens(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) : base(cache, stretches, device)
        {
            var at = stretches.Sum(stretch => stretch.Length);
            var begins = new Dictionary<(int, int, int, int), int>();
            var segments = new List<long>();
            foreach (var stretch in stretches)
            {
                // Branches that have nothing of their own yet have one prefix.
                var prefix = (stretch.Row, stretch.Shared, stretch.Past == 0 ? 0 : stretch.Own, stretch.Past);
                if (begins.TryAdd(prefix, at + _past) && stretch.Before > 0)
                {
                    _prefixes.Add(stretch);
                    _past += stretch.Before;
                }
                segments.AddRange([stretch.Start, stretch.Length, begins[prefix], stretch.Before]);
            }
            _segments = tensor(segments.ToArray(), [stretches.Count, 4]);
        }

        protected override Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values)
        {
            if (_past == 0) return PackedAttention.Apply(q, k, v, _segments, form.Scale, form.Window, form.Softcap);
            // The old tokens ask nothing: they belong to no segment.
            var asked = cat([q, zeros([_past, q.size(1), q.size(2)], q.dtype, q.device)]);
            return PackedAttention.Apply(asked, WithPast(k, keys), WithPast(v, values), _segments, form.Scale, form.Window, form.Softcap)
                .narrow(0, 0, q.size(0));

            Tensor WithPast(Tensor own, Tensor cached) => cat([own, .. _prefixes.SelectMany(prefix => (Tensor[])
                [Run(cached[prefix.Row], 0, prefix.Shared), Run(cached[prefix.Row], prefix.Own, prefix.Past)])]);

            static Tensor Run(Tensor row, int start, int length) => row.narrow(1, start, length).transpose(0, 1);
        }
    }

    /// <summary>One token each, where there is a kernel for it.</summary>
    private sealed class FusedSteps(KeyValueCache cache, IReadOnlyList<Stretch> stretches) : IAttention
    {
        private readonly Tensor _places = tensor(
            [.. stretches.SelectMany(stretch => (long[])[stretch.Row, stretch.Shared, stretch.Own, stretch.Past])], [stretches.Count, 4]);

        public Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v) => CachedAttention.Apply(
            q, k, v, cache.Keys(form.Layer), cache.Values(form.Layer), _places, form.Scale, form.Window, form.Softcap);
    }

    /// <summary>One token each: a query a text, over texts of different lengths, masked.</summary>
    private sealed class OneTokenEach : CachedTexts
    {
        private readonly int _branches;
        private readonly Tensor? _rows;
        private readonly Dictionary<int, Tensor?> _masks = [];

        public OneTokenEach(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) : base(cache, stretches, device)
        {
            // Where each row has as many branches, side by side, their queries go to the row's keys together.
            int[] rows = [.. stretches.Select(stretch => stretch.Row)];
            int[] distinct = [.. rows.Distinct()];
            _branches = rows.Length / distinct.Length;
            if (!rows.SequenceEqual(distinct.SelectMany(row => Enumerable.Repeat(row, _branches)))) (_branches, distinct) = (1, rows);
            if (!distinct.SequenceEqual(Enumerable.Range(0, cache.Rows))) _rows = tensor([.. distinct.Select(row => (long)row)], device: device);
        }

        protected override Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values)
        {
            var window = form.Window;
            var last = _stretches.Max(stretch => stretch.Own + stretch.Past + 1);
            var first = window > 0 ? Math.Max(0, _stretches.Min(stretch => Math.Min(stretch.Shared, stretch.Before + 1 - window))) : 0;
            var (texts, heads) = (q.size(0) / _branches, keys.size(1));
            // Branches, and the query heads that share a key head, stand as its rows.
            var queries = q.view(texts, _branches, heads, -1, q.size(2)).transpose(1, 2).reshape(texts, heads, -1, q.size(2));
            var scores = queries.matmul(Seen(keys).transpose(2, 3)).mul(form.Scale);
            if (form.Softcap > 0) scores = scores.div(form.Softcap).tanh().mul(form.Softcap);
            if (Hidden(window, first, last) is { } hidden)
                scores = scores.view(texts, heads, _branches, -1, last - first).masked_fill(hidden, double.NegativeInfinity).view(scores.shape);
            var wide = q.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
            var attended = scores.softmax(-1, wide).to_type(q.dtype).matmul(Seen(values));
            return attended.view(texts, heads, _branches, -1, q.size(2)).transpose(1, 2).reshape(q.shape);

            Tensor Seen(Tensor cached)
            {
                var seen = cached.narrow(2, first, last - first);
                return _rows is null ? seen : seen.index_select(0, _rows);
            }
        }

        /// <summary>What a text must not see of places first to last, <c>[rows, 1, branches, 1, places]</c>; null where it may see all.</summary>
        private Tensor? Hidden(int window, int first, int last)
        {
            if (_masks.TryGetValue(window, out var known)) return known;
            var hidden = new bool[_stretches.Count * (last - first)];
            for (var text = 0; text < _stretches.Count; text++)
            {
                var (shared, own, past) = (_stretches[text].Shared, _stretches[text].Own, _stretches[text].Past);
                for (var place = first; place < last; place++)
                {
                    // The place in the text of what lies there; none of what belongs to others.
                    var at = place < shared ? place : place >= own && place <= own + past ? shared + place - own : -1;
                    hidden[text * (last - first) + place - first] = at < 0 || window > 0 && at <= shared + past - window;
                }
            }
            var mask = !hidden.Contains(true) ? null
                : tensor(hidden, [_stretches.Count / _branches, 1, _branches, 1, last - first], device: _device).MoveToOuterDisposeScope();
            return _masks[window] = mask;
        }
    }
}
