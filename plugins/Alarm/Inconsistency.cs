namespace RewardKit.Plugins.Alarm;

/// <summary>How often an aspect contradicts the holistic scorer.</summary>
public static class Inconsistency
{
    /// <summary>
    /// Among the pairs of responses to one prompt which the holistic scorer tells apart, the share in per cent that the aspect puts in
    /// the other order; null where there is no such pair. Pairs which the aspect does not tell apart are in no order, and count below
    /// the line alone.
    /// </summary>
    /// <param name="responses">The responses.</param>
    /// <param name="aspect">The aspect's reward of each; higher is better.</param>
    /// <param name="holistic">The holistic scorer's.</param>
    public static double? Of(IReadOnlyList<ScoreRequest> responses, IReadOnlyList<double> aspect, IReadOnlyList<double> holistic)
    {
        var (told, contradicted) = (0, 0);
        foreach (var group in Enumerable.Range(0, responses.Count).GroupBy(i => responses[i].Prompt))
        {
            int[] same = [.. group];
            for (var i = 0; i < same.Length; i++)
                for (var j = 0; j < i; j++)
                {
                    var order = holistic[same[i]].CompareTo(holistic[same[j]]);
                    if (order == 0) continue;
                    told++;
                    if (aspect[same[i]].CompareTo(aspect[same[j]]) * order < 0) contradicted++;
                }
        }
        return told == 0 ? null : 100.0 * contradicted / told;
    }
}
