using RewardKit.Models.Templates;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// The chat template of a tokenizer's files. What it writes for the prompt and the response together is what the model
/// sees; the response is what follows the prompt's text in it.
/// </summary>
internal sealed class JinjaChatTemplate : ChatTemplate
{
    // Stands for a response where only the text before it is wanted: begins as no template's own text does.
    private static readonly Conversation AnyResponse = Conversation.Assistant("\uE000");

    private readonly Tokenizer _tokenizer;
    private readonly JinjaTemplate _template;
    private readonly string _file;
    private readonly List<KeyValuePair<string, object?>> _specialTokens;
    private EncodedPrompt? _last;

    public JinjaChatTemplate(Tokenizer tokenizer, ChatTemplateFiles.Entry entry, List<KeyValuePair<string, object?>> specialTokens)
    {
        (_tokenizer, Name, _file, _specialTokens) = (tokenizer, entry.Name, entry.File, specialTokens);
        _template = JinjaTemplate.Parse(entry.Source, entry.File);
        (EndTokens, AppendsEndToken) = End();
    }

    private sealed record EncodedPrompt(Conversation Prompt, string Text, int[] Ids);

    public override string Name { get; }

    public override bool AddsBeginToken => false;

    public override bool AppendsEndToken { get; }

    internal override int[] EndTokens { get; }

    public override string Render(Conversation conversation, bool addGenerationPrompt) => _template.Render(
    [
        .. _specialTokens,
        new("messages", conversation.Messages.Select(message => new Dictionary<string, object?> { ["role"] = message.Role, ["content"] = message.Content })),
        new("tools", null),
        new("documents", null),
        new("add_generation_prompt", addGenerationPrompt),
    ]);

    public override string RenderPrompt(Conversation prompt) => Prompt(prompt).Text;

    public override string RenderResponse(Conversation prompt, Conversation response)
    {
        if (response.Messages.IsEmpty) return "";
        RefuseUnlessAssistant(response);
        var start = Prompt(prompt).Text;
        var whole = Render(Joined(prompt, response), addGenerationPrompt: false);
        return whole.StartsWith(start, StringComparison.Ordinal) ? whole[start.Length..] : throw Apart(start, whole);
    }

    internal override int[] EncodePrompt(Tokenizer tokenizer, Conversation prompt) => Prompt(prompt).Ids;

    // In one piece with the prompt, so that the response's first token is what it is in the whole text. Where a token
    // spans the seam, the response is encoded by itself: that is what follows the prompt's tokens in generation.
    internal override int[] EncodeResponse(Tokenizer tokenizer, Conversation prompt, Conversation response)
    {
        var text = RenderResponse(prompt, response);
        var start = Prompt(prompt);
        var whole = tokenizer.Encode(start.Text + text);
        return whole.AsSpan().StartsWith(start.Ids) ? whole[start.Ids.Length..] : tokenizer.Encode(text);
    }

    // Both responses of a pair ask for the same prompt, one after the other.
    private EncodedPrompt Prompt(Conversation prompt)
    {
        var last = _last;
        if (last is null || !ReferenceEquals(last.Prompt, prompt))
        {
            var text = BeforeResponse(prompt);
            _last = last = new(prompt, text, _tokenizer.Encode(text));
        }
        return last;
    }

    // The text with the generation prompt. Some templates open a thought there, which an answer that is part of the
    // conversation lacks: that part of it is left out.
    private string BeforeResponse(Conversation prompt)
    {
        var text = Render(prompt, addGenerationPrompt: true);
        var answered = Render(Joined(prompt, AnyResponse), addGenerationPrompt: false);
        var shared = text.AsSpan().CommonPrefixLength(answered);
        if (shared == text.Length) return text;
        var open = Render(prompt, addGenerationPrompt: false);
        return shared >= text.AsSpan().CommonPrefixLength(open) ? text[..shared] : throw Apart(text, answered);
    }

    // What the template writes after every response, found from two short ones. A template that writes nothing leaves
    // the end to the tokenizer's token; one that takes no such conversation is left as it is.
    private (int[] Tokens, bool None) End()
    {
        try
        {
            int[][] ids = [.. new[] { "A", "B" }.Select(answer =>
                _tokenizer.Encode(Render(Joined(Conversation.User("?"), Conversation.Assistant(answer)), addGenerationPrompt: false)))];
            var shared = 0;
            while (shared < ids[0].Length && shared < ids[1].Length && ids[0][^(shared + 1)] == ids[1][^(shared + 1)]) shared++;
            return (ids[0][^shared..], shared == 0);
        }
        catch (RewardKitException)
        {
            return ([], false);
        }
    }

    private static Conversation Joined(Conversation prompt, Conversation response) => new([.. prompt.Messages, .. response.Messages]);

    private RewardKitException Apart(string prompt, string whole)
    {
        var at = prompt.AsSpan().CommonPrefixLength(whole);
        return RewardKitException.Input(
            $"{_file}: what the chat template writes for a conversation does not begin with what it writes for its prompt: "
            + $"after {at} characters the prompt has '{Excerpt(prompt, at)}', the whole '{Excerpt(whole, at)}'. "
            + $"A reward cannot be read there. Set the model's Template option to \"{PlainName}\" to use the plain template instead.");
    }

    private static string Excerpt(string text, int at) => text.Substring(at, Math.Min(30, text.Length - at)).Replace("\n", "\\n");
}
