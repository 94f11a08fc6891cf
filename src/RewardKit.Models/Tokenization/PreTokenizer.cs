using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>Cuts normalised text into the words that byte-pair merges never cross.</summary>
internal sealed class PreTokenizer
{
    private const string Known = "ByteLevel, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace, WhitespaceSplit";

    private readonly List<Func<Stage, Stage>> _stages = [];

    /// <summary>Whether words are written in <see cref="Tokenization.ByteLevel"/>'s alphabet.</summary>
    public bool ByteLevel { get; private set; }

    /// <summary>Whether text gets a space mark in front, as in SentencePiece's models.</summary>
    public bool PrependsSpace { get; private set; }

    /// <summary>GPT-2's own.</summary>
    public static PreTokenizer Gpt2()
    {
        var result = new PreTokenizer { ByteLevel = true };
        result._stages.Add(next => KnownSplits.Create(KnownSplits.Gpt2, next));
        return result;
    }

    /// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>.</summary>
    public static PreTokenizer Parse(JsonField? field)
    {
        var result = new PreTokenizer();
        if (field is { } given) result.Add(given);
        return result;
    }

    /// <summary>The stages in front of a model.</summary>
    public Stage Before(Stage model) => Enumerable.Reverse(_stages).Aggregate(model, (next, make) => make(next));

    private void Add(JsonField field)
    {
        if (ByteLevel) throw field.Unsupported("a pre_tokenizer after ByteLevel");
        switch (field.Type())
        {
            case "Sequence":
                foreach (var child in field.Required("pretokenizers").Items()) Add(child);
                break;
            case "ByteLevel":
                if (field.Flag("add_prefix_space")) _stages.Add(next => new PrefixSpace(next));
                if (field.Flag("use_regex", true)) _stages.Add(next => KnownSplits.Create(KnownSplits.Gpt2, next));
                ByteLevel = true;
                break;
            case "Split":
                AddSplit(field);
                break;
            case "Digits":
                Cut(Split.Characters(CharClass.IsNumber), field.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous);
                break;
            case "Punctuation":
                Cut(Split.Characters(CharClass.IsPunctuation), Behavior(field.Optional("behavior"), SplitBehavior.Isolated));
                break;
            case "Whitespace":
                Cut(Split.Runs(rune => Rune.IsWhiteSpace(rune) ? 0 : CharClass.IsWord(rune) ? 1 : 2), SplitBehavior.Removed, invert: true);
                break;
            case "WhitespaceSplit":
                Cut(Split.Characters(Rune.IsWhiteSpace), SplitBehavior.Removed);
                break;
            case "Metaspace":
                AddMetaspace(field);
                break;
            case var type:
                throw field.Unsupported($"pre_tokenizer {type} (known: {Known})");
        }
    }

    private void Cut(Matcher matcher, SplitBehavior behavior, bool invert = false) =>
        _stages.Add(next => new Split(matcher, behavior, invert, next));

    private void AddSplit(JsonField field)
    {
        var pattern = field.Required("pattern");
        var behavior = Behavior(field.Required("behavior"), SplitBehavior.Isolated);
        var invert = field.Flag("invert");
        if (pattern.Optional("String") is { } literal)
        {
            if (literal.Text().Length == 0) throw literal.Malformed("is empty; expected what to split at");
            Cut(Split.Literal(literal.Text()), behavior, invert);
            return;
        }
        // The known patterns match every character, so that matches isolated and gaps removed are the same.
        var expression = pattern.Required("Regex").Text();
        if (((behavior, invert) is (SplitBehavior.Isolated, _) or (SplitBehavior.Removed, true)) && KnownSplits.IsKnown(expression))
            _stages.Add(next => KnownSplits.Create(expression, next));
        else
            Cut(UnicodeRegex.Parse(pattern).Matches, behavior, invert);
    }

    private void AddMetaspace(JsonField field)
    {
        var replacement = field.Optional("replacement")?.Text() ?? "\u2581";
        if (replacement.Length != 1) throw field.Unsupported($"Metaspace with the replacement '{replacement}', which is not one character");
        // Old files have add_prefix_space instead of the scheme, and always split.
        var scheme = field.Optional("prepend_scheme")?.Text() ?? (field.Flag("add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never"))
            throw field.Unsupported($"Metaspace with prepend_scheme {scheme} (known: always, first, never)");
        PrependsSpace |= scheme != "never" && _stages.Count == 0;
        _stages.Add(next => new Metaspace(replacement[0], scheme, next));
        if (field.Flag("split", true)) Cut(Split.Literal(replacement), SplitBehavior.MergedWithNext);
    }

    private static SplitBehavior Behavior(JsonField? field, SplitBehavior missing) => field is not { } given ? missing
        : given.Text() is var name && Enum.TryParse(name, out SplitBehavior behavior) && Enum.IsDefined(behavior) && behavior.ToString() == name
            ? behavior
            : throw given.Unsupported($"the split behavior {name} (known: {string.Join(", ", Enum.GetNames<SplitBehavior>())})");

    /// <summary>Puts a space in front of pieces that begin with none.</summary>
    private sealed class PrefixSpace(Stage next) : Stage
    {
        public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids) =>
            next.Run(text is [' ', ..] ? text : string.Concat(" ", text), atStart, ids);
    }

    /// <summary>Writes spaces as a visible mark, with one more in front as the scheme says.</summary>
    private sealed class Metaspace(char mark, string scheme, Stage next) : Stage
    {
        public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids)
        {
            var marked = text.ToString().Replace(' ', mark);
            if (marked[0] != mark && (scheme == "always" || scheme == "first" && atStart)) marked = mark + marked;
            next.Run(marked, atStart, ids);
        }
    }
}
