using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace RewardKit.Benchmarks.Torch;

/// <summary>A Llama as a user of the torch layer would write it. Weights follow a formula that peer.py has, too.</summary>
internal sealed class Llama : Module
{
    private readonly Embedding embed;
    private readonly ModuleList<Layer> layers;
    private readonly Parameter norm;
    private readonly Parameter head;
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public Llama(Sizes sizes, int positions, Device device) : base(nameof(Llama))
    {
        Sizes = sizes;
        var seed = 0;
        embed = Embedding(sizes.Vocabulary, sizes.Hidden);
        embed.weight = Weights(sizes.Vocabulary, sizes.Hidden);
        layers = ModuleList([.. Enumerable.Range(0, sizes.Layers).Select(_ => new Layer(sizes, Weights))]);
        norm = Parameter(ones(sizes.Hidden));
        head = Weights(sizes.Vocabulary, sizes.Hidden);
        RegisterComponents();
        this.to(device);
        using var scope = NewDisposeScope();
        var half = sizes.HeadWidth / 2;
        var angles = outer(arange(positions, ScalarType.Float32), pow(10000.0, arange(half, ScalarType.Float32) / -half));
        (_cos, _sin) = (angles.cos().to(device).DetachFromDisposeScope(), angles.sin().to(device).DetachFromDisposeScope());

        Parameter Weights(int rows, int columns)
        {
            using var inner = NewDisposeScope();
            var values = arange(rows * columns, ScalarType.Float64).add(1000.0 * seed++).mul(0.7).sin().mul(0.05);
            return (Parameter)Parameter(values.to_type(ScalarType.Float32).view(rows, columns)).DetachFromDisposeScope();
        }
    }

    public Sizes Sizes { get; }

    /// <summary>Log-probabilities of the targets, <c>[tokens]</c>, of packed sequences.</summary>
    public Tensor LogProbs(Tensor ids, Tensor positions, Tensor segments, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = (_cos[positions], _sin[positions]);
        var x = embed.call(ids);
        foreach (var layer in layers) x = layer.Forward(x, cos, sin, segments);
        return TokenLogProbs.Apply(RmsNorm.Apply(x, norm, 1e-5), head, targets).MoveToOuterDisposeScope();
    }

    /// <summary>Logits <c>[vocabulary]</c> after one more token.</summary>
    public Tensor Next(Tensor id, int position, Cache[] caches)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = (_cos.narrow(0, position, 1), _sin.narrow(0, position, 1));
        var x = embed.call(id);
        for (var k = 0; k < caches.Length; k++) x = layers[k].Next(x, cos, sin, caches[k], position);
        return functional.linear(RmsNorm.Apply(x, norm, 1e-5), head).view(-1).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cos.Dispose();
            _sin.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>Keys and values seen so far, <c>[heads, positions, dim]</c>.</summary>
internal sealed record Cache(Tensor Keys, Tensor Values);

internal sealed class Layer : Module
{
    private readonly Parameter q, k, v, o, gate, up, down, norm1, norm2;
    private readonly int _width;

    public Layer(Sizes sizes, Func<int, int, Parameter> weights) : base(nameof(Layer))
    {
        _width = sizes.HeadWidth;
        (q, k, v, o) = (Square(), Square(), Square(), Square());
        (gate, up) = (weights(sizes.Inner, sizes.Hidden), weights(sizes.Inner, sizes.Hidden));
        down = weights(sizes.Hidden, sizes.Inner);
        (norm1, norm2) = (Parameter(ones(sizes.Hidden)), Parameter(ones(sizes.Hidden)));
        RegisterComponents();

        Parameter Square() => weights(sizes.Hidden, sizes.Hidden);
    }

    public Tensor Forward(Tensor x, Tensor cos, Tensor sin, Tensor segments)
    {
        using var scope = NewDisposeScope();
        var (queries, keys, values) = Project(x, cos, sin);
        var attended = PackedAttention.Apply(queries, keys, values, segments, 1 / Math.Sqrt(_width));
        return Finish(x, attended.view(x.size(0), -1)).MoveToOuterDisposeScope();
    }

    public Tensor Next(Tensor x, Tensor cos, Tensor sin, Cache cache, int position)
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = Project(x, cos, sin);
        cache.Keys.narrow(1, position, 1).copy_(key.transpose(0, 1));
        cache.Values.narrow(1, position, 1).copy_(value.transpose(0, 1));
        var scores = query.transpose(0, 1).matmul(cache.Keys.narrow(1, 0, position + 1).transpose(1, 2)).mul_(1 / Math.Sqrt(_width));
        var attended = scores.softmax(-1).matmul(cache.Values.narrow(1, 0, position + 1));
        return Finish(x, attended.view(1, -1)).MoveToOuterDisposeScope();
    }

    private (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor x, Tensor cos, Tensor sin)
    {
        var normed = RmsNorm.Apply(x, norm1, 1e-5);
        return (Rotary.Apply(Heads(q), cos, sin), Rotary.Apply(Heads(k), cos, sin), Heads(v));

        Tensor Heads(Parameter weight) => functional.linear(normed, weight).view(x.size(0), -1, _width);
    }

    private Tensor Finish(Tensor x, Tensor attended)
    {
        x = x + functional.linear(attended, o);
        var normed = RmsNorm.Apply(x, norm2, 1e-5);
        return x + functional.linear(SwiGlu.Apply(functional.linear(normed, gate), functional.linear(normed, up)), down);
    }
}
