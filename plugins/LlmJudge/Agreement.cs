namespace RewardKit.Plugins.LlmJudge;

/// <summary>How far two raters agree.</summary>
public static class Agreement
{
    /// <summary>
    /// Cohen's kappa, (p_o − p_e)/(1 − p_e): the share of equal labels, against what raters that label as often, but by chance,
    /// would have. Null where both give all items the same label, and chance explains everything.
    /// </summary>
    /// <param name="first">One rater's labels.</param>
    /// <param name="second">The other's, of the same items.</param>
    public static double? Kappa<T>(IReadOnlyList<T> first, IReadOnlyList<T> second)
    {
        double count = first.Count;
        var observed = first.Zip(second, (a, b) => Equals(a, b) ? 1 : 0).Sum() / count;
        var expected = first.Distinct().Sum(label => first.Count(a => Equals(a, label)) / count * (second.Count(b => Equals(b, label)) / count));
        return expected == 1 ? null : (observed - expected) / (1 - expected);
    }
}
