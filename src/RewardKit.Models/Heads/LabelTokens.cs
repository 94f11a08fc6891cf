using RewardKit.Models.Tokenization;

namespace RewardKit.Models;

/// <summary>
/// A reward model without a head of its own: the language model's word on which of two label tokens comes next after a
/// response. The reward is the first label's logit less the second's, which is also the difference of their
/// log-probabilities; σ of it is the first's probability among the two. Reading both responses of a pair in one text is
/// another form: <see cref="PairText"/>.
/// </summary>
public sealed record LabelTokens
{
    /// <summary>Labels by their text.</summary>
    /// <param name="first">The label that raises the reward; exactly one token.</param>
    /// <param name="second">The label that lowers it; exactly one token.</param>
    public LabelTokens(string first, string second) => (First, Second) = (first, second);

    /// <summary>Labels by their token ids.</summary>
    /// <param name="first">The label that raises the reward.</param>
    /// <param name="second">The label that lowers it.</param>
    public LabelTokens(int first, int second) => (FirstId, SecondId) = (first, second);

    /// <summary>The text of the label that raises the reward; null where ids are given.</summary>
    public string? First { get; }

    /// <summary>The text of the label that lowers it.</summary>
    public string? Second { get; }

    /// <summary>The id of the label that raises the reward; null where texts are given.</summary>
    public int? FirstId { get; }

    /// <summary>The id of the label that lowers it.</summary>
    public int? SecondId { get; }

    /// <summary>The two ids.</summary>
    /// <param name="tokenizer">Where to look texts up; asked for only where they are needed.</param>
    /// <param name="vocabulary">The model's number of tokens.</param>
    internal (int First, int Second) Ids(Func<Tokenizer> tokenizer, int vocabulary)
    {
        var ids = FirstId is { } first && SecondId is { } second ? (first, second) : (Id(First!), Id(Second!));
        if (ids.Item1 == ids.Item2) throw RewardKitException.Input($"The label tokens are the same, {ids.Item1}; a reward needs two.");
        foreach (var id in (int[])[ids.Item1, ids.Item2])
            if (id < 0 || id >= vocabulary) throw RewardKitException.Input($"The label token {id} is not in the model's vocabulary of {vocabulary}.");
        return ids;

        int Id(string text) => tokenizer().Encode(text) is [var id] ? id : throw RewardKitException.Input(
            $"The label \"{text}\" is {tokenizer().Encode(text).Length} tokens in {tokenizer().Folder}; name labels that are one token each, or give ids.");
    }
}
