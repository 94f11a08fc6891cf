namespace RewardKit;

/// <summary>A prompt and responses to choose among.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Responses">The responses; at least one.</param>
public sealed record ResponseSet(Conversation Prompt, IReadOnlyList<Conversation> Responses);

/// <summary>Chooses the best of several responses.</summary>
public static class BestOfN
{
    /// <summary>
    /// The best response to each prompt: the highest reward, the first of those that share it; of an
    /// <see cref="IPairScorer"/> the winner of a <see cref="KnockOut"/> in an order drawn by the seed.
    /// </summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="sets">The prompts with their responses.</param>
    /// <param name="seed">Decides the order of the knock-out; rewards need none.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The number of the response, from 0, for each prompt.</returns>
    public static IReadOnlyList<int> PickBest(this IScorer scorer, IReadOnlyList<ResponseSet> sets, int seed, CancellationToken cancellation = default)
    {
        if (scorer is IPairScorer comparing)
            return comparing.KnockOut(sets, [.. sets.Select((set, i) => Order(set.Responses.Count, unchecked(seed * 1_000_003 + i)))], cancellation);
        var rewards = scorer.Score([.. sets.SelectMany(s => s.Responses.Select(r => new ScoreRequest(s.Prompt, r)))], cancellation);
        var next = 0;
        return [.. sets.Select(set =>
        {
            var best = next;
            for (var i = next; i < next + set.Responses.Count; i++)
                if (rewards[i] > rewards[best]) best = i;
            var pick = best - next;
            next += set.Responses.Count;
            return pick;
        })];
    }

    /// <summary>
    /// Keeps one response and lets each of the others, in a given order, take its place if it is better: n − 1 comparisons.
    /// Where the scorer's preferences are not transitive the order decides. Crome chooses so (arXiv:2506.16507, best-of-N).
    /// </summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="sets">The prompts with their responses; their rounds are compared together.</param>
    /// <param name="orders">For each prompt the order in which its responses come, as numbers from 0.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>The number of the response that is left, for each prompt.</returns>
    public static IReadOnlyList<int> KnockOut(
        this IPairScorer scorer, IReadOnlyList<ResponseSet> sets, IReadOnlyList<IReadOnlyList<int>> orders, CancellationToken cancellation = default)
    {
        var kept = orders.Select(order => order[0]).ToArray();
        for (var round = 1; round < orders.Max(order => order.Count); round++)
        {
            int[] playing = [.. Enumerable.Range(0, sets.Count).Where(i => round < orders[i].Count)];
            var odds = scorer.Compare(
                [.. playing.Select(i => new PairRequest(sets[i].Prompt, sets[i].Responses[kept[i]], sets[i].Responses[orders[i][round]]))], cancellation);
            foreach (var (place, i) in playing.Index())
                if (odds[place] < 0) kept[i] = orders[i][round];
        }
        return kept;
    }

    /// <summary>
    /// A bound on how far the best of n samples lies from the model that they come from, KL(best of n ‖ model) ≤ log n − (n − 1)/n
    /// (Beirami et al., arXiv:2401.01879). It is close where rewards have no ties and no answer is likely.
    /// </summary>
    /// <param name="n">The samples, at least 1.</param>
    public static double DivergenceBound(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return Math.Log(n) - (n - 1.0) / n;
    }

    /// <summary>
    /// The unbiased estimate of the highest reward among n samples, from the rewards of as many or more: the mean over all ways to
    /// choose n of them, Σ C(i − 1, n − 1) / C(M, n) · x_i with x_1 ≤ … ≤ x_M.
    /// </summary>
    /// <param name="rewards">Rewards of samples of one prompt.</param>
    /// <param name="n">From 1 to their number.</param>
    public static double ExpectedReward(IReadOnlyList<double> rewards, int n) => ExpectedValue(rewards, rewards, n);

    /// <summary>
    /// The unbiased estimate of what the sample with the highest reward among n is worth by another measure, as a gold reward: the
    /// values, in the order of their rewards, in the place of <see cref="ExpectedReward"/>'s x_i. Among equal rewards each sample is
    /// as likely the best.
    /// </summary>
    /// <param name="rewards">Rewards of samples of one prompt, by which the best is chosen.</param>
    /// <param name="values">What each of these samples is worth.</param>
    /// <param name="n">From 1 to their number.</param>
    /// <exception cref="ArgumentException">There are not as many values as rewards.</exception>
    public static double ExpectedValue(IReadOnlyList<double> rewards, IReadOnlyList<double> values, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(n, rewards.Count);
        if (values.Count != rewards.Count) throw new ArgumentException($"{values.Count} values for {rewards.Count} rewards; expected one each.", nameof(values));
        // Samples of equal rewards share their values: which of them is taken for the best must not hang on their order.
        double[] sorted = [.. rewards.Zip(values, (reward, value) => (reward, value)).GroupBy(s => s.reward, s => s.value)
            .OrderBy(group => group.Key).SelectMany(group => Enumerable.Repeat(group.Average(), group.Count()))];
        // That the i-th is the highest has C(i − 1, n − 1) / C(M, n): n / M for the last, and from one to the one before it
        // another factor, so that nothing overflows.
        var (sum, share) = (0.0, n / (double)sorted.Length);
        for (var i = sorted.Length; i >= n; i--)
        {
            sum += share * sorted[i - 1];
            share *= i == n ? 0 : (i - n) / (i - 1.0);
        }
        return sum;
    }

    private static int[] Order(int count, int seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(order);
        return order;
    }
}
