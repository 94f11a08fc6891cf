using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>A row as it is given: a pair and what it is about.</summary>
/// <param name="Pair">The pair.</param>
/// <param name="Kind">What it is about.</param>
public sealed record SourceRow(PreferenceExample Pair, RowKind Kind);

/// <summary>What a transformation made.</summary>
/// <param name="Name">The transformation.</param>
/// <param name="Rows">The rows that it changed: the place of the original, and the new pair.</param>
/// <param name="Excluded">How many rows it applies to, but could not change, or not without another meaning.</param>
public sealed record Rewritten(string Name, IReadOnlyList<(int Row, PreferenceExample Pair)> Rows, int Excluded);

/// <summary>Applies transformations to rows. What becomes of a row depends on its texts and the seed alone.</summary>
/// <param name="seed">Decides every draw.</param>
/// <param name="minSimilarity">The similarity below which a rewriting that must stay similar is drawn again.</param>
public sealed class Rewriter(int seed, double minSimilarity)
{
    /// <summary>How often a rewriting is drawn that must stay similar.</summary>
    public const int Attempts = 10;

    /// <summary>Applies a transformation that needs no generator.</summary>
    /// <param name="transformation">The transformation.</param>
    /// <param name="rows">The rows.</param>
    /// <returns>What it made of those that it applies to.</returns>
    public Rewritten Apply(Transformation transformation, IReadOnlyList<SourceRow> rows)
    {
        var made = new List<(int, PreferenceExample)>();
        var excluded = 0;
        foreach (var (place, row) in rows.Index().Where(r => transformation.AppliesTo(r.Item.Kind)))
        {
            if (Draw(transformation, TextsOf(row.Pair)) is { } texts) made.Add((place, With(row.Pair, texts, transformation.Name)));
            else excluded++;
        }
        return new(transformation.Name, made, excluded);
    }

    /// <summary>Whether new texts are other ones and, where they must be, similar.</summary>
    /// <param name="transformation">Where they come from.</param>
    /// <param name="before">The original texts.</param>
    /// <param name="after">The new ones.</param>
    public bool Passes(Transformation transformation, Texts before, Texts after) => before != after
        && (!transformation.MustStaySimilar || (Similar(before.Prompt, after.Prompt) && Similar(before.Chosen, after.Chosen) && Similar(before.Rejected, after.Rejected)));

    /// <summary>A pair's texts: the last turn of the prompt and of each response.</summary>
    /// <param name="pair">The pair.</param>
    public static Texts TextsOf(PreferenceExample pair) => new(pair.Prompt.LastContent, pair.Chosen.LastContent, pair.Rejected.LastContent);

    /// <summary>A pair with other texts in these turns.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="name">The transformation.</param>
    public static PreferenceExample With(PreferenceExample pair, Texts texts, string name) => pair with
    {
        Id = $"{pair.Id}+{name}",
        Prompt = With(pair.Prompt, texts.Prompt),
        Chosen = With(pair.Chosen, texts.Chosen),
        Rejected = With(pair.Rejected, texts.Rejected),
        ChosenSteps = null,
        RejectedSteps = null,
        Provenance = pair.Provenance with { Augmentation = name, Parent = pair.Id },
    };

    /// <summary>A number for a row's draws.</summary>
    /// <param name="name">The transformation.</param>
    /// <param name="texts">The row.</param>
    public int SeedOf(string name, Texts texts) =>
        BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\0{name}\0{texts.Prompt}\0{texts.Chosen}\0{texts.Rejected}")));

    private bool Similar(string before, string after) => TextEdits.Similarity(before, after) >= minSimilarity;

    private Texts? Draw(Transformation transformation, Texts texts)
    {
        var random = new Random(SeedOf(transformation.Name, texts));
        for (var attempt = 0; attempt < (transformation.MustStaySimilar ? Attempts : 1); attempt++)
            if (transformation.Apply!(texts, random) is { } after && Passes(transformation, texts, after)) return after;
        return null;
    }

    private static Conversation With(Conversation conversation, string content) => conversation.Messages.IsEmpty ? conversation
        : new(conversation.Messages.SetItem(conversation.Messages.Length - 1, conversation.Messages[^1] with { Content = content }));
}
