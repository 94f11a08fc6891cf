using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class ChatTemplateTests
{
    private static readonly Conversation Prompt = new(
        [new("system", "Be brief."), new("user", "Hi"), new("assistant", "Hello."), new("user", "Who are you?")]);

    [Test]
    public void A_tokenizer_without_a_template_gets_the_plain_one()
    {
        var template = ChatTemplate.For(Files.Tokenizer("gpt2"));

        Assert.Multiple(() =>
        {
            Assert.That(template.Name, Is.EqualTo("plain"));
            Assert.That(template.RenderPrompt(Prompt), Is.EqualTo(
                "System: Be brief.\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: Who are you?\n\nAssistant:"));
            Assert.That(template.RenderResponse(Prompt, Conversation.Assistant("A model.")), Is.EqualTo(" A model."));
            Assert.That(template.RenderResponse(Prompt, new([new("assistant", "A model."), new("critique", "Good.")])),
                Is.EqualTo(" A model.\n\nCritique: Good."));
        });
    }

    // The seam between prompt and response is where no token of the joint text would span.
    [TestCase("gpt2")]
    [TestCase("llama3-style-small")]
    [TestCase("stories260K")]
    public void Prompt_and_response_tokenise_apart_as_they_do_together(string name)
    {
        var tokenizer = Files.Tokenizer(name);
        var template = ChatTemplate.For(tokenizer);
        var prompt = Conversation.User("Once upon a time?");
        var response = Conversation.Assistant("There was a girl named Lily.\nShe was 3.");

        int[] apart = [.. tokenizer.Encode(template.RenderPrompt(prompt)), .. tokenizer.Encode(template.RenderResponse(prompt, response))];

        Assert.That(apart, Is.EqualTo(tokenizer.Encode(
            "Human: Once upon a time?\n\nAssistant: There was a girl named Lily.\nShe was 3.")));
    }

    [Test]
    public void Unknown_names_and_responses_that_are_none_are_refused()
    {
        var tokenizer = Files.Tokenizer("gpt2");

        Assert.That(() => ChatTemplate.For(tokenizer, "chatml"), Throws.TypeOf<RewardKitException>().With.Message.Contains("'chatml'"));
        Assert.That(() => ChatTemplate.For(tokenizer).RenderResponse(Prompt, Conversation.User("no")),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("'user'"));
    }
}
