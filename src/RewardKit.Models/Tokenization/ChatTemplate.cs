using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// How turns become text. It belongs to the tokenizer, so that every method sees the same text. Prompt and response are
/// rendered and encoded apart: a response's tokens never depend on which prompt it follows, nor the other way round.
/// </summary>
public abstract class ChatTemplate
{
    /// <summary>The name of the template for tokenizers that bring none.</summary>
    public const string PlainName = "plain";

    /// <summary>The template's name.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Whether the tokenizer's end-of-text token is appended to a response, as an id. A template that writes an end mark
    /// of its own has false.
    /// </summary>
    public abstract bool AppendsEndToken { get; }

    /// <summary>Renders everything up to where the response begins.</summary>
    /// <param name="prompt">The turns before the response.</param>
    public abstract string RenderPrompt(Conversation prompt);

    /// <summary>Renders a response; it follows directly on the prompt's text.</summary>
    /// <param name="response">The assistant's turn, and what turns a method adds to it.</param>
    /// <exception cref="RewardKitException">The response does not begin with an assistant's turn.</exception>
    public abstract string RenderResponse(Conversation response);

    /// <summary>The template of a tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="name">A template's name; null for the tokenizer's own, or <c>plain</c> where it has none.</param>
    /// <exception cref="RewardKitException">There is no such template, or the tokenizer's own cannot be read.</exception>
    public static ChatTemplate For(Tokenizer tokenizer, string? name = null) => name switch
    {
        PlainName => new PlainTemplate(tokenizer.PrependsSpace),
        null when !tokenizer.HasChatTemplate => new PlainTemplate(tokenizer.PrependsSpace),
        null => throw RewardKitException.Input(
            $"{tokenizer.Folder}: the tokenizer brings a Jinja chat template, which is not supported. "
            + $"Set the model's Template option to \"{PlainName}\" to use the plain template instead."),
        _ => throw RewardKitException.Input($"There is no chat template named '{name}' (known: {PlainName})."),
    };

    // "Human: ...", a blank line, "Assistant: ...": the form of Anthropic's HH data (Bai et al. 2022).
    private sealed class PlainTemplate(bool tokenizerPrependsSpace) : ChatTemplate
    {
        public override string Name => PlainName;

        public override bool AppendsEndToken => true;

        public override string RenderPrompt(Conversation prompt)
        {
            var text = new StringBuilder();
            foreach (var message in prompt.Messages) text.Append(Speaker(message)).Append(": ").Append(message.Content).Append("\n\n");
            return text.Append("Assistant:").ToString();
        }

        public override string RenderResponse(Conversation response)
        {
            if (response.Messages.IsEmpty) return "";
            if (response.Messages[0].Role != "assistant")
                throw RewardKitException.Input($"A response begins with a turn of role '{response.Messages[0].Role}'; expected 'assistant'.");
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
}
