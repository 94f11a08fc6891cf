using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// Texts that grow side by side, a step at a time: a rule looks at what the models say and offers choices, a row's sampler
/// chooses. Rows end each at its own time; a free place takes another.
/// </summary>
/// <param name="rows">How many rows.</param>
/// <param name="taken">Told of each token that a row takes: the place, and the token.</param>
/// <param name="ends">The tokens with which a text ends.</param>
/// <param name="rule">Offers choices.</param>
/// <param name="reference">After the rule: log-probabilities that what is sampled from is measured against, a row each; null for none.</param>
internal sealed class TokenLoop(
    int rows, Action<int, int> taken, HashSet<int> ends, Func<GeneratedRow[], int[], TokenChoice> rule, Func<Tensor>? reference = null)
{
    private readonly GeneratedRow?[] _rows = new GeneratedRow?[rows];

    /// <summary>A place for a row; null where there is none.</summary>
    public int? Free => Array.IndexOf(_rows, null) is >= 0 and var place ? place : null;

    /// <summary>Whether a row goes on.</summary>
    public bool Runs => _rows.Any(row => row is not null);

    /// <summary>Gives a place to a row whose text the models know.</summary>
    public void Begin(int place, GeneratedRow row) => _rows[place] = row;

    /// <summary>One step of every row: usually a token each.</summary>
    public List<GeneratedToken> Step()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        int[] places = [.. Enumerable.Range(0, _rows.Length).Where(place => _rows[place] is not null)];
        GeneratedRow[] running = [.. places.Select(place => _rows[place]!)];
        var choice = rule(running, places);
        var scores = choice.Scores;
        if (scores.dim() != 2 || scores.size(0) != running.Length)
            throw new InvalidOperationException($"The rule's scores have the shape [{string.Join(", ", scores.shape)}]; expected [{running.Length}, choices], a row for each text.");

        var chosen = Choose(choice, running);
        var best = scores.gather(1, tensor(chosen, device: scores.device).unsqueeze(1)).squeeze(1);
        var logProbs = (best - scores.logsumexp(-1)).to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        if (logProbs.Any(float.IsNaN)) throw TokenSampler.NotNumbers();
        if (reference is not null) StepDivergence.Add(choice, chosen, running, reference());
        var tokens = new List<GeneratedToken>();
        for (var i = 0; i < running.Length; i++)
            Take(places[i], running[i], choice.Among is { } among ? among[i][(int)chosen[i]] : [(int)chosen[i]], logProbs[i], tokens);
        return tokens;
    }

    private void Take(int place, GeneratedRow row, int[] ids, double logProb, List<GeneratedToken> tokens)
    {
        if (ids.Length == 0) throw new InvalidOperationException("The rule offers a continuation without tokens: the text would never end.");
        foreach (var id in ids)
        {
            tokens.Add(row.Take(id, logProb, ends));
            logProb = 0;
            taken(place, id);
            if (!row.IsOver) continue;
            _rows[place] = null;
            return;
        }
    }

    private static long[] Choose(TokenChoice choice, GeneratedRow[] rows)
    {
        if (rows[0].Sampler.IsPlainGreedy) return choice.Scores.argmax(-1).cpu().data<long>().ToArray();
        var values = choice.Scores.to_type(ScalarType.Float32).cpu().data<float>().ToArray();
        var width = values.Length / rows.Length;
        // The repetition penalty is for tokens; a choice among continuations is numbered otherwise.
        return [.. rows.Select((row, i) => (long)row.Sampler.Next(values.AsSpan(i * width, width), choice.Among is null ? row.Seen : []))];
    }
}
