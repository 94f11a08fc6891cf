using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// How turns become text. It belongs to the tokenizer, so that every method sees the same text. A prompt's text depends
/// on the prompt alone, so that all its responses share it; a response's text is what follows it.
/// </summary>
public abstract class ChatTemplate
{
    /// <summary>The name of the template for tokenizers that bring none.</summary>
    public const string PlainName = "plain";

    /// <summary>
    /// The name of the template for models of texts that are no dialogues: a response goes on from its prompt, without any mark
    /// between them or behind.
    /// </summary>
    public const string TextName = "text";

    /// <summary>The template's name.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Whether the beginning-of-text token goes before a prompt, as an id, where the tokenizer adds one. A template that
    /// writes what it needs itself has false.
    /// </summary>
    public abstract bool AddsBeginToken { get; }

    /// <summary>
    /// Whether the tokenizer's end-of-text token is appended to a response, as an id. A template that writes an end mark
    /// of its own has false.
    /// </summary>
    public abstract bool AppendsEndToken { get; }

    /// <summary>The template's own end mark as it ends a response's tokens; empty if there is none.</summary>
    internal virtual int[] EndTokens => [];

    /// <summary>Renders a whole conversation.</summary>
    /// <param name="conversation">The turns.</param>
    /// <param name="addGenerationPrompt">Whether the beginning of the assistant's next turn follows.</param>
    /// <exception cref="RewardKitException">The template refuses the conversation.</exception>
    public abstract string Render(Conversation conversation, bool addGenerationPrompt);

    /// <summary>Renders everything up to where the response begins.</summary>
    /// <param name="prompt">The turns before the response.</param>
    /// <exception cref="RewardKitException">The template refuses the conversation.</exception>
    public abstract string RenderPrompt(Conversation prompt);

    /// <summary>Renders a response; it follows directly on the prompt's text.</summary>
    /// <param name="prompt">The turns before it.</param>
    /// <param name="response">The assistant's turn, and what turns a method adds to it.</param>
    /// <exception cref="RewardKitException">
    /// The response does not begin with an assistant's turn, the template refuses the conversation, or its text does not
    /// begin with the prompt's.
    /// </exception>
    public abstract string RenderResponse(Conversation prompt, Conversation response);

    /// <summary>The tokens of a prompt's text.</summary>
    internal virtual int[] EncodePrompt(Tokenizer tokenizer, Conversation prompt) => tokenizer.Encode(RenderPrompt(prompt));

    /// <summary>The tokens of a response's text.</summary>
    internal virtual int[] EncodeResponse(Tokenizer tokenizer, Conversation prompt, Conversation response) =>
        tokenizer.Encode(RenderResponse(prompt, response));

    /// <summary>The template of a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="name">
    /// A template's name: <c>plain</c>, <c>text</c>, <c>default</c> for the tokenizer's own, or one of several that its files
    /// have; null for the tokenizer's own, or <c>plain</c> where it has none.
    /// </param>
    /// <exception cref="RewardKitException">There is no such template, or the tokenizer's own is malformed or not supported.</exception>
    public static ChatTemplate For(Tokenizer tokenizer, string? name = null)
    {
        if (name == PlainName) return new PlainTemplate(tokenizer.PrependsSpace);
        if (name == TextName) return new TextTemplate(tokenizer.PrependsSpace);
        var entries = ChatTemplateFiles.Read(tokenizer.Files);
        if (name is null && entries.Count == 0) return new PlainTemplate(tokenizer.PrependsSpace);
        var entry = entries.Find(entry => entry.Name == (name ?? ChatTemplateFiles.Default))
            ?? throw RewardKitException.Input(
                $"{tokenizer.Folder}: there is no chat template named '{name ?? ChatTemplateFiles.Default}' "
                + $"(known: {string.Join(", ", entries.Select(entry => entry.Name).Append(PlainName).Append(TextName))}). Name one with the model's Template option.");
        try
        {
            return new JinjaChatTemplate(tokenizer, entry, ChatTemplateFiles.SpecialTokens(tokenizer.Files));
        }
        catch (RewardKitException e)
        {
            throw RewardKitException.Input($"{e.Message} Set the model's Template option to \"{PlainName}\" to use the plain template instead.", e);
        }
    }

    private protected static void RefuseUnlessAssistant(Conversation response)
    {
        if (response.Messages[0].Role != "assistant")
            throw RewardKitException.Input($"A response begins with a turn of role '{response.Messages[0].Role}'; expected 'assistant'.");
    }

    // "Human: ...", a blank line, "Assistant: ...": the form of Anthropic's HH data (Bai et al. 2022).
    private sealed class PlainTemplate(bool tokenizerPrependsSpace) : ChatTemplate
    {
        public override string Name => PlainName;

        public override bool AddsBeginToken => true;

        public override bool AppendsEndToken => true;

        public override string Render(Conversation conversation, bool addGenerationPrompt)
        {
            var text = new StringBuilder();
            foreach (var message in conversation.Messages) text.Append(Speaker(message)).Append(": ").Append(message.Content).Append("\n\n");
            return text.Append(addGenerationPrompt ? "Assistant:" : "").ToString();
        }

        public override string RenderPrompt(Conversation prompt) => Render(prompt, addGenerationPrompt: true);

        public override string RenderResponse(Conversation prompt, Conversation response)
        {
            if (response.Messages.IsEmpty) return "";
            RefuseUnlessAssistant(response);
            var text = new StringBuilder();
            foreach (var message in response.Messages)
            {
                // The space after the colon begins the response: byte-level vocabularies have " Word" as one token and
                // SentencePiece's put the space there themselves, so no token would span the seam in the joint text.
                if (text.Length > 0) text.Append("\n\n").Append(Speaker(message)).Append(": ");
                else if (message.Content.Length > 0 && !tokenizerPrependsSpace) text.Append(' ');
                text.Append(message.Content);
            }
            return text.ToString();
        }

        private static string Speaker(Message message) => message.Role switch
        {
            "user" => "Human",
            "" => "Speaker",
            var role => char.ToUpperInvariant(role[0]) + role[1..],
        };
    }

    private sealed class TextTemplate(bool tokenizerPrependsSpace) : ChatTemplate
    {
        public override string Name => TextName;

        public override bool AddsBeginToken => true;

        // The text may go on: nobody said that it ends here.
        public override bool AppendsEndToken => false;

        public override string Render(Conversation conversation, bool addGenerationPrompt) => string.Concat(conversation.Messages.Select(message => message.Content));

        public override string RenderPrompt(Conversation prompt) => Render(prompt, addGenerationPrompt: false);

        // A tokenizer that puts a space before every text puts the one that parts the two.
        public override string RenderResponse(Conversation prompt, Conversation response)
        {
            var text = Render(response, addGenerationPrompt: false);
            return tokenizerPrependsSpace && text.StartsWith(' ') ? text[1..] : text;
        }
    }
}
