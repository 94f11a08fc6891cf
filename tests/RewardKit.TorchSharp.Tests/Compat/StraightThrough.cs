using TorchSharp;
using static TorchSharp.torch;

namespace Samples;

/// <summary>Rounds, and passes the gradient on where the value is within bounds.</summary>
internal sealed class StraightThrough : autograd.SingleTensorFunction<StraightThrough>
{
    public override string Name => nameof(StraightThrough);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var input = (Tensor)vars[0];
        var bound = (double)vars[1];
        ctx.save_for_backward(new List<Tensor> { input });
        ctx.save_data("bound", bound);
        return input.clamp(-bound, bound).round();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var input = ctx.get_saved_variables()[0];
        var bound = (double)ctx.get_data("bound");
        var inside = input.abs().le(bound);
        return new List<Tensor> { grad_output * inside, null! };
    }
}
