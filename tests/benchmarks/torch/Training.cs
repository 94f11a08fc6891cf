using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Benchmarks.Torch;

/// <summary>Forward, backward and AdamW on the next-token loss of a few sequences.</summary>
internal sealed class Training : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Llama _model;
    private readonly FusedAdamW _optimizer;
    private readonly Tensor _ids, _targets, _positions, _segments;

    public Training(Sizes sizes, Device device)
    {
        _model = new Llama(sizes, Works.Tokens, device);
        _optimizer = FusedAdamW.Over(_model.named_parameters(), weightDecay: 0.01);
        var tokens = arange(Works.Sequences * (Works.Tokens + 1), ScalarType.Int64).mul(7919).remainder(sizes.Vocabulary)
            .view(Works.Sequences, Works.Tokens + 1);
        _ids = tokens.narrow(1, 0, Works.Tokens).reshape(-1).to(device);
        _targets = tokens.narrow(1, 1, Works.Tokens).reshape(-1).to(device);
        _positions = arange(Works.Tokens, ScalarType.Int64).repeat(Works.Sequences).to(device);
        _segments = stack(Enumerable.Range(0, Works.Sequences).Select(k => tensor(new long[] { k * Works.Tokens, Works.Tokens, 0, 0 })).ToArray());
    }

    public double LastLoss { get; private set; }

    public void Step()
    {
        using var scope = NewDisposeScope();
        _model.zero_grad();
        var loss = -_model.LogProbs(_ids, _positions, _segments, _targets).mean();
        loss.backward();
        _optimizer.Step(lr: 1e-3);
        LastLoss = loss.item<float>();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }
}

/// <summary>Greedy decoding with a cache of keys and values, from one token on.</summary>
internal sealed class Decoding : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Llama _model;
    private readonly Cache[] _caches;
    private readonly Device _device;

    public Decoding(Sizes sizes, Device device)
    {
        _device = device;
        _model = new Llama(sizes, Works.DecodedTokens, device);
        _caches = [.. Enumerable.Range(0, sizes.Layers).Select(_ => new Cache(Empty(), Empty()))];

        Tensor Empty() => zeros(sizes.Heads, Works.DecodedTokens, sizes.HeadWidth, device: device);
    }

    /// <summary>The sum of the largest logits of a run.</summary>
    public double Checksum { get; private set; }

    public void Run()
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var id = tensor(new long[] { 1 }, device: _device);
        var sum = zeros(1, device: _device);
        for (var position = 0; position < Works.DecodedTokens; position++)
        {
            using var step = NewDisposeScope();
            var logits = _model.Next(id, position, _caches);
            id = logits.argmax().view(1).MoveToOuterDisposeScope();
            sum.add_(logits.max());
        }
        Checksum = sum.item<float>() / Works.DecodedTokens;
    }

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }
}
