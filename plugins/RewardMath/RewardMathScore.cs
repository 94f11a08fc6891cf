namespace RewardKit.Plugins.RewardMath;

/// <summary>RewardMATH's arithmetic (arXiv:2410.01729): one right solution, at index 0, against wrong ones.</summary>
public static class RewardMathScore
{
    /// <summary>1 if the right solution's score is greater than each wrong one's, else 0: a tie counts nothing.</summary>
    /// <param name="scores">A problem's scores, the right solution's first.</param>
    public static double Accuracy(ReadOnlySpan<double> scores)
    {
        foreach (var wrong in scores[1..])
            if (!(scores[0] > wrong)) return 0;
        return 1;
    }

    /// <summary>1 / rank of the right solution from the top; wrong ones with the same score rank before it.</summary>
    /// <param name="scores">A problem's scores, the right solution's first.</param>
    public static double ReciprocalRank(ReadOnlySpan<double> scores)
    {
        var rank = 1;
        foreach (var wrong in scores[1..])
            if (!(scores[0] > wrong)) rank++;
        return 1.0 / rank;
    }

    /// <summary>
    /// Scores from a judge that compares the right solution with each wrong one: the right one's is the number of its wins + 1;
    /// a wrong one's is 1 where it lost, else more than all wins could give. An unreadable judgement is no win.
    /// </summary>
    /// <param name="wins">Whether the right solution won, for each wrong one.</param>
    /// <returns>Scores, the right solution's first.</returns>
    public static double[] OfComparisons(IReadOnlyList<bool> wins) =>
        [wins.Count(won => won) + 1, .. wins.Select(won => won ? 1.0 : wins.Count + 2)];
}
