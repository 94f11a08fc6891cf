using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>Tokens that continue one row of a cache.</summary>
/// <param name="Row">The row.</param>
/// <param name="Past">How many tokens it has already.</param>
/// <param name="Start">Where the new tokens lie among those of the step.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct Stretch(int Row, int Past, int Start, int Length);

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
                for (var head = 0; head < heads; head++) places.Add((stretch.Row * heads + head) * capacity + stretch.Past + i);
        return tensor(places.ToArray(), device: _device);
    }

    /// <summary>Prompts and longer continuations: packed attention, with what a row has already as the prefix.</summary>
    private sealed class ManyTokens : CachedTexts
    {
        private readonly Tensor _segments;
        private readonly int _past;

        public ManyTokens(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) : base(cache, stretches, device)
        {
            var at = (long)stretches.Sum(stretch => stretch.Length);
            var segments = new List<long>();
            foreach (var stretch in stretches)
            {
                segments.AddRange([stretch.Start, stretch.Length, at, stretch.Past]);
                at += stretch.Past;
            }
            _segments = tensor(segments.ToArray(), [stretches.Count, 4]);
            _past = stretches.Sum(stretch => stretch.Past);
        }

        protected override Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values)
        {
            if (_past == 0) return PackedAttention.Apply(q, k, v, _segments, form.Scale, form.Window, form.Softcap);
            // The old tokens ask nothing: they belong to no segment.
            var asked = cat([q, zeros([_past, q.size(1), q.size(2)], q.dtype, q.device)]);
            return PackedAttention.Apply(asked, WithPast(k, keys), WithPast(v, values), _segments, form.Scale, form.Window, form.Softcap)
                .narrow(0, 0, q.size(0));

            Tensor WithPast(Tensor own, Tensor cached) =>
                cat([own, .. _stretches.Where(stretch => stretch.Past > 0).Select(stretch => cached[stretch.Row].narrow(1, 0, stretch.Past).transpose(0, 1))]);
        }
    }

    /// <summary>One token each, where there is a kernel for it.</summary>
    private sealed class FusedSteps(KeyValueCache cache, IReadOnlyList<Stretch> stretches) : IAttention
    {
        private readonly Tensor _places = tensor([.. stretches.SelectMany(stretch => (long[])[stretch.Row, stretch.Past])], [stretches.Count, 2]);

        public Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v) => CachedAttention.Apply(
            q, k, v, cache.Keys(form.Layer), cache.Values(form.Layer), _places, form.Scale, form.Window, form.Softcap);
    }

    /// <summary>One token each: a query a row, over rows of different lengths, masked.</summary>
    private sealed class OneTokenEach : CachedTexts
    {
        private readonly int[] _lengths;
        private readonly Tensor? _rows;
        private readonly Dictionary<int, Tensor?> _masks = [];

        public OneTokenEach(KeyValueCache cache, IReadOnlyList<Stretch> stretches, Device device) : base(cache, stretches, device)
        {
            _lengths = [.. stretches.Select(stretch => stretch.Past + 1)];
            if (stretches.Count < cache.Rows) _rows = tensor([.. stretches.Select(stretch => (long)stretch.Row)], device: device);
        }

        protected override Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values)
        {
            var longest = _lengths.Max();
            var first = form.Window > 0 ? Math.Max(0, _lengths.Min() - form.Window) : 0;
            // Query heads that share a key head stand as its rows.
            var scores = q.view(q.size(0), keys.size(1), -1, q.size(2)).matmul(Seen(keys).transpose(2, 3)).mul(form.Scale);
            if (form.Softcap > 0) scores = scores.div(form.Softcap).tanh().mul(form.Softcap);
            if (Hidden(form.Window, first, longest) is { } hidden) scores = scores.masked_fill(hidden, double.NegativeInfinity);
            var wide = q.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
            return scores.softmax(-1, wide).to_type(q.dtype).matmul(Seen(values)).view(q.shape);

            Tensor Seen(Tensor cached)
            {
                var seen = cached.narrow(2, first, longest - first);
                return _rows is null ? seen : seen.index_select(0, _rows);
            }
        }

        /// <summary>What a row must not see of positions first to last, <c>[rows, 1, 1, positions]</c>; null where it may see all.</summary>
        private Tensor? Hidden(int window, int first, int last)
        {
            if (_masks.TryGetValue(window, out var known)) return known;
            Tensor? mask = null;
            if (_lengths.Any(length => length < last || window > 0 && length - window > first))
            {
                var hidden = new bool[_lengths.Length * (last - first)];
                for (var row = 0; row < _lengths.Length; row++)
                    for (var position = first; position < last; position++)
                        hidden[row * (last - first) + position - first] =
                            position >= _lengths[row] || window > 0 && position < _lengths[row] - window;
                mask = tensor(hidden, [_lengths.Length, 1, 1, last - first], device: _device).MoveToOuterDisposeScope();
            }
            return _masks[window] = mask;
        }
    }
}
