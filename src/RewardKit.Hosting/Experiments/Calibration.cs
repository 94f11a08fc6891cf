namespace RewardKit.Hosting.Experiments;

/// <summary>The pairs of which an arm was about equally sure.</summary>
/// <param name="Confidence">The mean of <c>σ(|margin|)</c>, in [0.5, 1].</param>
/// <param name="Accuracy">The share of them whose chosen response has the higher reward; equal rewards count one half.</param>
/// <param name="Count">How many, over all seeds.</param>
internal sealed record CalibrationBin(double Confidence, double Accuracy, int Count);

/// <summary>
/// Whether a reward margin, read as Bradley and Terry do, is the probability it claims to be. The chosen response always
/// stands first, so the pairs are binned by how sure the arm is of either order: <c>σ(|margin|)</c>, ten bins of equal
/// width from 0.5 to 1, all seeds together. The three numbers are taken of each seed and then meaned.
/// </summary>
/// <param name="Bins">The bins that are not empty, by confidence.</param>
/// <param name="Error">
/// The expected calibration error: the mean over the pairs of |accuracy − confidence| of their bin (Naeini et al. 2015, AAAI).
/// </param>
/// <param name="ErrorByChance">
/// About what that error would be if the confidences were true: bins are finite, so it is not 0. The mean absolute
/// deviation of each bin's count of right answers, as of a normal distribution.
/// </param>
/// <param name="Brier">The mean of <c>(1 − σ(margin))²</c>; 0.25 for a reward that is always the same.</param>
/// <param name="LogLoss">The mean of <c>−log σ(margin)</c>; log 2 = 0.693 for a reward that is always the same.</param>
internal sealed record Calibration(
    IReadOnlyList<CalibrationBin> Bins, double Error, double ErrorByChance, double Brier, double LogLoss)
{
    /// <summary>How many bins there are between 0.5 and 1.</summary>
    public const int BinCount = 10;

    /// <summary>Of an arm's margins, a list a seed.</summary>
    public static Calibration Of(IReadOnlyList<double[]> seeds) => new(
        BinsOf(seeds.SelectMany(s => s).Select(m => (Confidence(m), Credit(m)))),
        seeds.Average(s => ErrorOf(BinsOf(s.Select(m => (Confidence(m), Credit(m)))), s.Length)),
        seeds.Average(ByChance),
        seeds.Average(s => s.Average(m => Math.Pow(Logistic(-m), 2))),
        seeds.Average(s => s.Average(m => Math.Max(0, -m) + Math.Log(1 + Math.Exp(-Math.Abs(m))))));

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    private static double Confidence(double margin) => Logistic(Math.Abs(margin));

    private static double Credit(double margin) => margin > 0 ? 1 : margin == 0 ? 0.5 : 0;

    private static double ByChance(double[] margins) => margins.Select(Confidence).GroupBy(BinOf)
        .Sum(bin => Math.Sqrt(2 / Math.PI * bin.Sum(c => c * (1 - c)))) / margins.Length;

    private static int BinOf(double confidence) => Math.Min((int)((confidence - 0.5) * 2 * BinCount), BinCount - 1);

    private static double ErrorOf(CalibrationBin[] bins, int count) => bins.Sum(b => b.Count * Math.Abs(b.Accuracy - b.Confidence)) / count;

    private static CalibrationBin[] BinsOf(IEnumerable<(double Confidence, double Credit)> pairs)
    {
        Span<double> confidence = stackalloc double[BinCount], credit = stackalloc double[BinCount];
        Span<int> count = stackalloc int[BinCount];
        foreach (var pair in pairs)
        {
            var bin = BinOf(pair.Confidence);
            confidence[bin] += pair.Confidence;
            credit[bin] += pair.Credit;
            count[bin]++;
        }
        var bins = new List<CalibrationBin>();
        for (var bin = 0; bin < BinCount; bin++)
            if (count[bin] > 0) bins.Add(new(confidence[bin] / count[bin], credit[bin] / count[bin], count[bin]));
        return [.. bins];
    }
}
