using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What an adapter changes in one linear layer.</summary>
internal sealed class LoraLayer : nn.Module
{
    private readonly double _scale;
    private readonly double _dropout;

    /// <summary>Takes its factors.</summary>
    /// <param name="a">A, <c>[rank, inputs]</c>.</param>
    /// <param name="b">B, <c>[outputs, rank]</c>.</param>
    /// <param name="options">Scale and dropout.</param>
    public LoraLayer(Parameter a, Parameter b, LoraOptions options) : base(nameof(LoraLayer))
    {
        (A, B, _scale, _dropout) = (a, b, options.Scale, options.Dropout);
        register_parameter("A", a);
        register_parameter("B", b);
        // Until somebody trains: a model that is only asked must not roll dice.
        train(false);
    }

    /// <summary>A, <c>[rank, inputs]</c>.</summary>
    public Parameter A { get; }

    /// <summary>B, <c>[outputs, rank]</c>.</summary>
    public Parameter B { get; }

    /// <summary>What the layer gives with this adapter: in the layer's type, added in the adapter's.</summary>
    /// <param name="output">What it gives without, <c>[..., outputs]</c>.</param>
    /// <param name="input">What it is given, <c>[..., inputs]</c>.</param>
    public Tensor Add(Tensor output, Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input.to_type(A.dtype);
        if (training && _dropout > 0) x = nn.functional.dropout(x, _dropout);
        var change = nn.functional.linear(nn.functional.linear(x, A) * _scale, B);
        return (output + change).to_type(output.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The change of the layer's weight, scale · B A, <c>[outputs, inputs]</c>.</summary>
    public Tensor Change()
    {
        using var scope = NewDisposeScope();
        return (B.matmul(A) * _scale).MoveToOuterDisposeScope();
    }

    /// <summary>The parameters are registered by name in the constructor, not found among the fields.</summary>
    protected override void RegisterComponents()
    {
    }
}
