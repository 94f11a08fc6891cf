using System.Text.RegularExpressions;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// Logistic regression on the words and word pairs of a response: what can be learned from the training pairs without a
/// language model. With φ(response) the 0/1 vector of its lower-cased words and adjacent word pairs, it maximises
/// <c>Σ log σ(w·(φ(chosen) − φ(rejected))) − |w|²/2</c> by accelerated gradient steps from zero (Nesterov; the step is
/// one over a bound of the curvature), and gives <c>w·φ(response)</c> as the reward. The prompt plays no part. There is
/// no randomness: the same pairs give the same weights.
/// </summary>
public sealed partial class BigramScorer : IScorer
{
    private const int Iterations = 300;

    private readonly Dictionary<string, int> _vocabulary;
    private readonly double[] _weights;

    private BigramScorer(Dictionary<string, int> vocabulary, double[] weights) => (_vocabulary, _weights) = (vocabulary, weights);

    /// <inheritdoc/>
    public string Name => "word bigrams";

    /// <summary>Fits the scorer to pairs; ties among them are left out.</summary>
    /// <param name="pairs">The training pairs.</param>
    /// <param name="cancellation">Stops between steps.</param>
    public static BigramScorer Train(IReadOnlyList<PreferenceExample> pairs, CancellationToken cancellation = default)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var differences = new List<(int[] Plus, int[] Minus)>();
        foreach (var pair in pairs.Where(p => p.Relation == Relation.Preferred))
        {
            var chosen = Features(pair.Chosen.LastContent);
            var rejected = Features(pair.Rejected.LastContent);
            // What stands in both responses cancels.
            differences.Add((
                [.. chosen.Except(rejected).Select(Index)],
                [.. rejected.Except(chosen).Select(Index)]));
        }
        return new(vocabulary, Fit(differences, vocabulary.Count, cancellation));

        int Index(string feature)
        {
            if (!vocabulary.TryGetValue(feature, out var index)) vocabulary.Add(feature, index = vocabulary.Count);
            return index;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
    {
        var scores = new double[requests.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var feature in Features(requests[i].Response.LastContent).Distinct())
                if (_vocabulary.TryGetValue(feature, out var index)) scores[i] += _weights[index];
        }
        return scores;
    }

    private static double[] Fit(List<(int[] Plus, int[] Minus)> differences, int features, CancellationToken cancellation)
    {
        var weights = new double[features];
        var previous = new double[features];
        var ahead = new double[features];
        var gradient = new double[features];
        var step = 1 / (1 + differences.Sum(d => d.Plus.Length + d.Minus.Length) / 4.0);
        for (var iteration = 1; iteration <= Iterations; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            var momentum = (iteration - 1.0) / (iteration + 2.0);
            for (var i = 0; i < features; i++) gradient[i] = ahead[i] = weights[i] + momentum * (weights[i] - previous[i]);
            foreach (var (plus, minus) in differences)
            {
                var margin = 0.0;
                foreach (var i in plus) margin += ahead[i];
                foreach (var i in minus) margin -= ahead[i];
                var pull = 1 / (1 + Math.Exp(margin));
                foreach (var i in plus) gradient[i] -= pull;
                foreach (var i in minus) gradient[i] += pull;
            }
            (previous, weights) = (weights, previous);
            for (var i = 0; i < features; i++) weights[i] = ahead[i] - step * gradient[i];
        }
        return weights;
    }

    private static List<string> Features(string text)
    {
        var features = new List<string>();
        string? before = null;
        foreach (var match in Word().EnumerateMatches(text))
        {
            var word = text.Substring(match.Index, match.Length).ToLowerInvariant();
            features.Add(word);
            if (before is not null) features.Add($"{before} {word}");
            before = word;
        }
        return features;
    }

    [GeneratedRegex(@"\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
