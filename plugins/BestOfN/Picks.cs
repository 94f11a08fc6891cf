using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.BestOfN;

/// <summary>What a scorer picks among the first responses to each prompt, for nested numbers of them.</summary>
internal sealed class Picks
{
    private readonly IReadOnlyList<Func<int, IReadOnlyList<int>>> _ofPrompts;

    private Picks(IReadOnlyList<Func<int, IReadOnlyList<int>>> ofPrompts) => _ofPrompts = ofPrompts;

    /// <summary>
    /// Those with the highest reward among the first so many responses to a prompt. Where several share it, each is picked as
    /// likely as the others: what a pick counts is then their mean.
    /// </summary>
    public IReadOnlyList<int> Among(int prompt, int responses) => _ofPrompts[prompt](responses);

    /// <summary>The mean of what the picks count.</summary>
    public double Mean(int prompt, int responses, Func<int, double> credit) => Among(prompt, responses).Average(credit);

    /// <summary>
    /// Scores every response to every prompt once. A pairwise model, which has no rewards, keeps one response and lets each
    /// next one take its place if it is better (Crome, arXiv:2506.16507); they come in the order in which they were sampled, so
    /// that what is left after n of them is the best of n.
    /// </summary>
    public static Picks Of(IScorer scorer, IReadOnlyList<Candidates> prompts, CancellationToken cancellation) => scorer is IPairScorer comparing
        ? KnockOut(comparing, prompts, cancellation)
        : new([.. Candidates.Score(scorer, prompts, cancellation).Select(rewards => (Func<int, IReadOnlyList<int>>)(n => Highest(rewards.AsSpan(0, n))))]);

    private static Picks KnockOut(IPairScorer scorer, IReadOnlyList<Candidates> prompts, CancellationToken cancellation)
    {
        var left = prompts.Select(_ => new List<int> { 0 }).ToArray();
        for (var next = 1; next < prompts.Max(p => p.Responses.Count); next++)
        {
            int[] playing = [.. Enumerable.Range(0, prompts.Count).Where(i => next < prompts[i].Responses.Count)];
            var odds = scorer.Compare(
                [.. playing.Select(i => new PairRequest(prompts[i].Prompt, prompts[i].Responses[left[i][^1]], prompts[i].Responses[next]))], cancellation);
            foreach (var (place, i) in playing.Index()) left[i].Add(odds[place] < 0 ? next : left[i][^1]);
        }
        return new([.. left.Select(picks => (Func<int, IReadOnlyList<int>>)(n => [picks[n - 1]]))]);
    }

    /// <summary>1, 2, 4 and so on as far as there are responses, and their number.</summary>
    public static IReadOnlyList<int> Sizes(int responses)
    {
        var sizes = new List<int>();
        for (var n = 1; n < responses; n *= 2) sizes.Add(n);
        sizes.Add(responses);
        return sizes;
    }

    private static List<int> Highest(ReadOnlySpan<double> rewards)
    {
        List<int> places = [0];
        for (var i = 1; i < rewards.Length; i++)
        {
            if (rewards[i] > rewards[places[0]]) places.Clear();
            if (places.Count == 0 || rewards[i] == rewards[places[0]]) places.Add(i);
        }
        return places;
    }
}
