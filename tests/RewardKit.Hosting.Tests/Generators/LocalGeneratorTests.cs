using RewardKit.Hosting.Generators;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;

namespace RewardKit.Hosting.Tests.Generators;

public class LocalGeneratorTests
{
    private static readonly ModelSpec Tiny = new()
    {
        Configuration = new()
        {
            VocabSize = 2048,
            HiddenSize = 16,
            IntermediateSize = 32,
            NumHiddenLayers = 1,
            NumAttentionHeads = 2,
            NumKeyValueHeads = 2,
            MaxPositionEmbeddings = 64,
        },
        Tokenizer = Path.Combine(TestContext.CurrentContext.TestDirectory, "tokenizer"),
    };

    private static readonly GenerationOptions Sampled = new() { MaxTokens = 6, Temperature = 1 };

    [Test]
    public void A_request_gets_the_same_answer_in_any_company_and_by_its_own_seed()
    {
        using var generator = Make();
        TextRequest[] requests = [.. Enumerable.Range(0, 10).Select(i => new TextRequest(Conversation.User($"Question {i % 3}?"), Sampled with { Seed = i }))];
        var together = Ask(generator, requests);
        Assert.That(requests.Select(r => Ask(generator, r).Single()), Is.EqualTo(together));
        Assert.That(together.Select(r => r.Text).Distinct().Count(), Is.GreaterThan(5));
        var expected = Language();
        using (expected)
            Assert.That(
                together.Select(r => r.Text),
                Is.EqualTo(expected.Generate([.. requests.Select(r => r.Prompt)], Sampled, [.. requests.Select(r => r.Options.Seed)]).Select(t => t.Text)));
    }

    [Test]
    public void Options_may_differ_from_request_to_request()
    {
        using var generator = Make();
        var prompt = Conversation.User("Tell me.");
        var replies = Ask(
            generator, new(prompt, new() { MaxTokens = 3, IgnoreEndTokens = true }), new(prompt, new() { MaxTokens = 5, IgnoreEndTokens = true }), new(prompt, Sampled with { Seed = 9 }),
            new(prompt, new() { MaxTokens = 3, IgnoreEndTokens = true, StopStrings = ["never"] }));
        Assert.That(replies.Take(2).Select(r => (r.Tokens, r.Finish)), Is.EqualTo(new[] { (3, FinishReason.MaxTokens), (5, FinishReason.MaxTokens) }));
        Assert.That(replies[1].Text, Does.StartWith(replies[0].Text));
        Assert.That(replies[3].Text, Is.EqualTo(replies[0].Text));
        Assert.That(replies.Select(r => r.PromptTokens), Is.All.EqualTo(replies[0].PromptTokens).And.All.Positive);
    }

    [Test]
    public void A_prompt_that_does_not_fit_gets_no_text_and_the_others_theirs()
    {
        using var generator = Make();
        var replies = Ask(
            generator, new(Conversation.User(string.Concat(Enumerable.Repeat("too long ", 60))), Sampled), new(Conversation.User("short"), new() { MaxTokens = 200, IgnoreEndTokens = true }));
        Assert.That((replies[0].Text, replies[0].Finish), Is.EqualTo(("", FinishReason.ContextFull)));
        Assert.That((replies[1].Finish, replies[1].PromptTokens + replies[1].Tokens), Is.EqualTo((FinishReason.ContextFull, 64)));
    }

    [Test]
    public void It_leaves_no_tensor_alive_and_the_model_to_its_owner()
    {
        using var language = Language();
        // The model makes the table of its positions when it is first used.
        language.Generate([Conversation.User("Why?")], Sampled);
        var before = LiveTensors.Count;
        using (var generator = new LocalGenerator(language)) Ask(generator, new TextRequest(Conversation.User("Why?"), Sampled));
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
        Assert.That(language.Generate([Conversation.User("Why?")], Sampled).Single().Ids, Is.Not.Empty);
    }

    [Test]
    public void A_cancellation_keeps_what_is_answered()
    {
        using var generator = Make(rows: 1);
        using var stop = new CancellationTokenSource();
        var answered = new List<int>();
        TextRequest[] requests = [.. Enumerable.Range(0, 5).Select(i => new TextRequest(Conversation.User($"{i}"), Sampled))];
        Assert.CatchAsync<OperationCanceledException>(() => generator.AnswerAsync(
            requests,
            (i, _) =>
            {
                answered.Add(i);
                if (answered.Count == 2) stop.Cancel();
            },
            stop.Token));
        Assert.That(answered, Is.EqualTo(new[] { 0, 1 }));
    }

    private static LanguageModel Language(int rows = 32)
    {
        var encoder = PairEncoder.Create(Tiny);
        return new("tiny", CausalModel.Create(Tiny, 1), encoder, encoder.Tokenizer.EosId is { } end ? [end] : [], rows);
    }

    private static LocalGenerator Make(int rows = 32) => new(Language(rows), owns: true);

    private static IReadOnlyList<TextReply> Ask(LocalGenerator generator, params TextRequest[] requests) =>
        generator.GenerateAsync(requests).GetAwaiter().GetResult();
}
