using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>A linear layer of the decoder, x Wᵀ + b, which adapters may change.</summary>
internal sealed class Projection : Block
{
    private readonly ModuleDict<LoraLayer> _adapters = nn.ModuleDict<LoraLayer>();

    /// <summary>Takes its weights.</summary>
    /// <param name="weights">Where from.</param>
    /// <param name="inputs">The length of an input vector.</param>
    /// <param name="outputs">The length of an output vector.</param>
    /// <param name="bias">Whether it has b.</param>
    public Projection(ModelWeights weights, long inputs, long outputs, bool bias) : base(weights)
    {
        Weight = Own(weights, "weight", Start.Normal, outputs, inputs);
        Bias = bias ? Own(weights, "bias", Start.Zeros, outputs) : null;
        register_module("lora", _adapters);
    }

    /// <summary>W, <c>[outputs, inputs]</c>.</summary>
    public Parameter Weight { get; }

    /// <summary>b, <c>[outputs]</c>, or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>The adapter in use; null: none.</summary>
    public LoraLayer? Adapter { get; set; }

    /// <summary>Hangs an adapter in, not yet in use.</summary>
    public void Hang(string name, LoraLayer adapter) => _adapters.Add(name, adapter);

    /// <summary><c>[..., inputs]</c> to <c>[..., outputs]</c>.</summary>
    public Tensor Forward(Tensor x)
    {
        var output = nn.functional.linear(x, Weight, Bias);
        if (Adapter is null) return output;
        using (output) return Adapter.Add(output, x);
    }
}
