using System.Buffers;

namespace RewardKit.Models.Generation;

/// <summary>
/// Chooses next tokens from logits. The n-th choice depends on seed, n, logits and text only: not on thread, device or
/// other rows.
/// </summary>
public sealed class TokenSampler
{
    private readonly GenerationOptions _options;
    private readonly ulong _key;
    private ulong _drawn;

    /// <summary>Makes a sampler for one row.</summary>
    /// <param name="options">Temperature, cuts and penalty.</param>
    /// <param name="seed">Decides the draws.</param>
    public TokenSampler(GenerationOptions options, long seed) => (_options, _key) = (options, Mix((ulong)seed));

    /// <summary>Whether the choice is the largest logit and nothing else.</summary>
    internal bool IsPlainGreedy => _options is { Temperature: 0, RepetitionPenalty: 1 };

    /// <summary>Whether the choice is certain.</summary>
    internal bool IsGreedy => _options.Temperature == 0;

    /// <summary>Chooses a token; among equals the lowest id where greedy.</summary>
    /// <param name="logits">The model's scores of all tokens.</param>
    /// <param name="text">Prompt and text so far, for the repetition penalty.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="RewardKitException">The logits have NaN, or infinity for the best.</exception>
    public int Next(ReadOnlySpan<float> logits, IReadOnlyList<int> text)
    {
        if (_options.RepetitionPenalty != 1)
        {
            var penalized = logits.ToArray();
            Penalize(penalized, text);
            logits = penalized;
        }
        var best = Best(logits);
        return _options is { Temperature: 0 } ? best
            : _options is { TopK: 0, TopP: 1 } ? Draw(logits, logits[best])
            : Draw(Kept(logits, logits[best]));
    }

    /// <summary>The tokens that stay, most probable first, with probabilities that need not sum to 1.</summary>
    internal List<(int Id, double Weight)> Kept(ReadOnlySpan<float> logits, IReadOnlyList<int> text)
    {
        var scores = logits.ToArray();
        if (_options.RepetitionPenalty != 1) Penalize(scores, text);
        return Kept(scores, scores[Best(scores)]);
    }

    private void Penalize(float[] scores, IReadOnlyList<int> text)
    {
        var penalty = (float)_options.RepetitionPenalty;
        foreach (var id in text.Distinct()) scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    }

    private static int Best(ReadOnlySpan<float> scores)
    {
        var best = 0;
        var sound = true;
        for (var id = 0; id < scores.Length; id++)
        {
            if (scores[id] > scores[best]) best = id;
            sound &= !float.IsNaN(scores[id]);
        }
        return sound && float.IsFinite(scores[best]) ? best : throw NotNumbers();
    }

    /// <summary>What to say of logits from which nothing can be chosen.</summary>
    internal static RewardKitException NotNumbers() => RewardKitException.Failure(
        "The model's logits are not numbers (NaN or infinity): its weights are damaged, or their type is too narrow for them.");

    private List<(int Id, double Weight)> Kept(ReadOnlySpan<float> scores, float most)
    {
        var least = _options.TopK > 0 && _options.TopK < scores.Length ? Largest(scores.ToArray(), _options.TopK) : float.NegativeInfinity;
        var kept = new List<(int Id, double Weight)>();
        var sum = 0.0;
        for (var id = 0; id < scores.Length; id++)
        {
            if (scores[id] < least) continue;
            var weight = Math.Exp((scores[id] - most) / _options.Temperature);
            if (weight == 0) continue;
            kept.Add((id, weight));
            sum += weight;
        }
        if (_options.TopP == 1) return kept;

        // Tokens below this share of what is cut are surely cut: there are few others to sort.
        var sure = (1 - _options.TopP) * sum / scores.Length;
        var nucleus = kept.Where(token => token.Weight > sure).OrderByDescending(token => token.Weight).ThenBy(token => token.Id).ToList();
        var covered = 0.0;
        var count = 0;
        while (count < nucleus.Count && (count == 0 || covered < _options.TopP * sum)) covered += nucleus[count++].Weight;
        nucleus.RemoveRange(count, nucleus.Count - count);
        return nucleus;
    }

    /// <summary>Draws from all tokens, as of a list of them.</summary>
    private int Draw(ReadOnlySpan<float> scores, float most)
    {
        var weights = ArrayPool<double>.Shared.Rent(scores.Length);
        var sum = 0.0;
        for (var id = 0; id < scores.Length; id++) sum += weights[id] = Math.Exp((scores[id] - most) / _options.Temperature);
        var (left, last) = (Uniform() * sum, 0);
        for (var id = 0; id < scores.Length && left >= 0; id++)
        {
            if (weights[id] == 0) continue;
            (left, last) = (left - weights[id], id);
        }
        ArrayPool<double>.Shared.Return(weights);
        return last;
    }

    private int Draw(List<(int Id, double Weight)> tokens)
    {
        var left = Uniform() * tokens.Sum(token => token.Weight);
        foreach (var (id, weight) in tokens)
            if ((left -= weight) < 0) return id;
        return tokens[^1].Id;
    }

    /// <summary>The k-th largest, by Hoare's selection, which changes their order.</summary>
    private static float Largest(float[] values, int k)
    {
        var (low, high, place) = (0, values.Length - 1, k - 1);
        while (low < high)
        {
            var pivot = values[low + (high - low) / 2];
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (values[i] > pivot) i++;
                while (values[j] < pivot) j--;
                if (i > j) break;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }
            if (place <= j) high = j;
            else if (place >= i) low = i;
            else break;
        }
        return values[place];
    }

    // In [0, 1), 53 bits: the n-th number of the seed, by SplitMix64 (Steele, Lea and Flood 2014).
    private double Uniform() => (Mix(_key + ++_drawn * 0x9E3779B97F4A7C15) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
