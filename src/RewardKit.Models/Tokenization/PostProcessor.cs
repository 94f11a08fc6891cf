namespace RewardKit.Models.Tokenization;

/// <summary>The special tokens around a single text.</summary>
/// <param name="Before">Ids in front.</param>
/// <param name="After">Ids at the end.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>Reads the <c>post_processor</c> of a <c>tokenizer.json</c>.</summary>
    public static PostProcessor Parse(JsonField? field)
    {
        var (before, after) = (new List<int>(), new List<int>());
        if (field is { } given) Add(given, before, after);
        return new(before, after);
    }

    private static void Add(JsonField field, List<int> before, List<int> after)
    {
        switch (field.Type())
        {
            case "Sequence":
                foreach (var child in field.Required("processors").Items()) Add(child, before, after);
                break;
            case "ByteLevel":
                // It only moves offsets, which are not computed here.
                break;
            case "TemplateProcessing":
                AddTemplate(field, before, after);
                break;
            case var type:
                throw field.Unsupported($"post_processor {type} (known: ByteLevel, Sequence, TemplateProcessing)");
        }
    }

    // A later template stands around what an earlier one made.
    private static void AddTemplate(JsonField field, List<int> before, List<int> after)
    {
        var single = field.Required("single");
        List<int> front = [];
        List<int>? back = null;
        foreach (var item in single.Items())
        {
            if (item.Optional("Sequence") is { } sequence)
            {
                if (sequence.Required("id").Text() != "A" || back is not null)
                    throw sequence.Unsupported("a template for one text with more than that text");
                back = [];
            }
            else
            {
                (back ?? front).AddRange(Ids(field, item.Required("SpecialToken").Required("id")));
            }
        }
        if (back is null) throw single.Malformed("has no Sequence, where the text goes");
        before.InsertRange(0, front);
        after.AddRange(back);
    }

    private static IEnumerable<int> Ids(JsonField field, JsonField name) =>
        field.Required("special_tokens").Optional(name.Text()) is { } special
            ? special.Required("ids").Items().Select(id => id.Number())
            : throw name.Malformed($"names '{name.Text()}', which special_tokens lacks");
}
