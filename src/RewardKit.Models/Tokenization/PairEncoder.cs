namespace RewardKit.Models.Tokenization;

/// <summary>A text as tokens.</summary>
/// <param name="Ids">The ids after any cut.</param>
/// <param name="Truncated">Whether tokens were cut off.</param>
public readonly record struct EncodedText(int[] Ids, bool Truncated)
{
    /// <summary>
    /// Of a response of several turns that ends with an assistant's, the tokens at its end that are the last turn: what follows
    /// the beginning of an answer to all before. Else 0.
    /// </summary>
    public int LastTurn { get; init; }
}

/// <summary>
/// Turns prompts and responses into a model's input. A prompt's tokens depend on the prompt alone, a response's on its
/// prompt and itself: neither on a partner nor on a batch, and each is cut by itself. Safe to use from several threads.
/// </summary>
public sealed class PairEncoder
{
    /// <summary>Makes an encoder.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="template">How turns become text.</param>
    /// <param name="maxPromptTokens">Longer prompts lose tokens on the left.</param>
    /// <param name="maxResponseTokens">Longer responses lose tokens on the right.</param>
    public PairEncoder(Tokenizer tokenizer, ChatTemplate template, int maxPromptTokens, int maxResponseTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPromptTokens, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxResponseTokens, 1);
        (Tokenizer, Template, MaxPromptTokens, MaxResponseTokens) = (tokenizer, template, maxPromptTokens, maxResponseTokens);
    }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How turns become text.</summary>
    public ChatTemplate Template { get; }

    /// <summary>The most tokens of a prompt, the beginning-of-text token included.</summary>
    public int MaxPromptTokens { get; }

    /// <summary>The most tokens of a response, the end-of-text token included.</summary>
    public int MaxResponseTokens { get; }

    /// <summary>How a pairwise model is asked; null where none is wanted.</summary>
    public PairText? Pairs { get; init; }

    /// <summary>
    /// Makes the encoder that a specification asks for. What it leaves open, a folder written by
    /// <see cref="CausalModel.Save"/> says; else the context length decides.
    /// </summary>
    /// <param name="spec">Names the model, the tokenizer, the template and the limits.</param>
    /// <exception cref="RewardKitException">There is no tokenizer, or tokenizer and limits do not fit the model.</exception>
    public static PairEncoder Create(ModelSpec spec)
    {
        var folders = spec.Folder is { } folder ? AdapterFolder.ForTexts(folder, spec.Base) : ((string Config, string Tokenizer)?)null;
        var file = folders is null ? null : ConfigFile.Load(folders.Value.Config);
        var config = spec.Configuration ?? file?.Model()
            ?? throw RewardKitException.Input("A model needs either a folder or a configuration; neither is given.");
        var tokenizer = Tokenizer.Load(spec.Tokenizer ?? folders?.Tokenizer
            ?? throw RewardKitException.Input("A model with random weights needs a tokenizer: set the Tokenizer option to a folder with one."));
        if (tokenizer.VocabSize > config.VocabSize)
            throw RewardKitException.Input(
                $"{tokenizer.Folder}: the tokenizer has {tokenizer.VocabSize} tokens, the model only {config.VocabSize} (vocab_size). "
                + "Name the tokenizer that belongs to the model, or raise the configuration's VocabSize.");

        var noted = file is null ? TextSettings.None : TextSettings.Read(file);
        var context = config.MaxPositionEmbeddings;
        var template = ChatTemplate.For(tokenizer, spec.Template ?? noted.Template);
        if ((spec.Pairs ?? noted.Pairs) is { } pairs) return ForPairs(spec, noted, new(tokenizer, template, 2, 1) { Pairs = pairs }, context);
        var response = spec.MaxResponseTokens ?? noted.MaxResponseTokens ?? context / 2;
        var prompt = spec.MaxPromptTokens ?? noted.MaxPromptTokens ?? context - response;
        if (prompt < 2 || response < 1 || prompt + response > context)
            throw RewardKitException.Input(
                $"MaxPromptTokens {prompt} and MaxResponseTokens {response} do not fit the model's context of {context} tokens: "
                + "expected at least 2 and 1, and together no more than the context.");
        return new(tokenizer, template, prompt, response);
    }

    // A pair's text holds both responses: each has a third of the context unless told otherwise.
    private static PairEncoder ForPairs(ModelSpec spec, TextSettings noted, PairEncoder unlimited, int context)
    {
        unlimited.Pairs!.Check("The model's pair text");
        // Limits of a model with a scalar head leave no room for a second response.
        if (noted.Pairs is null) noted = TextSettings.None;
        var room = context - unlimited.Frame;
        var response = spec.MaxResponseTokens ?? noted.MaxResponseTokens ?? room / 3;
        var prompt = spec.MaxPromptTokens ?? noted.MaxPromptTokens ?? room - 2 * response;
        if (prompt < 2 || response < 1 || prompt + 2 * response > room)
            throw RewardKitException.Input(
                $"MaxPromptTokens {prompt} and MaxResponseTokens {response} do not fit a pairwise model's context of {context} tokens: a text holds the "
                + $"prompt, two responses, and {unlimited.Frame} tokens around them. Expected at least 2 and 1, and MaxPromptTokens + 2 × MaxResponseTokens of at most {room}.");
        return new(unlimited.Tokenizer, unlimited.Template, prompt, response) { Pairs = unlimited.Pairs };
    }

    /// <summary>
    /// Encodes a prompt: the rendered turns, after the beginning-of-text token where the tokenizer adds one and the
    /// template leaves it to it. A longer one is cut on the left, after the beginning-of-text token.
    /// </summary>
    /// <param name="prompt">The turns before the response.</param>
    /// <exception cref="RewardKitException">The template refuses the prompt.</exception>
    public EncodedText EncodePrompt(Conversation prompt) => Encode(prompt, MaxPromptTokens);

    private EncodedText Encode(Conversation prompt, int most)
    {
        var text = Template.EncodePrompt(Tokenizer, prompt);
        int[] start = [];
        if (Tokenizer.BosId is { } bos)
        {
            if (Template.AddsBeginToken && Tokenizer.AddsBos) start = [bos];
            else if (text is [var first, ..] && first == bos) (start, text) = ([bos], text[1..]);
        }
        var room = most - start.Length;
        return text.Length <= room ? new([.. start, .. text], false) : new([.. start, .. text[^room..]], true);
    }

    /// <summary>
    /// Encodes a response: its text, then the end-of-text token where the tokenizer has one and the template does not
    /// write its own, so that the reward is read where the model knows the response is over. A longer one is cut on the
    /// right, before the end-of-text token or the template's end mark.
    /// </summary>
    /// <param name="prompt">The turns before it.</param>
    /// <param name="response">The response.</param>
    /// <exception cref="RewardKitException">The template refuses the conversation, or cannot tell response from prompt.</exception>
    public EncodedText EncodeResponse(Conversation prompt, Conversation response)
    {
        var whole = Template.EncodeResponse(Tokenizer, prompt, response);
        var before = whole.Length - LastTurn(prompt, response, whole);
        var several = before < whole.Length;
        var (text, end) = WithoutEnd(whole);
        var room = MaxResponseTokens - end.Length;
        var truncated = text.Length > room;
        int[] ids = truncated ? [.. text[..room], .. end] : [.. text, .. end];
        return new(ids, truncated) { LastTurn = several && !(truncated && before >= room) ? ids.Length - before : 0 };
    }

    /// <summary>The tokens of a response at which places in its last turn lie: each the first that completes what is before the place.</summary>
    /// <param name="prompt">The turns before it.</param>
    /// <param name="response">The response.</param>
    /// <param name="ends">The places in rising order, from 1 to the length of the last turn.</param>
    /// <returns>
    /// Their indices among the tokens of <see cref="EncodeResponse"/>; -1 for a place behind those that are left of a response that is too long.
    /// </returns>
    /// <exception cref="RewardKitException">A place lies outside, or the tokenizer changes the text so that no place can be found.</exception>
    public int[] TokensAt(Conversation prompt, Conversation response, IReadOnlyList<int> ends)
    {
        var content = response.LastContent;
        if (ends.Count == 0) return [];
        if (ends[0] < 1 || ends[^1] > content.Length || ends.Zip(ends.Skip(1)).Any(two => two.Second <= two.First))
            throw RewardKitException.Input(
                $"A response of {content.Length} characters has places at {string.Join(", ", ends)}. Expected are places in rising order, from 1 to that length.");
        var (text, end) = WithoutEnd(Template.EncodeResponse(Tokenizer, prompt, response));
        // Templates and SentencePiece put a space before the text or take some away; what is inside stays as it is.
        var (decoded, core) = (Tokenizer.Decode(text, keepSpecialTokens: true), content.Trim());
        var start = core.Length == 0 ? -1 : decoded.LastIndexOf(core, StringComparison.Ordinal) - content.IndexOf(core, StringComparison.Ordinal);
        if (core.Length == 0 || !decoded.Contains(core, StringComparison.Ordinal))
            throw RewardKitException.Input(
                $"The places in a response cannot be found in its tokens: what {Tokenizer.Folder} makes of \"{Begin(content)}\" reads \"{Begin(decoded)}\". Use a tokenizer that keeps the text as it is.");
        var kept = Math.Min(text.Length, MaxResponseTokens - end.Length);
        return [.. ends.Select(place => First(start + place)).Select(token => token < kept ? token : -1)];

        // The decoded length rises with the tokens but for characters that are there in part.
        int First(int length)
        {
            var (low, high) = (0, text.Length - 1);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (Tokenizer.Decode(text.Take(middle + 1), keepSpecialTokens: true).TrimEnd('\uFFFD').Length >= length) high = middle;
                else low = middle + 1;
            }
            return low;
        }

        static string Begin(string text) => text.Length <= 40 ? text : $"{text[..40]}…";
    }

    // A response's tokens, and the mark that ends it.
    private (int[] Text, int[] End) WithoutEnd(int[] text)
    {
        if (Template.AppendsEndToken && Tokenizer.EosId is { } eos) return (text, [eos]);
        return Template.EndTokens is var mark && mark.Length < MaxResponseTokens && text.AsSpan().EndsWith(mark) ? (text[..^mark.Length], mark) : (text, []);
    }

    // The tokens of the last turn by itself, as they are at the end of the whole; where one spans the seam, those behind it.
    private int LastTurn(Conversation prompt, Conversation response, int[] whole)
    {
        if (response.Messages is not [_, .., { Role: "assistant" } last]) return 0;
        var alone = Template.EncodeResponse(Tokenizer, new([.. prompt.Messages, .. response.Messages[..^1]]), new([last]));
        var same = 0;
        while (same < alone.Length && same < whole.Length && alone[^(same + 1)] == whole[^(same + 1)]) same++;
        return same;
    }

    /// <summary>
    /// Encodes two responses in one text, in both orders, up to where the reply begins. The conversation is cut on the left
    /// and each response on the right before they are put together, so that a response's place does not decide what is cut.
    /// </summary>
    /// <param name="prompt">The turns before the responses.</param>
    /// <param name="first">One response.</param>
    /// <param name="second">The other.</param>
    /// <exception cref="RewardKitException">The template refuses the text.</exception>
    public EncodedPair EncodePair(Conversation prompt, Conversation first, Conversation second)
    {
        var text = NeedPairs();
        var context = Part.Of(Tokenizer, text.Context(prompt), MaxPromptTokens, cutLeft: true);
        var (one, other) = (OfResponse(first), OfResponse(second));
        while (true)
        {
            var (inOrder, exchanged) = (Ask(context, one, other), Ask(context, other, one));
            // Where parts meet, they may have some tokens more than apart.
            var excess = Math.Max(inOrder.Length, exchanged.Length) - (Frame + MaxPromptTokens + 2 * MaxResponseTokens);
            if (excess <= 0) return new(inOrder, exchanged, context.Encoded, one.Encoded, other.Encoded);
            if (context.Length > 0) context = context.Less(Tokenizer, excess);
            else if (one.Length > other.Length) one = one.Less(Tokenizer, excess);
            else other = other.Less(Tokenizer, excess);
        }

        Part OfResponse(Conversation response) => Part.Of(Tokenizer, text.Response(response), MaxResponseTokens, cutLeft: false);

        int[] Ask(Part context, Part one, Part other) => Encode(text.Question(context.Text, one.Text, other.Text), int.MaxValue).Ids;
    }

    /// <summary>The labels' tokens, as they begin the reply.</summary>
    /// <param name="needTie">Whether the label of a tie must be there.</param>
    /// <exception cref="RewardKitException">A label is not one token, or two are the same.</exception>
    public PairLabels PairLabels(bool needTie)
    {
        var text = NeedPairs();
        var question = text.Question("", "", "");
        var (first, second, tie) = (Reply(text.First), Reply(text.Second), Reply(text.Tie));
        // What follows a reply is the template's own: it is the same for all of them.
        var end = first.AsSpan().SequenceEqual(second) ? first.Length - 1 : first.Reverse().Zip(second.Reverse()).TakeWhile(pair => pair.First == pair.Second).Count();
        var labels = new PairLabels(Label(text.First, first), Label(text.Second, second), needTie || IsLabel(tie) ? Label(text.Tie, tie) : null);
        if (labels.First == labels.Second || labels.First == labels.Tie || labels.Second == labels.Tie)
            throw RewardKitException.Input(
                $"Of the labels \"{text.First}\", \"{text.Second}\" and \"{text.Tie}\" of a pairwise model two are the same token in {Tokenizer.Folder}; name labels that differ (Model.pairText).");
        return labels;

        int[] Reply(string label) => Template.EncodeResponse(Tokenizer, question, Conversation.Assistant(label));

        bool IsLabel(int[] reply) => reply.Length == end + 1 && reply.AsSpan(1).SequenceEqual(first.AsSpan(first.Length - end));

        int Label(string label, int[] reply) => IsLabel(reply) ? reply[0] : throw RewardKitException.Input(
            $"The label \"{label}\" of a pairwise model is {Math.Max(reply.Length - end, 0)} tokens as a reply in {Tokenizer.Folder}; name a label that is one token (Model.pairText).");
    }

    /// <summary>The tokens of a pair's text beside its parts, with some for the seams.</summary>
    private int Frame => field > 0 ? field : field = Encode(NeedPairs().Question("", "", ""), int.MaxValue).Ids.Length + 4;

    private PairText NeedPairs() => Pairs ?? throw new InvalidOperationException("this encoder has no text for pairs");

    /// <summary>A part of a pair's text.</summary>
    private readonly record struct Part(string Text, EncodedText Encoded, bool CutLeft)
    {
        public int Length => Encoded.Ids.Length;

        public static Part Of(Tokenizer tokenizer, string text, int room, bool cutLeft)
        {
            var ids = tokenizer.Encode(text);
            return ids.Length <= room ? new(text, new(ids, false), cutLeft) : new Part(text, new(ids, false), cutLeft).Less(tokenizer, ids.Length - room);
        }

        // A character that is cut in half is left out.
        public Part Less(Tokenizer tokenizer, int tokens)
        {
            var room = Math.Max(0, Length - tokens);
            var kept = CutLeft ? Encoded.Ids[^room..] : Encoded.Ids[..room];
            return new(tokenizer.Decode(kept).Trim('\uFFFD'), new(kept, true), CutLeft);
        }
    }
}
