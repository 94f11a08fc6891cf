using RewardKit.Models;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>The pairwise form: the model reads both responses of a pair in one text and replies which is better.</summary>
internal static class PairTexts
{
    private const ForwardNeeds Replies = ForwardNeeds.Preferences | ForwardNeeds.TiePreference;

    /// <summary>Makes sure that a model has what a loss reads.</summary>
    /// <exception cref="RewardKitException">It is pairwise and the loss is not, or the other way round; or a label is not one token.</exception>
    public static void Check(RewardModel model, PairEncoder encoder, ForwardNeeds needs)
    {
        if ((needs & Replies) == 0)
        {
            if (model.PairLabels is not null && (needs & (ForwardNeeds.Rewards | ForwardNeeds.Heads)) != 0)
                throw RewardKitException.Input("This loss reads rewards of single responses, and the model is a pairwise one, which has none.");
            return;
        }
        if (needs.HasFlag(ForwardNeeds.TiePreference) && !needs.HasFlag(ForwardNeeds.Preferences) || (needs & ~Replies) != 0)
            throw RewardKitException.Input(
                $"This loss needs {needs}. A model is pairwise or gives each response a reward of its own: beside {nameof(ForwardNeeds.Preferences)} there is "
                + $"{nameof(ForwardNeeds.TiePreference)} only, and that not alone.");
        if (model.PairLabels is null || encoder.Pairs is null)
            throw RewardKitException.Input("This loss reads which of two responses a model prefers, and the model is no pairwise one.");
        if (needs.HasFlag(ForwardNeeds.TiePreference) && model.PairLabels.Value.Tie is null) encoder.PairLabels(needTie: true);
    }

    /// <summary>
    /// Whether a pair is shown with its chosen response first: a fair coin for each pair and step, the same however a step is
    /// cut into passes or shared among processes, and after a resume.
    /// </summary>
    public static bool ChosenFirst(int seed, int step, int pair)
    {
        // SplitMix64's finaliser, once for each number.
        var hash = Mix((ulong)(uint)seed);
        hash = Mix(hash ^ (uint)step);
        return (Mix(hash ^ (uint)pair) & 1) == 0;

        static ulong Mix(ulong x)
        {
            x += 0x9E3779B97F4A7C15;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }

    /// <summary>One forward pass, a text for each pair.</summary>
    public static PairForward Forward(RewardModel model, IReadOnlyList<TokenPair> pairs, ForwardNeeds needs, Func<int, bool> chosenFirst)
    {
        bool[] inOrder = [.. pairs.Select((_, i) => chosenFirst(i))];
        var texts = new PackedBatch([.. pairs.Select((p, i) => new PackedItem(inOrder[i] ? p.Text!.InOrder : p.Text!.Exchanged, [[]]))], model.Device);
        var replies = model.Forward(texts, needs).Preferences!;
        // The column of each text's reply that names the chosen response, then of the one that names the other.
        var columns = torch.tensor(inOrder.SelectMany(first => first ? (long[])[0, 1] : [1, 0]).ToArray(), [pairs.Count, 2], device: replies.device);
        return new()
        {
            Preferences = replies.gather(1, columns),
            TiePreference = needs.HasFlag(ForwardNeeds.TiePreference) ? replies.select(1, 2) : null!,
        };
    }

    /// <summary>What the replies say of the pairs, as scores; of two passes, one in each order, their mean.</summary>
    public static IReadOnlyList<PairScore> Scores(PairForward forward, PairForward? otherOrder = null)
    {
        var margins = Margins(forward);
        return otherOrder is null ? [.. margins.Select(m => PairScore.OfMargin(m))] : [.. margins.Zip(Margins(otherOrder), PairScore.OfOrders)];

        static double[] Margins(PairForward pass)
        {
            using var scope = torch.NewDisposeScope();
            var replies = pass.Preferences.detach();
            return (replies.select(1, 0) - replies.select(1, 1)).to(torch.ScalarType.Float64).cpu().data<double>().ToArray();
        }
    }
}
