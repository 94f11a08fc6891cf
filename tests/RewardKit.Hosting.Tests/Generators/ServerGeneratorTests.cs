using System.Diagnostics;
using RewardKit.Hosting.Generators;

namespace RewardKit.Hosting.Tests.Generators;

public class ServerGeneratorTests
{
    [Test]
    public void A_request_has_what_the_standard_says_and_extensions_only_where_they_are_set()
    {
        using var server = new MisbehavingServer((_, _) => Act.Say("fine"));
        var prompt = new Conversation([new("system", "Be brief."), new("user", "How are you? — \"well\"")]);
        var plain = new GenerationOptions { MaxTokens = 9, Temperature = 0.5, TopP = 0.9, Seed = 12, StopStrings = ["END"] };
        Ask(server.Options(), new TextRequest(prompt, plain), new TextRequest(prompt, new() { TopK = 5, Temperature = 1, RepetitionPenalty = 1.5 }));
        var bodies = server.Bodies.OrderBy(b => b.Length).ToArray();
        Assert.That(bodies.Single(b => b.Contains("END")), Is.EqualTo(
            """{"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"How are you? — \"well\""}],"max_tokens":9,"temperature":0.5,"top_p":0.9,"seed":12,"stop":["END"]}"""));
        Assert.That(bodies.Single(b => !b.Contains("END")), Does.EndWith(""","top_k":5,"repetition_penalty":1.5}"""));
        Assert.That(server.Heads, Is.All.StartsWith("POST /v1/chat/completions HTTP/1.1\n").And.All.Not.Contain("Authorization"));
    }

    [Test]
    public void An_answer_says_how_it_ended_and_what_it_cost()
    {
        using var server = new MisbehavingServer((_, prompt) => prompt switch
        {
            "stop" => Act.Say("one two"),
            "length" => Act.Say("one two three", "length"),
            "filter" => Act.Say("half of", "content_filter"),
            "refusal" => new(200, """{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I cannot help with that."}}]}"""),
            "string" => new(200, """{"choices":[{"finish_reason":"stop","stop_reason":"END","message":{"content":"up to"}}]}"""),
            "thoughts" => new(200, """{"choices":[{"finish_reason":"length","message":{"content":null,"reasoning_content":"hm"}}]}"""),
            "parts" => new(200, """{"choices":[{"finish_reason":"stop","message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}"""),
            "tool" => Act.Say("", "tool_calls"),
            _ => Act.Fail(400, "The response was filtered.", "content_filter"),
        });
        var replies = Ask(server.Options(), "stop", "length", "filter", "refusal", "string", "thoughts", "parts", "tool", "policy");
        Assert.That(replies, Is.EqualTo(new TextReply[]
        {
            new("one two", FinishReason.StopToken, 7, 2), new("one two three", FinishReason.MaxTokens, 7, 3), new("", FinishReason.Refused, 7, 2),
            new("", FinishReason.Refused), new("up to", FinishReason.StopString), new("", FinishReason.MaxTokens), new("ab", FinishReason.StopToken),
            new("", FinishReason.Refused, 7, 1), new("", FinishReason.Refused),
        }));
        Assert.That(server.Count, Is.EqualTo(9));
    }

