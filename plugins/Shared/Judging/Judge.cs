using System.Globalization;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.Shared;

/// <summary>What a judge says of two answers.</summary>
internal enum Verdict
{
    /// <summary>The first is better.</summary>
    A,

    /// <summary>The second is better.</summary>
    B,

    /// <summary>Neither is.</summary>
    Tie,
}

/// <summary>
/// Reads and aggregates what language models say as judges, in the form of MT-Bench (Zheng et al., "Judging LLM-as-a-Judge with
/// MT-Bench and Chatbot Arena", arXiv:2306.05685): a critique, then the verdict in double brackets. What is not there is null,
/// never a default.
/// </summary>
internal static partial class Judge
{
    /// <summary>Scores this close are a tie.</summary>
    public const double TieWithin = 0.1;

    /// <summary>A rating: the first number in double brackets, <c>[[7]]</c>.</summary>
    /// <param name="text">What the judge said.</param>
    /// <param name="single">Whether a number in single brackets counts where none stands in double ones.</param>
    public static double? Rating(string text, bool single = false) =>
        Number(DoubleBrackets().Match(text)) ?? (single ? Number(SingleBrackets().Match(text)) : null);

    /// <summary>A rating in a range; one outside is none.</summary>
    public static double? Rating(string text, double least, double most) => Rating(text) is { } rating && rating >= least && rating <= most ? rating : null;

    /// <summary>What stands before the rating, or all where there is none; without the blanks around it.</summary>
    public static string Critique(string text) => (DoubleBrackets().Match(text) is { Success: true } rating ? LeadIn().Replace(text[..rating.Index], "") : text).Trim();

    /// <summary>A rating in the form that is read.</summary>
    public static string Show(double rating) => string.Create(CultureInfo.InvariantCulture, $"[[{rating}]]");

    /// <summary>A comparison: <c>[[A]]</c>, <c>[[B]]</c> or <c>[[C]]</c> for a tie, looked for in this order.</summary>
    /// <param name="text">What the judge said.</param>
    public static Verdict? Compared(string text) =>
        text.Contains(Show(Verdict.A), StringComparison.Ordinal) ? Verdict.A
        : text.Contains(Show(Verdict.B), StringComparison.Ordinal) ? Verdict.B
        : text.Contains(Show(Verdict.Tie), StringComparison.Ordinal) ? Verdict.Tie : null;

    /// <summary>A verdict in the form that is read.</summary>
    public static string Show(Verdict verdict) => verdict == Verdict.Tie ? "[[C]]" : $"[[{verdict}]]";

    /// <summary>Two ratings as a comparison: a tie where they differ by no more than so much.</summary>
    public static Verdict Compared(double first, double second, double within = TieWithin) =>
        Math.Abs(first - second) <= within + 1e-12 ? Verdict.Tie : first > second ? Verdict.A : Verdict.B;

    /// <summary>
    /// Both orders of two answers together, against the bias of position: what both name, and a tie where they do not name the
    /// same. An error in one is an error of both.
    /// </summary>
    /// <param name="inOrder">Of the answers in order.</param>
    /// <param name="swapped">Of the second before the first, as the judge said it.</param>
    public static Verdict? BothOrders(Verdict? inOrder, Verdict? swapped) =>
        inOrder is null || swapped is null ? null : inOrder == Swapped(swapped.Value) ? inOrder : Verdict.Tie;

    /// <summary>The verdict with the answers exchanged.</summary>
    public static Verdict Swapped(Verdict verdict) => verdict switch { Verdict.A => Verdict.B, Verdict.B => Verdict.A, _ => Verdict.Tie };

    /// <summary>What most judges say; errors have no vote. A tie where several verdicts have most votes; null where there is no vote.</summary>
    public static Verdict? Majority(IEnumerable<Verdict?> votes)
    {
        var counts = votes.OfType<Verdict>().GroupBy(v => v).Select(g => (Verdict: g.Key, Count: g.Count())).ToArray();
        if (counts.Length == 0) return null;
        var most = counts.Max(c => c.Count);
        var first = counts.Where(c => c.Count == most).ToArray();
        return first.Length == 1 ? first[0].Verdict : Verdict.Tie;
    }

    /// <summary>The probability that A is better, from the log-probabilities of both verdict tokens: <c>σ(ℓ_A − ℓ_B)</c>.</summary>
    public static double Probability(double logA, double logB) => 1 / (1 + Math.Exp(logB - logA));

    /// <summary>The probability that the first answer is better, from P(A) in order and P(A) of the second before the first.</summary>
    public static double OrderAveraged(double inOrder, double swapped) => (inOrder + 1 - swapped) / 2;

    /// <summary>The mean rating under the probabilities of the rating tokens, which need not sum to 1: <c>Σ k·p_k / Σ p_k</c>.</summary>
    public static double Expected(IReadOnlyCollection<(double Rating, double Probability)> ratings) =>
        ratings.Sum(r => r.Rating * r.Probability) / ratings.Sum(r => r.Probability);

    /// <summary>The share of wins among wins and losses; with ties as half of each, among all.</summary>
    public static double WinRate(int wins, int losses, int ties, bool halfTies) =>
        halfTies ? (wins + 0.5 * ties) / (wins + losses + ties) : (double)wins / (wins + losses);

    private static double? Number(Match match) =>
        match.Success ? double.Parse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\[\[([0-9]+(?:\.[0-9]+)?)\]\]", RegexOptions.CultureInvariant)]
    private static partial Regex DoubleBrackets();

    [GeneratedRegex(@"\[([0-9]+(?:\.[0-9]+)?)\]", RegexOptions.CultureInvariant)]
    private static partial Regex SingleBrackets();

    // "Rating:" or the like in front of the brackets, with marks of emphasis.
    [GeneratedRegex(@"[*_#\s]*(?:rating|score)\s*:?[*_\s]*$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex LeadIn();
}
