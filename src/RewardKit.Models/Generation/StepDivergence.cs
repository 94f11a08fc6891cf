using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// How far what rows are sampled from lies from a reference model: for each row <c>sum over v of p(v) log(p(v) / reference(v))</c>,
/// where p is after rule, temperature and cuts. Greedy, all of p lies on one token.
/// </summary>
internal static class StepDivergence
{
    /// <summary>Adds a step's to each row.</summary>
    /// <param name="choice">What the rule offered.</param>
    /// <param name="chosen">By row, which was taken.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="reference">Log-probabilities, <c>[rows, vocabulary]</c>.</param>
    /// <exception cref="RewardKitException">A choice has several tokens: what they were drawn from is not known.</exception>
    public static void Add(TokenChoice choice, long[] chosen, GeneratedRow[] rows, Tensor reference)
    {
        if (choice.Among?.Any(row => row.Any(ids => ids.Length != 1)) is true)
            throw RewardKitException.Input("This decoder chooses among continuations of several tokens: how far it lies from the base model cannot be measured. Ask for no divergence.");
        var scores = choice.Scores.to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        var logProbs = reference.to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        var (width, vocabulary) = (scores.Length / rows.Length, logProbs.Length / rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            var among = choice.Among?[i];
            var own = logProbs.AsSpan(i * vocabulary, vocabulary);
            var kept = rows[i].Sampler.IsGreedy ? [((int)chosen[i], 1.0)]
                : rows[i].Sampler.Kept(scores.AsSpan(i * width, width), among is null ? rows[i].Seen : []);
            rows[i].Diverge(Of(among is null ? kept : Merged(kept, among), own));
        }
    }

    private static double Of(IReadOnlyCollection<(int Id, double Weight)> kept, ReadOnlySpan<float> reference)
    {
        var total = kept.Sum(token => token.Weight);
        var sum = 0.0;
        foreach (var (id, weight) in kept) sum += weight / total * (Math.Log(weight / total) - reference[id]);
        // Never below zero but by rounding.
        return Math.Max(0, sum);
    }

    // A token may be offered twice.
    private static (int Id, double Weight)[] Merged(IEnumerable<(int Choice, double Weight)> kept, IReadOnlyList<int[]> among) =>
        [.. kept.GroupBy(choice => among[choice.Choice][0], (id, same) => (id, same.Sum(choice => choice.Weight)))];
}
