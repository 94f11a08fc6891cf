namespace RewardKit.Plugins.ReWordBench;

/// <summary>The transformations that a text generator writes: each text by itself, all rows side by side.</summary>
/// <param name="rewriter">Knows the rows' seeds and which texts pass.</param>
/// <param name="generator">Writes.</param>
/// <param name="rounds">How often a back-translation goes there and back.</param>
/// <param name="options">Length and temperature.</param>
public sealed class GeneratedRewriter(Rewriter rewriter, ITextGenerator generator, int rounds, GenerationOptions options)
{
    private const string Only = "Write only the result, with no remark before or after it.";

    /// <summary>Applies a transformation.</summary>
    /// <param name="transformation">The transformation.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>
    /// What it made; a row is excluded where an answer was refused, cut off or empty, and where none of ten passes that must
    /// stay similar.
    /// </returns>
    public async Task<Rewritten> ApplyAsync(Transformation transformation, IReadOnlyList<SourceRow> rows, CancellationToken cancellation)
    {
        var waiting = rows.Index().Where(r => transformation.AppliesTo(r.Item.Kind)).Select(r => (Place: r.Index, Texts: Rewriter.TextsOf(r.Item.Pair))).ToList();
        var count = waiting.Count;
        var made = new SortedList<int, PreferenceExample>();
        for (var attempt = 0; waiting.Count > 0 && attempt < (transformation.MustStaySimilar ? Rewriter.Attempts : 1); attempt++)
        {
            // Three texts a row; an empty one has nothing to be rewritten.
            string?[] texts = [.. waiting.SelectMany(w => new[] { w.Texts.Prompt, w.Texts.Chosen, w.Texts.Rejected })];
            foreach (var (step, instruction) in Instructions(transformation.Name).Index())
                texts = await Rewrite(texts, instruction, i => rewriter.SeedOf($"{transformation.Name} {attempt} {step} {i % 3}", waiting[i / 3].Texts), cancellation);
            for (var i = waiting.Count - 1; i >= 0; i--)
            {
                var (place, before) = waiting[i];
                if (texts[3 * i] is not { } prompt || texts[3 * i + 1] is not { } chosen || texts[3 * i + 2] is not { } rejected) continue;
                if (!rewriter.Passes(transformation, before, new(prompt, chosen, rejected))) continue;
                made.Add(place, Rewriter.With(rows[place].Pair, new(prompt, chosen, rejected), transformation.Name));
                waiting.RemoveAt(i);
            }
        }
        return new(transformation.Name, [.. made.Select(m => (m.Key, m.Value))], count - made.Count);
    }

    private IEnumerable<string> Instructions(string name) => name switch
    {
        Transformations.Paraphrase => [$"Say the text below in other words, without changing what it means. {Only}"],
        Transformations.BackTranslation => Enumerable.Repeat(
            new[] { $"Translate the English text below into Spanish. {Only}", $"Translate the Spanish text below into English. {Only}" }, rounds).SelectMany(both => both),
        Transformations.BackTranscription =>
        [
            $"The text below is read aloud, and a speech recogniser writes down what it hears, with the slips that such programs make: words that sound alike, lost punctuation and layout. Write what it writes. {Only}",
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    // Null stays null: a text that was lost on the way.
    private async Task<string?[]> Rewrite(string?[] texts, string instruction, Func<int, int> seed, CancellationToken cancellation)
    {
        int[] asked = [.. Enumerable.Range(0, texts.Length).Where(i => !string.IsNullOrWhiteSpace(texts[i]))];
        var replies = await generator.GenerateAsync(
            [.. asked.Select(i => new TextRequest(Conversation.User($"{instruction}\n\n{texts[i]}"), options with { Seed = seed(i) }))], cancellation);
        var result = texts.ToArray();
        foreach (var (i, reply) in asked.Zip(replies))
            result[i] = reply.IsComplete && reply.Text.Trim() is { Length: > 0 } text ? text : null;
        return result;
    }
}