    [TestCase(400, "This model's maximum context length is 2048 tokens. However, you requested 2100 tokens (2000 in the messages, 100 in the completion).", null)]
    [TestCase(400, "Your input is too much.", "context_length_exceeded")]
    [TestCase(400, "The decoder prompt (length 5000) is longer than the maximum model length of 2048.", null)]
    [TestCase(400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", null)]
    [TestCase(400, "Requested token count exceeds the model's maximum context length of 4096 tokens.", null)]
    [TestCase(400, "the request exceeds the available context size. try increasing the context size or enable context shift", null)]
    public void A_prompt_that_is_too_long_is_no_end_of_the_work(int status, string message, string? code)
    {
        using var server = new MisbehavingServer((_, prompt) => prompt == "long" ? Act.Fail(status, message, code) : Act.Say("fine"));
        Assert.That(Ask(server.Options(), "short", "long").Select(r => (r.Text, r.Finish)), Is.EqualTo(new[] { ("fine", FinishReason.StopToken), ("", FinishReason.ContextFull) }));
        Assert.That(server.Count, Is.EqualTo(2));
    }

    private static readonly Act[] Passing =
    [
        Act.Fail(429, "Slow down."), Act.Fail(500, "Oh dear."), Act.Fail(503, "Loading the model."), Act.Fail(408, "Too slow."), new(502, "<html>Bad gateway</html>"),
        Act.Say("a text that is cut off") with { CutAt = 40 }, Act.Say("nothing") with { CutAt = 0 }, new(200, "{\"choices\": [{\"mess"), new(200, "[]"), new(200, "{\"choices\": []}"),
        new(200, """{"choices":[{"finish_reason":null,"message":{"content":"half"}}]}"""), new(200, """{"error":{"message":"The server behind is busy.","code":503}}"""),
    ];

    [TestCaseSource(nameof(Passing))]
    public void What_passes_is_tried_again(object act)
    {
        using var server = new MisbehavingServer((number, _) => number <= 2 ? (Act)act : Act.Say("at last"));
        var retries = new List<string>();
        using var generator = new ServerGenerator(server.Options()) { Retrying = retries.Add };
        Assert.That(Ask(generator, "hello").Single().Text, Is.EqualTo("at last"));
        Assert.That(server.Count, Is.EqualTo(3));
        Assert.That(retries, Has.Count.EqualTo(2).And.All.Contain(server.Url).And.All.Contain("asked again in"));
    }

    [Test]
    public void A_server_that_is_too_slow_is_asked_again()
    {
        using var server = new MisbehavingServer((number, _) => Act.Say("fine") with { Delay = number == 1 ? TimeSpan.FromSeconds(30) : default });
        Assert.That(Ask(server.Options(tries: 20) with { Timeout = TimeSpan.FromSeconds(0.5) }, "hello").Single().Text, Is.EqualTo("fine"));
    }

    [TestCase("Retry-After: 1\r\n")]
    [TestCase("retry-after-ms: 900\r\n")]
    public void A_server_that_says_when_is_asked_then(string header)
    {
        using var server = new MisbehavingServer((number, _) => number == 1 ? Act.Fail(429, "Slow down.", headers: header) : Act.Say("fine"));
        var clock = Stopwatch.StartNew();
        Assert.That(Ask(server.Options(), "hello").Single().Text, Is.EqualTo("fine"));
        Assert.That(clock.Elapsed.TotalSeconds, Is.GreaterThanOrEqualTo(0.85));
    }

    [Test]
    public void A_server_that_wants_an_hour_is_not_waited_for()
    {
        using var server = new MisbehavingServer((_, _) => Act.Fail(429, "Come back later.", headers: "Retry-After: 3600\r\n"));
        var error = Refused(server.Options(), "hello");
        Assert.That(error.Message, Does.Contain("60 minutes").And.Contain("Come back later"));
        Assert.That(server.Count, Is.EqualTo(1));
    }

    [Test]
    public void Tries_come_to_an_end_with_the_last_reason()
    {
        using var server = new MisbehavingServer((_, _) => Act.Fail(500, "CUDA out of memory"));
        var error = Refused(server.Options(tries: 3), "hello");
        Assert.That(error.Message, Does.Contain(server.Url).And.Contain("tiny").And.Contain("after 3 tries").And.Contain("500 Said: CUDA out of memory"));
        Assert.That((error.ExitCode, server.Count), Is.EqualTo((1, 3)));
    }

    [Test]
    public void A_port_where_nobody_listens_is_named()
    {
        var server = new MisbehavingServer((_, _) => Act.Say("fine"));
        server.Dispose();
        var error = Refused(server.Options(tries: 2), "hello");
        Assert.That(error.Message, Does.Contain(server.Url).And.Contain("after 2 tries").And.Contain("refused").And.Contain("Check that the server runs"));
    }

    [TestCase(401, null, "wants a key")]
    [TestCase(404, null, "usually ends in /v1")]
    [TestCase(400, null, "model's name")]
    [TestCase(422, null, "model's name")]
    [TestCase(307, null, "has moved")]
    [TestCase(429, "insufficient_quota", "over its quota")]
    [TestCase(402, null, "over its quota")]
    public void What_does_not_pass_ends_at_once_and_says_how_to_mend_it(int status, string? code, string fix)
    {
        using var server = new MisbehavingServer((_, _) => Act.Fail(status, "No, " + new string('x', 2000), code));
        var error = Refused(server.Options(), "hello");
        Assert.That(error.Message, Does.Contain(server.Url).And.Contain("tiny").And.Contain($"{status} Said: No, xxx").And.Contain(fix));
        Assert.That(error.Message, Has.Length.LessThan(700));
        Assert.That(server.Count, Is.EqualTo(1));
    }

    [Test]
    public void A_key_is_sent_from_its_variable_and_shown_nowhere()
    {
        const string variable = "REWARDKIT_TEST_KEY", key = "very-secret-93471";
        using var server = new MisbehavingServer((_, _) => Act.Fail(401, $"Incorrect API key provided: {key}, or was it sk-abcdef123456?"));
        var options = server.Options() with { KeyVariable = variable };
        Assert.That(Assert.Throws<RewardKitException>(() => new ServerGenerator(options).Dispose())!.Message, Does.Contain(variable).And.Contain("not set"));
        Environment.SetEnvironmentVariable(variable, key);
        try
        {
            var error = Refused(options, "hello");
            Assert.That(server.Heads.Single(), Does.Contain($"Authorization: Bearer {key}"));
            Assert.That(error.Message, Does.Contain("Incorrect API key").And.Contain($"environment variable {variable}"));
            Assert.That(error + options.ToString() + new ServerSpec(options).ToString(), Does.Not.Contain(key).And.Not.Contain("abcdef123456"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Test]
    public void OpenAIs_key_goes_to_OpenAI_alone()
    {
        Assert.That(new ServerOptions { Url = "https://api.openai.com/v1", Model = "m" }.Checked().KeyName, Is.EqualTo("OPENAI_API_KEY"));
        Assert.That(new ServerOptions { Url = "https://api.openai.com.example.org/v1", Model = "m" }.Checked().KeyName, Is.Null);
        Assert.That(new ServerOptions { Url = "http://localhost:8000/v1", Model = "m" }.Checked().KeyName, Is.Null);
    }

    [TestCase("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions")]
    [TestCase("http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions")]
    [TestCase("http://localhost:8000/v1/chat/completions", "http://localhost:8000/v1/chat/completions")]
    [TestCase("https://host/deployments/m?api-version=2024-06-01", "https://host/deployments/m/chat/completions?api-version=2024-06-01")]
    public void The_place_is_found_from_the_url(string url, string place) =>
        Assert.That(new ServerOptions { Url = url, Model = "m" }.Checked().Endpoint.ToString(), Is.EqualTo(place));

    [TestCase("localhost:8000")]
    [TestCase("ftp://localhost/v1")]
    [TestCase("http://name:secret@localhost/v1")]
    public void A_url_that_cannot_be_meant_is_refused(string url)
    {
        var error = Assert.Throws<RewardKitException>(() => new ServerGenerator(new() { Url = url, Model = "m" }).Dispose())!;
        Assert.That(error.ExitCode, Is.EqualTo(2));
        Assert.That(error.Message, Does.Contain("url").And.Not.Contain("secret"));
    }

    [Test]
    public void What_the_interface_has_no_word_for_is_refused()
    {
        using var generator = new ServerGenerator(new() { Url = "http://localhost:1/v1", Model = "m" });
        foreach (var (options, name) in new[] { (new GenerationOptions { StopTokens = [3] }, "StopTokens"), (new GenerationOptions { IgnoreEndTokens = true }, "IgnoreEndTokens") })
        {
            var error = Assert.ThrowsAsync<RewardKitException>(() => generator.GenerateAsync([new(Conversation.User("hello"), options)]))!;
            Assert.That(error.Message, Does.Contain(name).And.Contain("local model"));
        }
    }

    [Test]
    public void No_more_requests_are_under_way_than_allowed()
    {
        using var server = new MisbehavingServer((_, _) => Act.Say("fine") with { Delay = TimeSpan.FromMilliseconds(20) });
        using var generator = new ServerGenerator(server.Options() with { Concurrency = 3 });
        var calls = Enumerable.Range(0, 2).Select(_ => Task.Run(() => Ask(generator, [.. Enumerable.Range(0, 12).Select(i => $"prompt {i}")]))).ToArray();
        Task.WaitAll(calls);
        Assert.That(server.Count, Is.EqualTo(24));
        Assert.That(server.MostAtOnce, Is.InRange(2, 3));
    }

    [Test]
    public void A_cancellation_ends_what_is_under_way()
    {
        using var server = new MisbehavingServer((_, _) => Act.Say("fine") with { Delay = TimeSpan.FromSeconds(60) });
        using var generator = new ServerGenerator(server.Options());
        using var stop = new CancellationTokenSource(200);
        Assert.CatchAsync<OperationCanceledException>(() => generator.GenerateAsync([new(Conversation.User("hello"), new())], stop.Token));
    }

    internal static IReadOnlyList<TextReply> Ask(ITextGenerator generator, params string[] prompts) =>
        generator.GenerateAsync([.. prompts.Select(p => new TextRequest(Conversation.User(p), new()))]).GetAwaiter().GetResult();

    private static IReadOnlyList<TextReply> Ask(ServerOptions options, params string[] prompts)
    {
        using var generator = new ServerGenerator(options);
        return Ask(generator, prompts);
    }

    private static void Ask(ServerOptions options, params TextRequest[] requests)
    {
        using var generator = new ServerGenerator(options);
        generator.GenerateAsync(requests).GetAwaiter().GetResult();
    }

    private static RewardKitException Refused(ServerOptions options, string prompt) => Assert.Throws<RewardKitException>(() => Ask(options, prompt))!;
}
