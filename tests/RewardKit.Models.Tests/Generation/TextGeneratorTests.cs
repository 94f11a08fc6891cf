using System.Text.Json;
using RewardKit.Models.Generation;
using RewardKit.Models.Tests.Decoder;
using RewardKit.Models.Tokenization;
using RewardKit.Torch;
using static TorchSharp.torch;

namespace RewardKit.Models.Tests.Generation;

public class TextGeneratorTests
{
    private static readonly GenerationOptions Sampled = new() { Temperature = 1, MaxTokens = 24, Seed = 7 };

    private CausalModel _model = null!;
    private Tokenizer _tokenizer = null!;
    private TextGenerator _stories = null!;

    [OneTimeSetUp]
    public void Load()
    {
        _model = CausalModel.Create(new() { Folder = Files.Stories }, 0);
        _tokenizer = Tokenizer.Load(Files.Stories);
        _stories = new(_model, _tokenizer, [1, 2], rows: 8);
    }

    [OneTimeTearDown]
    public void Unload() => _model.Dispose();

    [Test]
    public void Greedy_tells_the_known_stories()
    {
        using var model = LanguageModel.Load(Files.Stories);
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Files.Data("models/stories260K/golden.json")));
        var cases = golden.RootElement.GetProperty("cases").EnumerateArray().ToArray();
        string[] prompts = [.. cases.Select(c => c.GetProperty("prompt").GetString()!)];

        var texts = model.Generate(prompts, new() { MaxTokens = 48 });

        Assert.Multiple(() =>
        {
            for (var i = 0; i < cases.Length; i++)
            {
                Assert.That(texts[i].Ids, Is.EqualTo(cases[i].GetProperty("greedy_ids").EnumerateArray().Select(id => id.GetInt32())), prompts[i]);
                Assert.That(prompts[i] + texts[i].Text, Is.EqualTo(cases[i].GetProperty("greedy_text").GetString()));
                Assert.That(texts[i].Finish, Is.EqualTo(FinishReason.MaxTokens));
            }
        });
    }

    [TestCase(0)]
    [TestCase(1)]
    public void In_a_batch_each_row_gets_what_it_gets_alone(double temperature)
    {
        var words = "Once upon a time there was a big dog who wanted to play with Lily in the park, and then he said hello to the little bird".Split(' ');
        var prompts = Enumerable.Range(0, 32).Select(i => Prompt(string.Join(' ', words.Skip(i % 5).Take(1 + i * 7 % 20)))).ToArray();
        var options = Sampled with { Temperature = temperature };

        var together = _stories.Generate(prompts, options);

        Assert.Multiple(() =>
        {
            for (var i = 0; i < prompts.Length; i++)
            {
                var alone = _stories.Generate([prompts[i]], options, [options.Seed + i])[0];
                Assert.That((together[i].Text, together[i].Finish), Is.EqualTo((alone.Text, alone.Finish)), $"row {i}");
                Assert.That(together[i].Ids, Is.EqualTo(alone.Ids), $"row {i}");
                Assert.That(together[i].LogProbs, Is.EqualTo(alone.LogProbs), $"row {i}");
            }
        });
    }

    // More texts than rows, and another prompt in between: a row that begins later finds the prompt with another one.
    [Test]
    public void One_prompt_several_times_is_computed_once_and_gives_several_texts_each_as_alone()
    {
        var (prompt, other) = (Prompt("Lily saw"), Prompt("Tom and the dog"));
        int[][] prompts = [.. Enumerable.Range(0, 21).Select(i => i == 5 ? other : prompt)];
        var before = _model.Decoder.TokensRun;

        var texts = _stories.Generate(prompts, Sampled with { StopTokens = [_tokenizer.Encode(".")[^1]] });

        Assert.That(_model.Decoder.TokensRun - before, Is.EqualTo(prompt.Length + other.Length + texts.Sum(text => text.Ids.Count - 1)));
        Assert.That(texts.Select(text => text.Ids.Count).Distinct().Count(), Is.GreaterThan(3), "texts end at different steps");
        Assert.Multiple(() =>
        {
            Assert.That(texts.Select(text => text.Text).Distinct().Count(), Is.GreaterThan(15));
            for (var i = 0; i < texts.Count; i++)
            {
                var alone = _stories.Generate([prompts[i]], Sampled with { Seed = Sampled.Seed + i, StopTokens = [_tokenizer.Encode(".")[^1]] })[0];
                Assert.That(texts[i].Ids, Is.EqualTo(alone.Ids), $"row {i}");
                Assert.That(texts[i].LogProbs, Is.EqualTo(alone.LogProbs), $"row {i}");
            }
        });
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Names))]
    public void Greedy_agrees_with_forward_passes_over_the_whole_text(string name)
    {
        using var folder = new TempFolder();
        TinyModels.Write(folder, name);
        using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);
        var generator = new TextGenerator(model, Files.Tokenizer("stories260K"), []);
        int[][] prompts = [[3, 17, 5, 5, 0, 22], [8], [19, 2]];

        var texts = generator.Generate(prompts, new() { MaxTokens = 30 });

        for (var i = 0; i < prompts.Length; i++)
        {
            var text = prompts[i].ToList();
            var logProbs = new List<double>();
            while (text.Count < prompts[i].Length + 30)
            {
                using var scope = NewDisposeScope();
                using var gradients = no_grad();
                using var batch = new PackedBatch([new([.. text], [[]])]);
                var last = model.Logits(batch)[-1].log_softmax(-1);
                text.Add((int)last.argmax().item<long>());
                logProbs.Add(last.max().item<float>());
            }
            Assert.That(texts[i].Ids, Is.EqualTo(text.Skip(prompts[i].Length)));
            Assert.That(texts[i].LogProbs, Is.EqualTo(logProbs).Within(1e-5));
        }
    }

    [Test]
    public void Log_probabilities_are_those_of_the_model_whatever_is_cut()
    {
        var prompt = Prompt("One day");
        var text = _stories.Generate([prompt], Sampled with { Temperature = 0.7, TopK = 20, TopP = 0.9, RepetitionPenalty = 1.3 })[0];

        using var scope = NewDisposeScope();
        using var batch = new PackedBatch([new(prompt, [[.. text.Ids]])]);
        using var hidden = _model.Hidden(batch);
        Assert.That(text.LogProbs.Sum(), Is.EqualTo(_model.ResponseLogProbs(hidden, batch).item<float>()).Within(1e-4));
    }

    [Test]
    public void Stops_at_a_string_that_spans_tokens()
    {
        var whole = _stories.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40 })[0];
        // In the story " named Lily" is several tokens, and "ed Li" begins and ends inside of them.
        var stopped = _stories.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40, StopStrings = ["nowhere", "ed Li"] })[0];

        Assert.Multiple(() =>
        {
            Assert.That(whole.Text, Does.StartWith(stopped.Text + "ed Li"));
            Assert.That(stopped.Finish, Is.EqualTo(FinishReason.StopString));
            Assert.That(stopped.Ids, Is.EqualTo(whole.Ids.Take(stopped.Ids.Count)));
            Assert.That(_tokenizer.Decode(stopped.Ids), Does.Contain("ed Li"));
            Assert.That(_tokenizer.Decode(stopped.Ids.SkipLast(1)), Does.Not.Contain("ed Li"));
        });
    }

    [Test]
    public void Stops_at_tokens_and_counts_them()
    {
        var whole = _stories.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40 })[0];
        var stop = whole.Ids[5];
        var (first, length) = (whole.Ids.ToList().IndexOf(stop), whole.Ids.ToList().IndexOf(stop) + 1);

        var byOption = _stories.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40, StopTokens = [stop] })[0];
        var generator = new TextGenerator(_model, _tokenizer, [stop]);
        var byModel = generator.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40 })[0];
        var ignored = generator.Generate([Prompt("Once upon a time")], new() { MaxTokens = 40, IgnoreEndTokens = true })[0];

        Assert.Multiple(() =>
        {
            foreach (var text in (GeneratedText[])[byOption, byModel])
            {
                Assert.That(text.Ids, Is.EqualTo(whole.Ids.Take(length)));
                Assert.That(text.LogProbs, Has.Count.EqualTo(length));
                Assert.That(text.Finish, Is.EqualTo(FinishReason.StopToken));
                Assert.That(whole.Text, Does.StartWith(text.Text));
                Assert.That(" " + _tokenizer.Decode(whole.Ids.Take(first)), Is.EqualTo(text.Text).Or.EqualTo(" " + text.Text));
            }
            Assert.That(ignored.Ids, Is.EqualTo(whole.Ids));
        });
    }

    [Test]
    public void Ends_where_the_context_is_full()
    {
        using var folder = new TempFolder();
        TinyModels.Write(folder, "llama");
        using var model = CausalModel.Create(new() { Folder = folder.Path }, 0);
        var text = new TextGenerator(model, _tokenizer, []).Generate([[1, 2, 3]], new() { MaxTokens = 1000 })[0];

        Assert.That((text.Ids.Count, text.Finish), Is.EqualTo((64 - 3, FinishReason.ContextFull)));
    }

    [Test]
    public void Streams_what_it_generates()
    {
        int[][] prompts = [Prompt("Tom"), Prompt("The dog was"), Prompt("Once")];
        var options = Sampled with { StopStrings = ["the"], MaxTokens = 40 };

        var texts = _stories.Generate(prompts, options);
        var stream = _stories.Stream(prompts, options).ToArray();

        Assert.Multiple(() =>
        {
            for (var i = 0; i < prompts.Length; i++)
            {
                var row = stream.Where(token => token.Row == i).ToArray();
                Assert.That(string.Concat(row.Select(token => token.Text)), Is.EqualTo(texts[i].Text));
                Assert.That(row.Select(token => token.Id), Is.EqualTo(texts[i].Ids));
                Assert.That(row.Select(token => token.Finish), Is.EqualTo(Enumerable.Repeat<FinishReason?>(null, row.Length - 1).Append(texts[i].Finish)));
                Assert.That(texts[i].Text, Does.Not.Contain("the"));
            }
            // All rows go on at once.
            Assert.That(stream.Take(3).Select(token => token.Row), Is.EqualTo((int[])[0, 1, 2]));
        });
    }

    [Test]
    public void Leaves_no_tensor_alive_be_the_stream_read_to_its_end_or_not()
    {
        void Read(int tokens) => _stories.Stream([Prompt("Once"), Prompt("Tom and Lily"), Prompt("Once")], Sampled).Take(tokens).Count();
        Read(1000);
        var before = LiveTensors.Count;

        Read(1000);
        Read(5);

        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void Refuses_what_makes_no_sense()
    {
        Assert.Multiple(() =>
        {
            Refused(new() { MaxTokens = 0 }, "MaxTokens is 0");
            Refused(new() { Temperature = -0.5 }, "Temperature is -0.5");
            Refused(new() { Temperature = double.NaN }, "Temperature is NaN");
            Refused(new() { Temperature = 1, TopK = -1 }, "TopK is -1");
            Refused(new() { Temperature = 1, TopP = 0 }, "TopP is 0");
            Refused(new() { TopP = 0.9 }, "Temperature 0");
            Refused(new() { RepetitionPenalty = 0 }, "RepetitionPenalty is 0");
            Refused(new() { StopStrings = [""] }, "StopStrings");
            Refused(new() { StopTokens = [512] }, "StopTokens is 512");
            Refused(new(), "Prompt 1 has no tokens", [1], []);
            Refused(new(), "Prompt 0 has the token 600", [600]);
            Refused(new(), "Prompt 0 has 512 tokens", new int[512]);
            var seeds = Assert.Throws<RewardKitException>(() => _stories.Generate([[1]], new(), [1, 2]))!;
            Assert.That(seeds.Message, Does.Contain("1 prompts and 2 seeds"));
        });

        void Refused(GenerationOptions options, string message, params int[][] prompts)
        {
            // Before the first token is asked for.
            var error = Assert.Throws<RewardKitException>(() => _stories.Stream(prompts.Length == 0 ? [[1]] : prompts, options))!;
            Assert.That((error.Message, error.ExitCode), Is.EqualTo((error.Message, 2)));
            Assert.That(error.Message, Does.Contain(message));
        }
    }

    [Test]
    public void Nothing_comes_of_no_prompts() => Assert.That(_stories.Generate([], new()), Is.Empty);

    private int[] Prompt(string text) => _tokenizer.EncodeWithSpecialTokens(text);
}
