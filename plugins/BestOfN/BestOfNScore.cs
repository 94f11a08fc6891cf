namespace RewardKit.Plugins.BestOfN;

/// <summary>What a number of responses to one question can give without a reward model.</summary>
public static class BestOfNScore
{
    /// <summary>
    /// The probability that at least one of k responses is right that are drawn from n without putting back:
    /// <c>1 − C(n − c, k) / C(n, k)</c>.
    /// </summary>
    /// <param name="n">The responses.</param>
    /// <param name="c">The right ones among them.</param>
    /// <param name="k">How many are drawn, at most n.</param>
    public static double PassAt(int n, int c, int k)
    {
        var none = 1.0;
        for (var i = 0; i < k; i++) none *= Math.Max(0, n - c - i) / (double)(n - i);
        return 1 - none;
    }

    /// <summary>
    /// 1 if the result that most responses have is right, else 0; where several are as frequent, the share of right ones.
    /// Responses without a result have no vote.
    /// </summary>
    /// <param name="responses">Each response's result and whether it is right.</param>
    public static double Majority(IReadOnlyList<(decimal? Result, bool IsRight)> responses)
    {
        var votes = responses.Where(r => r.Result is not null).GroupBy(r => r.Result).ToArray();
        if (votes.Length == 0) return 0;
        var most = votes.Max(v => v.Count());
        return votes.Where(v => v.Count() == most).Average(v => v.Any(r => r.IsRight) ? 1.0 : 0);
    }
}
