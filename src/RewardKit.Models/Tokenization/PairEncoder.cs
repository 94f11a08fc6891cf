namespace RewardKit.Models.Tokenization;

/// <summary>A text as tokens.</summary>
/// <param name="Ids">The ids after any cut.</param>
/// <param name="Truncated">Whether tokens were cut off.</param>
public readonly record struct EncodedText(int[] Ids, bool Truncated);

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

        var noted = file is null ? new(null, null, null, null, null) : TextSettings.Read(file);
        var context = config.MaxPositionEmbeddings;
        var response = spec.MaxResponseTokens ?? noted.MaxResponseTokens ?? context / 2;
        var prompt = spec.MaxPromptTokens ?? noted.MaxPromptTokens ?? context - response;
        if (prompt < 2 || response < 1 || prompt + response > context)
            throw RewardKitException.Input(
                $"MaxPromptTokens {prompt} and MaxResponseTokens {response} do not fit the model's context of {context} tokens: "
                + "expected at least 2 and 1, and together no more than the context.");
        return new(tokenizer, ChatTemplate.For(tokenizer, spec.Template ?? noted.Template), prompt, response);
    }

    /// <summary>
    /// Encodes a prompt: the rendered turns, after the beginning-of-text token where the tokenizer adds one and the
    /// template leaves it to it. A longer one is cut on the left, after the beginning-of-text token.
    /// </summary>
    /// <param name="prompt">The turns before the response.</param>
    /// <exception cref="RewardKitException">The template refuses the prompt.</exception>
    public EncodedText EncodePrompt(Conversation prompt)
    {
        var text = Template.EncodePrompt(Tokenizer, prompt);
        int[] start = [];
        if (Tokenizer.BosId is { } bos)
        {
            if (Template.AddsBeginToken && Tokenizer.AddsBos) start = [bos];
            else if (text is [var first, ..] && first == bos) (start, text) = ([bos], text[1..]);
        }
        var room = MaxPromptTokens - start.Length;
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
        var text = Template.EncodeResponse(Tokenizer, prompt, response);
        int[] end = [];
        if (Template.AppendsEndToken && Tokenizer.EosId is { } eos) end = [eos];
        else if (Template.EndTokens is var mark && mark.Length < MaxResponseTokens && text.AsSpan().EndsWith(mark)) (text, end) = (text[..^mark.Length], mark);
        var room = MaxResponseTokens - end.Length;
        return text.Length <= room ? new([.. text, .. end], false) : new([.. text[..room], .. end], true);
    }
}
