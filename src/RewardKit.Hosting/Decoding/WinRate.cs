using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Decoding;

/// <summary>How often one system's answers are better than another's.</summary>
/// <param name="Wins">Comparisons that it wins.</param>
/// <param name="Ties">Comparisons without a winner.</param>
/// <param name="Losses">Comparisons that it loses.</param>
/// <param name="Unreadable">Comparisons of which nothing is known; they do not count.</param>
/// <param name="Rate">The mean over prompts of 1 for a win, ½ for a tie and 0 for a loss; NaN without comparisons.</param>
/// <param name="Interval">Its 95 % interval, by the bootstrap over prompts; null for fewer than two prompts.</param>
/// <param name="Prompts">How many prompts.</param>
public sealed record WinRate(int Wins, int Ties, int Losses, int Unreadable, double Rate, Interval? Interval, int Prompts)
{
    /// <summary>Counts comparisons.</summary>
    /// <param name="comparisons">Of each the prompt, and what it brings: above ½ a win, ½ a tie; null where it is not known.</param>
    public static WinRate Of(IEnumerable<(Conversation Prompt, double? Score)> comparisons)
    {
        var all = comparisons.ToArray();
        double[] known = [.. all.Select(c => c.Score).OfType<double>()];
        double[] prompts = [.. all.Where(c => c.Score is not null).GroupBy(c => c.Prompt).Select(g => g.Average(c => c.Score!.Value))];
        return new(
            known.Count(s => s > 0.5), known.Count(s => s == 0.5), known.Count(s => s < 0.5), all.Length - known.Length,
            Statistics.Mean(prompts), prompts.Length < 2 ? null : new Resampling([prompts]).Mean(0), prompts.Length);
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant(
        $"{100 * Rate:0.0} %{(Interval is { } i ? FormattableString.Invariant($" ({100 * i.Low:0.0} to {100 * i.High:0.0})") : "")}, {Wins} wins, {Ties} ties, {Losses} losses{(Unreadable > 0 ? $", {Unreadable} unreadable" : "")}");
}
