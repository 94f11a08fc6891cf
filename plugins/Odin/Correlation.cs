using TorchSharp;

namespace RewardKit.Plugins.Odin;

/// <summary>Pearson's correlation ρ of rewards with lengths.</summary>
public static class Correlation
{
    /// <summary>
    /// The correlation, with gradient by the rewards. Where lengths are all the same, or rewards but for rounding, and of fewer
    /// than two, there is none: it is 0 then, and so is its gradient.
    /// </summary>
    /// <param name="rewards">Rewards, <c>[n]</c>.</param>
    /// <param name="lengths">Lengths in any unit, <c>[n]</c>.</param>
    /// <returns>A scalar in [−1, 1].</returns>
    public static torch.Tensor Of(torch.Tensor rewards, torch.Tensor lengths)
    {
        var n = rewards.shape[0];
        if (n < 2) return torch.zeros([], dtype: rewards.dtype, device: rewards.device);
        // Lengths are constants: centred and of norm 1, or 0 where they are all the same.
        var v = lengths.to(torch.float64);
        v -= v.mean();
        var norm = v.pow(2).sum().sqrt();
        v = (v / (norm + norm.eq(0).to(norm.dtype))).to(rewards.dtype);

        var u = rewards - rewards.mean();
        var squares = u.pow(2).sum();
        var rounding = 8 * (rewards.dtype == torch.float64 ? Math.ScaleB(1, -52) : Math.ScaleB(1, -23)) * rewards.detach().abs().max();
        var varies = squares.detach().gt(n * rounding.pow(2)).to(rewards.dtype);
        // Divided by 1 where they do not vary: a gradient through 0/0 would be NaN although it is multiplied by 0.
        return varies * (u * v).sum() / (squares * varies + (1 - varies)).sqrt();
    }
}
