using RewardKit.Hosting.Generators;
using RewardKit.Training;

namespace RewardKit.Hosting.Tests.Generators;

public class CachedGeneratorTests
{
    private string _folder = "";

    private string File => Path.Combine(_folder, "generated.db");

    [SetUp]
    public void SetUp() => Directory.CreateDirectory(_folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n")));

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    [Test]
    public void Equal_requests_are_asked_once_in_a_call_and_ever()
    {
        var script = Upper();
        var meter = new GenerationMeter();
        using (var cached = Open(script, meter: meter))
            Assert.That(Texts(cached, "a", "b", "a"), Is.EqualTo(new[] { "A", "B", "A" }));
        Assert.That(script.Asked, Is.EqualTo(2));
        using (var again = Open(script)) Assert.That(Texts(again, "b", "c"), Is.EqualTo(new[] { "B", "C" }));
        Assert.That(script.Asked, Is.EqualTo(3));
        Assert.That(meter.Totals, Does.Contain(("generator.requests", 3L)).And.Contain(("generator.foundAgain", 1L)));
    }

    [Test]
    public void What_decides_an_answer_is_asked_apart([Values("seed", "temperature", "length", "stop", "role", "turns", "model")] string change)
    {
        var script = Upper();
        using (var cached = Open(script)) Reply(cached, new());
        using (var other = Open(script, identity: change == "model" ? "other" : "tiny"))
        {
            Reply(other, change switch
            {
                "seed" => new() { Seed = 1 },
                "temperature" => new() { Temperature = 0.1 },
                "length" => new() { MaxTokens = 5 },
                "stop" => new() { StopStrings = ["."] },
                _ => new(),
            }, change switch
            {
                "role" => new([new("system", "hello")]),
                "turns" => new([new("user", "hello"), new("user", "hello")]),
                _ => null,
            });
        }
        Assert.That(script.Asked, Is.EqualTo(2));

        static void Reply(CachedGenerator generator, GenerationOptions options, Conversation? prompt = null) =>
            generator.GenerateAsync([new(prompt ?? Conversation.User("hello"), options)]).GetAwaiter().GetResult();
    }

    [Test]
    public void Answers_come_back_as_they_were()
    {
        TextReply[] replies =
        [
            new("nul \0 and ünïcødé 🙂\r\n", FinishReason.StopString, 12, 34), new("cut", FinishReason.MaxTokens, 1, 2), new("", FinishReason.Refused),
            new("partly", FinishReason.ContextFull, 5, 1),
        ];
        var script = new ScriptedGenerator(request => replies[int.Parse(request.Prompt.LastContent)]);
        for (var time = 0; time < 2; time++)
        {
            using var cached = Open(script);
            Assert.That(ServerGeneratorTests.Ask(cached, "0", "1", "2", "3"), Is.EqualTo(replies));
        }
        Assert.That(script.Asked, Is.EqualTo(4));
    }

    [Test]
    public void A_prompt_that_did_not_fit_is_asked_again()
    {
        var script = new ScriptedGenerator(_ => new("", FinishReason.ContextFull));
        for (var time = 0; time < 2; time++)
        {
            using var cached = Open(script);
            Assert.That(ServerGeneratorTests.Ask(cached, "long").Single().Finish, Is.EqualTo(FinishReason.ContextFull));
        }
        Assert.That(script.Asked, Is.EqualTo(2));
    }

    [Test]
    public void Work_that_a_quota_ended_goes_on_where_it_stopped()
    {
        string[] prompts = [.. Enumerable.Range(0, 40).Select(i => $"prompt {i}")];
        using var server = new MisbehavingServer((number, prompt) => number > 15 && number <= 25 ? Act.Fail(429, "Pay first.", "insufficient_quota") : Act.Say(prompt.ToUpperInvariant()));
        using (var first = Open(server))
        {
            var error = Assert.Throws<RewardKitException>(() => ServerGeneratorTests.Ask(first, prompts))!;
            Assert.That(error.Message, Does.Contain("over its quota").And.Contain("15 texts that were generated before are kept in").And.Contain(File));
            Assert.That(first.Failure, Is.SameAs(error));
        }
        var answered = 15;
        var before = server.Count;
        // Those under way came to their end; nothing was begun after.
        Assert.That(before, Is.InRange(16, 15 + 4));
        using (var second = Open(server))
            while (server.Count < 25)
                Assert.Throws<RewardKitException>(() => ServerGeneratorTests.Ask(second, prompts[^1]));
        using (var third = Open(server)) Assert.That(ServerGeneratorTests.Ask(third, prompts).Select(r => r.Text), Is.EqualTo(prompts.Select(p => p.ToUpperInvariant())));
        Assert.That(server.Count, Is.EqualTo(25 + prompts.Length - answered));
    }

    [Test]
    public void Work_that_was_stopped_asks_only_the_rest_and_nothing_twice()
    {
        string[] prompts = [.. Enumerable.Range(0, 60).Select(i => $"prompt {i}")];
        using var stop = new CancellationTokenSource();
        using var server = new MisbehavingServer((number, prompt) =>
        {
            if (number == 30) stop.Cancel();
            return Act.Say(prompt.ToUpperInvariant());
        });
        // As after a kill: nothing is closed in order.
        var killed = Open(server);
        Assert.CatchAsync<OperationCanceledException>(() => killed.GenerateAsync([.. prompts.Select(p => new TextRequest(Conversation.User(p), new()))], stop.Token));
        var before = server.Count;
        using (var again = Open(server)) Assert.That(Texts(again, prompts), Is.EqualTo(prompts.Select(p => p.ToUpperInvariant())));
        killed.Dispose();
        // Only what was under way at the stop is asked a second time.
        Assert.That(server.Prompts.GroupBy(p => p).Count(g => g.Count() > 1), Is.LessThanOrEqualTo(4));
        Assert.That(server.Count - before, Is.LessThanOrEqualTo(prompts.Length - before + 4));
    }

    [Test]
    public void Two_processes_that_ask_the_same_get_the_first_answer()
    {
        var (first, second) = (new AnswerStore(File), new AnswerStore(File));
        using (first)
        using (second)
        {
            byte[] key = [1, 2, 3];
            Assert.That(second.Find(key), Is.Null);
            Assert.That(first.Keep(key, new("one", FinishReason.StopToken)).Text, Is.EqualTo("one"));
            Assert.That(second.Keep(key, new("two", FinishReason.StopToken)).Text, Is.EqualTo("one"));
            Assert.That(second.Find(key)!.Text, Is.EqualTo("one"));
        }
    }

    [Test]
    public void A_damaged_file_is_kept_aside_and_said_so([Values] bool atItsBeginning)
    {
        var notices = new List<string>();
        var script = Upper();
        using (var cached = Open(script)) Texts(cached, [.. Enumerable.Range(0, 500).Select(i => $"prompt {i}")]);
        var bytes = System.IO.File.ReadAllBytes(File);
        bytes.AsSpan(atItsBeginning ? 0 : 4096).Fill(0xAB);
        System.IO.File.WriteAllBytes(File, bytes);
        using (var cached = Open(script, notice: notices.Add)) Assert.That(Texts(cached, "prompt 1", "prompt 2"), Is.EqualTo(new[] { "PROMPT 1", "PROMPT 2" }));
        Assert.That(notices, Has.Count.EqualTo(1).And.All.Contain(File).And.All.Contain("damaged-1"));
        Assert.That(System.IO.File.ReadAllBytes(File + ".damaged-1"), Is.EqualTo(bytes));
        using (var cached = Open(script, notice: notices.Add)) Texts(cached, "prompt 1", "prompt 2");
        Assert.That((script.Asked, notices.Count), Is.EqualTo((502, 1)));
    }

    [Test]
    public void A_place_that_cannot_be_written_is_named()
    {
        System.IO.File.WriteAllText(Path.Combine(_folder, "file"), "");
        using var cached = new CachedGenerator("script", "tiny", Upper, new(Path.Combine(_folder, "file", "generated.db")));
        var error = Assert.Throws<RewardKitException>(() => Texts(cached, "a"))!;
        Assert.That(error.Message, Does.Contain("generated.db").And.Contain("the generator's answers"));
    }

    [Test]
    public void Progress_says_how_many_and_what_it_cost()
    {
        var told = new List<TrainingProgress>();
        var script = new ScriptedGenerator(request => new(request.Prompt.LastContent, FinishReason.StopToken, 20_000, 300));
        using (var cached = Open(script)) Texts(cached, "a");
        using (var cached = Open(script, meter: new(told.Add))) Texts(cached, "a", "b");
        Assert.That((told[^1].Stage, told[^1].Done, told[^1].Total), Is.EqualTo(("generate", 2L, 2L)));
        Assert.That(told[^1].Detail, Is.EqualTo("50 % found again, 20k tokens read, 300 written"));
    }

    private static ScriptedGenerator Upper() => ScriptedGenerator.Of(prompt => prompt.ToUpperInvariant());

    private static string[] Texts(ITextGenerator generator, params string[] prompts) => [.. ServerGeneratorTests.Ask(generator, prompts).Select(r => r.Text)];

    private CachedGenerator Open(ITextGenerator inner, string identity = "tiny", GenerationMeter? meter = null, Action<string>? notice = null) =>
        new("script", identity, () => inner, new(File, notice), meter);

    private CachedGenerator Open(MisbehavingServer server) =>
        new("server", "tiny", () => new ServerGenerator(server.Options() with { Concurrency = 4 }), new(File));
}
