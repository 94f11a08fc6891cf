using TorchSharp;
using TorchSharp.Modules;

namespace RewardKit.Models;

/// <summary>
/// A module that is made together with its weights, and whose parts bear the names under which it took them: Hugging
/// Face's names, in which the families differ.
/// </summary>
internal abstract class Block : torch.nn.Module
{
    private readonly string _place;

    protected Block(ModelWeights weights) : base(weights.Place) => _place = weights.Place;

    /// <summary>Registers a part under its own name.</summary>
    protected T Part<T>(T block) where T : Block
    {
        register_module(block._place, block);
        return block;
    }

    /// <summary>Takes a parameter and registers it.</summary>
    protected Parameter Own(ModelWeights weights, string name, Start start, params long[] shape)
    {
        var parameter = weights.Take(name, start, shape);
        register_parameter(name, parameter);
        return parameter;
    }

    /// <summary>Gives a registered matrix, or vector, more rows: the mean of those it has.</summary>
    /// <returns>The parameter in its place; the old one is disposed.</returns>
    protected static Parameter Grown(Parameter old, long rows)
    {
        using var scope = torch.NewDisposeScope();
        using var _ = torch.no_grad();
        var mean = old.to_type(torch.ScalarType.Float32).mean([0L], true).to_type(old.dtype);
        var sizes = old.shape;
        sizes[0] = rows - sizes[0];
        var grown = torch.nn.Parameter(torch.cat([old.detach(), mean.expand(sizes)]), old.requires_grad);
        grown.DetachFromDisposeScope();
        old.Dispose();
        return grown;
    }

    /// <summary>Parts are registered by name in the constructor, not found among the fields.</summary>
    protected override void RegisterComponents()
    {
    }
}
