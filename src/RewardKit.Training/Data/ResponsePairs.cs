namespace RewardKit.Training.Data;

/// <summary>A response with its grade, higher for better: a score, a label as 1 or 0, or a rank with its sign turned.</summary>
/// <param name="Record">The record it is in.</param>
/// <param name="Place">Its place in the file, for the names of pairs.</param>
/// <param name="Turns">The response.</param>
/// <param name="Grade">The grade.</param>
internal sealed record GradedResponse(long Record, string Place, Message[] Turns, double Grade)
{
    /// <summary>Whether it is right at places within it; null where not stated.</summary>
    public StepLabels? Steps { get; init; }

    /// <summary>Whether there is something to learn from the two.</summary>
    public bool Pairs(GradedResponse other) => Grade != other.Grade && !Turns.AsSpan().SequenceEqual(other.Turns);
}

/// <summary>Makes pairs of graded responses to one prompt.</summary>
internal static class ResponsePairs
{
    /// <summary>The pairs, by their responses' places.</summary>
    /// <param name="source">What the file is called.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="responses">The responses.</param>
    /// <param name="pairing">Which pairs.</param>
    /// <param name="margins">Whether differences of grades mean something.</param>
    public static IEnumerable<PreferenceExample> Of(
        string source, IReadOnlyList<Message> prompt, IReadOnlyList<GradedResponse> responses, Pairing pairing, bool margins)
    {
        foreach (var (first, second) in Choose(responses, pairing).Where(p => p.First.Pairs(p.Second)))
        {
            var (better, worse) = first.Grade > second.Grade ? (first, second) : (second, first);
            yield return PairReader.Pair(source, first.Record, $"{first.Place}-{second.Place}", prompt, better.Turns, worse.Turns) with
            {
                Margin = margins ? better.Grade - worse.Grade : null,
                Rewards = margins ? new(better.Grade, worse.Grade) : null,
                ChosenSteps = better.Steps,
                RejectedSteps = worse.Steps,
            };
        }
    }

    private static IEnumerable<(GradedResponse First, GradedResponse Second)> Choose(IReadOnlyList<GradedResponse> responses, Pairing pairing)
    {
        if (pairing == Pairing.BestWorst)
        {
            var (best, worst) = (responses.MaxBy(r => r.Grade), responses.MinBy(r => r.Grade));
            return best is null ? [] : [(best, worst!)];
        }
        var ranks = responses.Select(r => r.Grade).Distinct().Order().ToList();
        return from i in Enumerable.Range(0, responses.Count)
               from j in Enumerable.Range(i + 1, responses.Count - i - 1)
               let apart = Math.Abs(ranks.BinarySearch(responses[i].Grade) - ranks.BinarySearch(responses[j].Grade))
               where pairing == Pairing.All || apart == 1
               select (responses[i], responses[j]);
    }
}
