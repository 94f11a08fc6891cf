using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Generation;

/// <summary>Encodes prompts for generation.</summary>
internal static class PromptToAnswer
{
    private const int Shown = 60;

    /// <summary>All tokens of a prompt. Training cuts prompts to leave room for responses of its own length; here all but one token may be filled.</summary>
    /// <param name="name">The model's name, for the message.</param>
    /// <param name="model">The model.</param>
    /// <param name="encoder">How conversations become its tokens.</param>
    /// <param name="prompt">The prompt.</param>
    /// <exception cref="RewardKitException">It leaves no room for an answer.</exception>
    public static int[] Encode(string name, CausalModel model, PairEncoder encoder, Conversation prompt)
    {
        var context = model.Config.MaxPositionEmbeddings;
        var (ids, truncated) = new PairEncoder(encoder.Tokenizer, encoder.Template, context - 1, 1).EncodePrompt(prompt);
        if (!truncated) return ids;
        var text = prompt.LastContent.ReplaceLineEndings(" ");
        throw RewardKitException.Input(
            $"The prompt \"{(text.Length > Shown ? text[..Shown] + "…" : text)}\" does not fit {name}, whose context has {context} tokens: shorten it to leave room for an answer.");
    }
}
