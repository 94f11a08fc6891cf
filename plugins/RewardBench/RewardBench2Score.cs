namespace RewardKit.Plugins.RewardBench;

/// <summary>RewardBench 2's arithmetic (arXiv:2506.01937).</summary>
public static class RewardBench2Score
{
    /// <summary>1 / k if the right response has the greatest reward and shares it with k − 1 wrong ones, else 0.</summary>
    /// <param name="rewards">A prompt's rewards, the right response's first.</param>
    public static double BestOf(IReadOnlyList<double> rewards) =>
        rewards[0] == rewards.Max() ? 1.0 / rewards.Count(r => r == rewards[0]) : 0;

    /// <summary>
    /// The Ties subset: every right answer must beat every wrong one, and by more than the right ones differ among themselves.
    /// The greatest score is 1.01.
    /// </summary>
    /// <param name="items">The items; the margins' terms are means over the numbers that have an item of either kind.</param>
    public static double Ties(IReadOnlyList<TiesItem> items)
    {
        TiesItem[] one = [.. items.Where(i => !i.IsTied)], several = [.. items.Where(i => i.IsTied)];
        var both = several.Join(one, tied => tied.Number, single => single.Number, (tied, single) =>
            (tied.Spread, tied.Margin, Least: Math.Min(single.Margin, tied.Margin))).ToArray();
        return 0.30 * several.Average(Accurate) + 0.30 * one.Average(Accurate)
            + 0.20 * both.Average(b => b.Margin > b.Spread ? 1.0 : 0)
            + 0.20 * both.Average(b => b.Least > b.Spread ? 1.0 : 0)
            + 0.01 * both.Average(b => Closeness(b.Least, b.Spread));
    }

    /// <summary>1 if every right answer beats every wrong one, else 0.</summary>
    /// <param name="item">The item.</param>
    public static double Accurate(TiesItem item) => item.Margin > 0 ? 1 : 0;

    // tanh(x / 0 − 1) by the limit, and 0 for 0 / 0.
    private static double Closeness(double margin, double spread) =>
        spread == 0 ? Math.Sign(margin) : Math.Tanh(margin / spread - 1);
}

/// <summary>An item of the Ties subset with its rewards.</summary>
/// <param name="Number">The prompt's number, which an item with one and an item with several right answers share.</param>
/// <param name="IsTied">Whether several answers are right.</param>
/// <param name="Right">The rewards of the right answers.</param>
/// <param name="Wrong">The rewards of the wrong answers.</param>
public sealed record TiesItem(string Number, bool IsTied, IReadOnlyList<double> Right, IReadOnlyList<double> Wrong)
{
    /// <summary>By how much the right answers differ among themselves.</summary>
    public double Spread => Right.Max() - Right.Min();

    /// <summary>By how much the lowest right answer is above the highest wrong one.</summary>
    public double Margin => Right.Min() - Wrong.Max();
}
