using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Tests.Tokenization;

public class PairEncoderTests
{
    private static PairEncoder Encoder(string name, int prompt = 100, int response = 100)
    {
        var tokenizer = Files.Tokenizer(name);
        return new(tokenizer, ChatTemplate.For(tokenizer, "plain"), prompt, response);
    }

    [Test]
    public void A_llama_prompt_begins_with_bos_and_every_response_ends_with_eos()
    {
        var encoder = Encoder("stories260K");

        Assert.Multiple(() =>
        {
            Assert.That(encoder.EncodePrompt(Conversation.User("Hi")).Ids[0], Is.EqualTo(1));
            Assert.That(encoder.EncodeResponse(Conversation.User("Hi"), Conversation.Assistant("Hi")).Ids[^1], Is.EqualTo(2));
            Assert.That(encoder.EncodeResponse(Conversation.User("Hi"), Conversation.Assistant("")).Ids, Is.EqualTo((int[])[2]), "an empty response");
            Assert.That(Encoder("gpt2").EncodePrompt(Conversation.User("Hi")).Ids, Is.EqualTo((int[])[20490, 25, 15902, 198, 198, 48902, 25]), "GPT-2 adds none");
        });
    }

    [Test]
    public void Prompts_lose_their_beginning_and_responses_their_end()
    {
        var (whole, cut) = (Encoder("stories260K"), Encoder("stories260K", 8, 5));
        var prompt = Conversation.User("Tell me a story about a dog.");
        var response = Conversation.Assistant("Once there was a dog.");

        var (wholePrompt, wholeResponse) = (whole.EncodePrompt(prompt), whole.EncodeResponse(prompt, response));
        var (cutPrompt, cutResponse) = (cut.EncodePrompt(prompt), cut.EncodeResponse(prompt, response));

        Assert.Multiple(() =>
        {
            Assert.That((wholePrompt.Truncated, wholeResponse.Truncated), Is.EqualTo((false, false)));
            Assert.That((cutPrompt.Truncated, cutResponse.Truncated), Is.EqualTo((true, true)));
            Assert.That(cutPrompt.Ids, Is.EqualTo((int[])[1, .. wholePrompt.Ids[^7..]]), "BOS stays");
            Assert.That(cutResponse.Ids, Is.EqualTo((int[])[.. wholeResponse.Ids[..4], 2]), "EOS stays");
        });
    }

    [TestCase("stories260K")]
    [TestCase("gpt2")]
    public void The_last_of_several_turns_is_what_follows_the_beginning_of_an_answer_to_all_before(string name)
    {
        var encoder = Encoder(name);
        var (prompt, answer, request) = (Conversation.User("Hi"), new Message("assistant", "Hi there."), new Message("user", "Good?"));
        var critique = Conversation.Assistant("It is a good answer.");
        var whole = encoder.EncodeResponse(prompt, new([answer, request, .. critique.Messages]));
        var alone = encoder.EncodeResponse(new([.. prompt.Messages, answer, request]), critique);

        Assert.Multiple(() =>
        {
            Assert.That(whole.Ids[^whole.LastTurn..], Is.EqualTo(alone.Ids));
            Assert.That(encoder.EncodeResponse(prompt, new([answer])).LastTurn, Is.Zero);
            Assert.That(encoder.EncodeResponse(prompt, new([answer, request])).LastTurn, Is.Zero, "not an assistant's");
            // Cut within the critique, then before it.
            var start = whole.Ids.Length - whole.LastTurn;
            Assert.That(Encoder(name, response: start + 3).EncodeResponse(prompt, new([answer, request, .. critique.Messages])).LastTurn, Is.EqualTo(3));
            Assert.That(Encoder(name, response: start - 1).EncodeResponse(prompt, new([answer, request, .. critique.Messages])).LastTurn, Is.Zero);
        });
    }

    [Test]
    public void Limits_come_from_the_specification_or_the_context()
    {
        var open = PairEncoder.Create(new ModelSpec { Folder = Files.Stories });
        var set = PairEncoder.Create(new ModelSpec { Folder = Files.Stories, MaxPromptTokens = 100, MaxResponseTokens = 50 });

        Assert.That((open.MaxPromptTokens, open.MaxResponseTokens), Is.EqualTo((256, 256)));
        Assert.That((set.MaxPromptTokens, set.MaxResponseTokens), Is.EqualTo((100, 50)));
        Assert.That(() => PairEncoder.Create(new ModelSpec { Folder = Files.Stories, MaxPromptTokens = 500, MaxResponseTokens = 50 }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("context of 512"));
    }

    [Test]
    public void A_tokenizer_too_large_for_the_model_is_refused()
    {
        Assert.That(() => PairEncoder.Create(new ModelSpec { Folder = Files.Stories, Tokenizer = Files.Gpt2 }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("50257").And.Message.Contains("512"));
    }

    // The text before a place is what its token and those before it read; Llama 3 has a full stop with what breaks the line in one token.
    [TestCase("stories260K")]
    [TestCase("gpt2")]
    [TestCase("llama3-style-small")]
    [TestCase("phi-3-mini")]
    public void The_tokens_at_places_end_where_the_places_are(string name)
    {
        const string text = "Two and two: 2 + 2 = <<2+2=4>>4\nÉtienne 🤔 says so.\n\nSo: 4";
        var encoder = Encoder(name);
        var (prompt, response) = (Conversation.User("How many?"), Conversation.Assistant(text));
        var ids = encoder.EncodeResponse(prompt, response).Ids;
        int[] ends = [3, text.IndexOf('\n'), text.IndexOf(" says"), text.IndexOf("\n\n"), text.Length];

        var tokens = encoder.TokensAt(prompt, response, ends);

        Assert.Multiple(() =>
        {
            Assert.That(tokens, Is.Ordered.Ascending.And.Unique);
            foreach (var (end, token) in ends.Zip(tokens))
                Assert.That(encoder.Tokenizer.Decode(ids.Take(token + 1)).Trim(), Is.EqualTo(text[..end]));
            Assert.That(tokens[^1], Is.EqualTo(ids.Length - (encoder.Tokenizer.EosId is null ? 1 : 2)), "the last token before the end");
        });
    }

    [Test]
    public void A_place_inside_a_token_has_that_token_and_one_behind_the_cut_none()
    {
        var (encoder, cut) = (Encoder("gpt2"), Encoder("gpt2", response: 4));
        var (prompt, response) = (Conversation.User("Hi"), Conversation.Assistant("Wonderful weather today, is it not?"));
        Assert.Multiple(() =>
        {
            Assert.That(encoder.TokensAt(prompt, response, [2, 9, 10, 11]), Is.EqualTo((int[])[0, 0, 1, 1]));
            Assert.That(cut.TokensAt(prompt, response, [9, 17, 23, 24, 35]), Is.EqualTo((int[])[0, 1, 2, -1, -1]), "three tokens and the end");
            Assert.That(() => encoder.TokensAt(prompt, response, [0]), Throws.TypeOf<RewardKitException>().With.Message.Contains("from 1 to that length"));
            Assert.That(() => encoder.TokensAt(prompt, response, [5, 36]), Throws.TypeOf<RewardKitException>());
            Assert.That(() => encoder.TokensAt(prompt, response, [5, 5]), Throws.TypeOf<RewardKitException>());
            Assert.That(encoder.TokensAt(prompt, response, []), Is.Empty);
        });
    }

    [Test]
    public void Places_are_those_of_the_last_turn()
    {
        var encoder = Encoder("gpt2");
        var response = new Conversation([new("assistant", "Yes. Yes."), new("user", "Sure?"), new("assistant", "Yes.")]);
        var ids = encoder.EncodeResponse(Conversation.User("Hi"), response).Ids;
        Assert.That(encoder.TokensAt(Conversation.User("Hi"), response, [3, 4]), Is.EqualTo((int[])[ids.Length - 3, ids.Length - 2]));
    }
}
