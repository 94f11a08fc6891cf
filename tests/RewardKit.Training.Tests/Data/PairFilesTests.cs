using System.IO.Compression;
using System.Text;
using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public sealed class PairFilesTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("pairs-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("a.jsonl", """{"prompt": "Hi", "chosen": "Hello!", "rejected": "No."}""")]
    [TestCase("a.json", """[{"prompt": "Hi", "chosen": "Hello!", "rejected": "No."}]""")]
    [TestCase("a.csv", "prompt,chosen,rejected\r\nHi,Hello!,No.\r\n")]
    [TestCase("a.csv.gz", "\"prompt\",\"chosen\",\"rejected\"\nHi,\"Hello!\",No.")]
    [TestCase("a.jsonl", """{"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Hello!"}], "rejected": "No."}""")]
    [TestCase("a.jsonl.gz", """{"prompt": "Hi", "chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}], "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No."}]}""")]
    [TestCase("a.jsonl", """{"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}], "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No."}]}""")]
    [TestCase("a.jsonl", """{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi\n\nAssistant: No."}""")]
    public void The_same_pair_in_every_form(string name, string text)
    {
        var pair = Load(name, text).Examples.Single();
        Assert.Multiple(() =>
        {
            Assert.That(pair.Prompt, Is.EqualTo(Conversation.User("Hi")));
            Assert.That(pair.Chosen, Is.EqualTo(Conversation.Assistant("Hello!")));
            Assert.That(pair.Rejected, Is.EqualTo(Conversation.Assistant("No.")));
            Assert.That(pair.Relation, Is.EqualTo(Relation.Preferred));
            Assert.That((pair.Margin, pair.SoftLabel), Is.EqualTo(((double?)null, (double?)null)));
        });
    }

    [Test]
    public void A_published_file_in_ShareGPT_form()
    {
        var pairs = PairFiles.Load(new(Path.Combine(TestContext.CurrentContext.TestDirectory, "pairs", "dpo_en_demo.json")) { Reading = new() });
        Assert.Multiple(() =>
        {
            Assert.That((pairs.Records, pairs.Examples.Count, pairs.Layout), Is.EqualTo((6L, 6, "prompt, chosen, rejected")));
            Assert.That(pairs.Examples[1].Prompt, Is.EqualTo(Conversation.User("Find the solution for 472547338 + 960397912423686. Numbers and symbols only, please.")));
            Assert.That(pairs.Examples[1].Chosen, Is.EqualTo(Conversation.Assistant("472547338 + 960397912423686 = 960398384971024")));
            Assert.That(pairs.Examples.Select(e => e.Provenance.Record), Is.EqualTo(new[] { 1L, 2, 3, 4, 5, 6 }));
        });
    }

    [Test]
    public void The_common_start_of_two_conversations_is_the_prompt()
    {
        var pair = Load("a.jsonl", """
            {"chosen": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}], "rejected": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "e"}]}
            """).Examples.Single();
        Assert.That(pair.Prompt.Messages.Select(m => m.Content), Is.EqualTo(new[] { "s", "a", "b", "c" }));
        Assert.That(pair.Rejected, Is.EqualTo(Conversation.Assistant("e")));
    }

    [Test]
    public void UltraFeedbacks_scores_become_margins_and_equal_ones_ties()
    {
        static string Line(string prompt, double chosen, double rejected) =>
            $$"""{"prompt": "{{prompt}}", "chosen": [{"role": "user", "content": "{{prompt}}"}, {"role": "assistant", "content": "x"}], "rejected": [{"role": "user", "content": "{{prompt}}"}, {"role": "assistant", "content": "y"}], "score_chosen": {{chosen}}, "score_rejected": {{rejected}}}""";
        var pairs = Load("a.jsonl", $"{Line("p", 8.5, 6)}\n{Line("q", 7, 7)}\n");
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Layout, Is.EqualTo("UltraFeedback, binarized"));
            Assert.That(pairs.Examples.Select(e => (e.Margin, e.Relation)), Is.EqualTo(new[] { ((double?)2.5, Relation.Preferred), (0, Relation.Tie) }));
            Assert.That(pairs.Examples.Select(e => e.Rewards), Is.EqualTo(new PairScore?[] { new(8.5, 6), new(7, 7) }));
        });
    }

    [Test]
    public void Rewards_go_with_their_responses_where_a_label_turns_the_pair_round()
    {
        var pairs = Load("a.jsonl", """
            {"prompt": "p", "chosen": "x", "rejected": "y", "score_chosen": 2, "score_rejected": 5, "label": 0.2}
            {"prompt": "q", "chosen": "x", "rejected": "y", "score_chosen": 2, "label": 0.9}
            """, new() { Label = "label" });
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Examples.Select(e => (e.Chosen.LastContent, e.SoftLabel)), Is.EqualTo(new[] { ("y", (double?)0.8), ("x", 0.9) }));
            Assert.That(pairs.Examples.Select(e => e.Rewards), Is.EqualTo(new PairScore?[] { new(5, 2), null }));
        });
    }

    [Test]
    public void Responses_of_a_prompt_with_different_scores_are_paired()
    {
        var pairs = Load("a.csv", """
            prompt,response,helpfulness
            p,a,1
            q,lone,4
            p,b,3.5
            p,c,1
            r,same,2
            r,same,3
            """, new() { Score = "helpfulness" });
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Layout, Is.EqualTo("scored responses"));
            Assert.That(pairs.Examples.Select(e => (e.Prompt.LastContent, e.Chosen.LastContent, e.Rejected.LastContent, e.Margin)),
                Is.EqualTo(new[] { ("p", "b", "a", (double?)2.5), ("p", "b", "c", 2.5) }));
            Assert.That(pairs.Examples.Select(e => e.Rewards), Has.All.EqualTo(new PairScore(3.5, 1)));
            Assert.That(pairs.Skipped.Single().Records, Is.EqualTo(new[] { 3L, 6, 7 }));
            Assert.That(pairs.Examples.Select(e => e.Id), Is.Unique);
        });
    }

    private const string Lists =
        """
        {"prompt": "p", "completions": [{"response": "a", "overall_score": 4}, {"response": "b", "overall_score": 7.5}, {"response": "c", "overall_score": "4"}, {"response": "d", "overall_score": 1}]}
        {"prompt": "q", "completions": [{"response": "e", "overall_score": 2}, {"response": "f", "overall_score": 2}]}
        {"prompt": "r", "completions": [{"response": "g", "overall_score": 2}, {"response": "", "overall_score": 3}, {"response": "h", "overall_score": 1}, {"response": "i", "overall_score": null}]}
        """;

    [TestCase(Pairing.All, "b>a 3.5, a>d 3, b>c 3.5, b>d 6.5, c>d 3, g>h 1")]
    [TestCase(Pairing.Adjacent, "b>a 3.5, a>d 3, b>c 3.5, c>d 3, g>h 1")]
    [TestCase(Pairing.BestWorst, "b>d 6.5, g>h 1")]
    public void A_list_of_responses_gives_pairs_of_different_score(Pairing pairing, string expected)
    {
        var pairs = Load("a.jsonl", Lists, pairing: pairing);
        Assert.Multiple(() =>
        {
            Assert.That(string.Join(", ", pairs.Examples.Select(e => FormattableString.Invariant($"{e.Chosen.LastContent}>{e.Rejected.LastContent} {e.Margin}"))), Is.EqualTo(expected));
            Assert.That((pairs.Layout, pairs.Records, pairs.Responses), Is.EqualTo(("lists of responses with scores", 3L, (long?)8)));
            Assert.That(pairs.Skipped.Select(s => $"{s.Reason}: {string.Join(' ', s.Records)}"), Is.EqualTo(new[]
            {
                "no two responses of another score: 2", "some responses empty or not graded, the others used: 3",
            }));
            Assert.That(pairs.Examples.Select(e => e.Id), Is.Unique);
        });
    }

    [TestCase("""{"prompt": "p", "responses": ["a", "b", "c"], "ranks": [2, 1, 3]}""")]
    [TestCase("""{"question": "p", "responses": ["a", [{"role": "assistant", "content": "b"}], {"role": "assistant", "content": "c"}], "rank": [2, 1, 3]}""")]
    [TestCase("""{"prompt": "\n\nHuman: p\n\nAssistant: ", "answers": [{"answer": "a", "model": "m", "rank": 2.0}, {"answer": "b", "rank": 1.0}, {"answer": "c", "rank": 3.0}]}""", Description = "Nectar's form")]
    [TestCase("""{"instruction": "p", "completions": [{"from": "gpt", "value": "a"}, {"from": "gpt", "value": "b"}, {"from": "gpt", "value": "c"}], "ranks": ["2", "1", "3"]}""")]
    public void Ranked_responses_in_every_form(string record)
    {
        var pairs = Load("a.jsonl", record);
        Assert.That(pairs.Examples.Select(e => (e.Prompt.LastContent, e.Chosen.LastContent, e.Rejected.LastContent, e.Margin)), Is.EqualTo(new (string, string, string, double?)[]
        {
            ("p", "b", "a", null), ("p", "a", "c", null), ("p", "b", "c", null),
        }));
    }

    [Test]
    public void The_columns_of_a_list_can_have_names_of_their_own()
    {
        const string Text = """{"q": "p", "candidates": [{"said": "a", "points": 1, "place": 1}, {"said": "b", "points": 2, "place": 2}]}""";
        var columns = new PairColumns { Prompt = "q", Responses = "candidates", Response = "said" };
        Assert.That(Load("a.jsonl", Text, columns with { Score = "points" }).Examples.Single().Chosen.LastContent, Is.EqualTo("b"));
        Assert.That(Load("a.jsonl", Text, columns with { Rank = "place" }).Examples.Single().Chosen.LastContent, Is.EqualTo("a"));
        Assert.That(() => Load("a.jsonl", Text, columns with { Rank = "places" }), Throws.TypeOf<RewardKitException>().With.Message.Contains("the responses need \"places\""));
    }

    [Test]
    public void Good_responses_are_paired_with_bad_ones_of_the_same_prompt()
    {
        var pairs = Load("a.csv", "prompt,completion,label\np,a,true\nq,lone,True\np,b,false\np,c,1\nr,d,0\np,e,\n");
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Layout, Is.EqualTo("labelled responses"));
            Assert.That(pairs.Examples.Select(e => (e.Chosen.LastContent, e.Rejected.LastContent, e.Margin)),
                Is.EqualTo(new[] { ("a", "b", (double?)null), ("c", "b", null) }));
            Assert.That(pairs.Skipped.Select(s => $"{s.Reason}: {string.Join(' ', s.Records)}"), Is.EqualTo(new[]
            {
                "no label: 7", "no other response of the prompt has another label: 3 6",
            }));
        });
    }

    [Test]
    public void A_published_file_in_KTO_form()
    {
        var pairs = PairFiles.Load(new(Path.Combine(TestContext.CurrentContext.TestDirectory, "pairs", "kto_en_demo.json")) { Reading = new() });
        Assert.Multiple(() =>
        {
            Assert.That((pairs.Layout, pairs.Records, pairs.Examples.Count), Is.EqualTo(("labelled responses", 6L, 1)));
            Assert.That(pairs.Examples[0].Prompt.Messages[0].Role, Is.EqualTo("user"));
            Assert.That(pairs.Skipped.Sum(s => s.Records.Count), Is.EqualTo(4));
        });
    }

    [Test]
    public void Columns_can_have_names_of_their_own_and_labels_turn_pairs_round()
    {
        var pairs = Load("a.csv", "q,good,bad,by,sure,even\np,a,b,2,0.8,0\np,c,d,,0.25,0\np,e,f,1,0.5,0\np,g,h,1,,1\n",
            new() { Prompt = "q", Chosen = "good", Rejected = "bad", Margin = "by", Label = "sure", Tie = "even" });
        Assert.That(pairs.Examples.Select(e => (e.Chosen.LastContent, e.Margin, e.SoftLabel, e.Relation)), Is.EqualTo(new (string, double?, double?, Relation)[]
        {
            ("a", 2, 0.8, Relation.Preferred), ("d", null, 0.75, Relation.Preferred), ("e", 1, null, Relation.Tie), ("g", 1, null, Relation.Tie),
        }));
    }

    [Test]
    public void Copies_are_left_out_and_other_responses_are_none()
    {
        var pairs = Load("a.csv", "prompt,chosen,rejected\np,a,b\np,b,a\np,a,b\np,a,c\nq,a,b\np,a,a\n");
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Examples, Has.Count.EqualTo(4));
            Assert.That(pairs.Skipped.Select(s => $"{s.Reason} {string.Join(' ', s.Records)}"),
                Is.EquivalentTo(new[] { $"{PairFiles.Duplicate} 4", "identical responses 7" }));
        });
    }

    [Test]
    public void A_split_keeps_prompts_together_and_loses_nothing()
    {
        var text = "prompt,chosen,rejected\n" + string.Concat(Enumerable.Range(0, 600).Select(i => $"p{i % 200},a{i},b\n"));
        string[] Prompts(int seed, bool first) =>
            [.. Load("a.csv", text, part: whole => new PairPart(whole, 0.7, seed, first)).Examples.Select(e => e.Prompt.LastContent)];
        var (train, test) = (Prompts(1, true), Prompts(1, false));
        Assert.Multiple(() =>
        {
            Assert.That(train.Intersect(test), Is.Empty);
            Assert.That(train.Length + test.Length, Is.EqualTo(600));
            Assert.That(train.Distinct().Count(), Is.InRange(115, 165)); // 140 of 200 expected, standard deviation 6.5
            Assert.That(Prompts(1, true), Is.EqualTo(train));
            Assert.That(Prompts(2, true), Is.Not.EqualTo(train));
        });
    }

    [TestCase("a.jsonl", """{"promt": "p", "chosen": "a", "rejectd": "b"}""", "(1,31): there is a chosen response, but no \"rejected\"; did you mean \"rejectd\"?")]
    [TestCase("a.jsonl", """{"text": "p"}""", "(1): no layout fits a record with \"text\".")]
    [TestCase("a.jsonl", "{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"}\n\n{\"prompt\": \"p\", \"choosen\": \"a\", \"rejected\": \"b\"}", "(3,17): the object has no key \"chosen\"; did you mean \"choosen\"?")]
    [TestCase("a.jsonl", """{"prompt": "p", "chosen": 3, "rejected": "b"}""", "(1,17): \"chosen\" must be a string or a list of messages, but is a number.")]
    [TestCase("a.jsonl", """{"prompt": "p", "chosen": [{"role": "assistant", "contents": "x"}], "rejected": "b"}""", "(1,50): the message \"chosen\"[0] has no key \"content\"; did you mean \"contents\"?")]
    [TestCase("a.jsonl", """{"prompt": "p", "chosen": [{"role": "assistant", "content": null}], "rejected": "b"}""", "\"chosen\"[0].content must be a string, but is null.")]
    [TestCase("a.jsonl", """{"prompt": "p", "chosen": "a", "rejected": "b", "margin": "much"}""", "(1,49): \"margin\" must be a number, but is \"much\".")]
    [TestCase("a.jsonl", """{"prompt": "p", "chosen": "a", "rejected": "b", "soft_label": 1.5}""", "\"soft_label\" must be a probability from 0 to 1, but is 1.5.")]
    [TestCase("a.jsonl", """{"prompt": "p", "response": "a", "helpfulness": 3}""", "scored responses need the name of the score's column, labelled ones that of the label's; the record has \"prompt\", \"response\", \"helpfulness\".")]
    [TestCase("a.json", "[\n{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"},\n\n7]", "(4): record 2: expected a JSON object, found a number.")]
    [TestCase("a.json", "[\n{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"},\n{\"prompt\": }]", "(3,12): not valid JSON: ")]
    [TestCase("a.json", "[\n{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"}\n", "not valid JSON")]
    [TestCase("a.json", "[{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"}]\n{}", "(2,1): not valid JSON: ")]
    [TestCase("a.json", "[]", "has no records.")]
    [TestCase("a.csv", "prompt,chosen,rejected\np,a\n", "(2): 2 fields, but the header has 3.")]
    [TestCase("a.csv", "prompt,chosen,rejected\np,\"a\n\nb,c\n", "(2): the field in quotation marks that begins here is never closed.")]
    [TestCase("a.csv", "prompt,chosen,rejected\n\"p\nq\",\"a\"b,c\n", "(3): 'b' behind the closing quotation mark")]
    [TestCase("a.csv", "prompt,chosen,rejected\np,a\"b\",c\n", "(2): a quotation mark inside a field")]
    [TestCase("a.csv", "prompt,prompt,rejected\np,a,c\n", "(1,1): the header has the column \"prompt\" twice.")]
    [TestCase("a.csv", "prompt,chosen,rejected\n", "has no records.")]
    [TestCase("a.jsonl", """{"prompt": "p", "responses": ["a", "b"]}""", "the responses need scores or ranks, in a list of the record or in each of them; the record has \"prompt\", \"responses\".")]
    [TestCase("a.jsonl", """{"prompt": "p", "responses": ["a", "b"], "ranks": [1]}""", "(1,42): \"ranks\" has 1 entries for 2 responses.")]
    [TestCase("a.jsonl", """{"prompt": "p", "answers": [{"answer": "a", "rank": 1}, {"answr": "b", "rank": 2}]}""", "(1,17): \"answers\"[1] has no \"response\"; it has \"answr\", \"rank\".")]
    [TestCase("a.jsonl", """{"prompt": "p", "answers": [{"answer": "a", "rank": 1}, {"answer": "b", "rank": "low"}]}""", "(1,17): \"answers\"[1].rank must be a number, but is \"low\".")]
    [TestCase("a.jsonl", """{"answers": [{"answer": "a", "rank": 1}]}""", "there is a list of responses, \"answers\", but no prompt")]
    [TestCase("a.jsonl", """{"prompt": "p", "completion": "a", "label": "good"}""", "(1,36): \"label\" must be true or false, but is good.")]
    [TestCase("a.jsonl", """{"prompt": "p", "completion": "a", "label": true}""", "(labelled responses) has no usable pair: no other response of the prompt has another label (1).")]
    [TestCase("a.csv", "prompt,chosen,rejected\n,a,b\np,,b\n", "has no usable pair: no prompt (1), empty last response (1).")]
    public void What_is_wrong_is_told_with_its_place(string name, string text, string expected)
    {
        var error = Assert.Throws<RewardKitException>(() => Load(name, text))!;
        Assert.That(error.ExitCode, Is.EqualTo(2));
        Assert.That(error.Message, Does.StartWith(Path.Combine(_folder, name)).And.Contains(expected));
    }

    [Test]
    public void A_named_column_must_be_there()
    {
        var error = Assert.Throws<RewardKitException>(() => Load("a.csv", "question,chosen,rejected\np,a,b\n", new() { Prompt = "questoin" }))!;
        Assert.That(error.Message, Is.EqualTo(
            $"{Path.Combine(_folder, "a.csv")}(1,1): the object has no key \"questoin\"; did you mean \"question\"?\n   1 | question,chosen,rejected\n     | ^^^^^^^^"));
    }

    [Test]
    public void A_misspelt_key_is_marked_in_its_line()
    {
        var error = Assert.Throws<RewardKitException>(() => Load("a.jsonl", """{"prompt": "p", "chosenn": "a", "rejected": "b"}"""))!;
        Assert.That(error.Message, Is.EqualTo($$"""
            {{Path.Combine(_folder, "a.jsonl")}}(1,17): there is a rejected response, but no "chosen"; did you mean "chosenn"?
               1 | {"prompt": "p", "chosenn": "a", "rejected": "b"}
                 |                 ^^^^^^^^^
            """));
    }

    [Test]
    public void Of_a_record_over_many_lines_the_one_with_the_key_is_shown()
    {
        var error = Assert.Throws<RewardKitException>(() => Load("a.json", "[\n{\n  \"prompt\": \"p\",\n  \"chosen\": \"a\",\n  \"rejected\": 7\n}]"))!;
        Assert.That(error.Message, Is.EqualTo($$"""
            {{Path.Combine(_folder, "a.json")}}(5,3): record 1: "rejected" must be a string or a list of messages, but is a number.
               5 |   "rejected": 7
                 |   ^^^^^^^^^^
            """));
    }

    [Test]
    public void A_long_line_is_cut_around_what_is_wrong()
    {
        var error = Assert.Throws<RewardKitException>(() => Load("a.jsonl", $$"""{"prompt": "{{new string('é', 5000)}}", "chosen": , "rejected": "b"}"""))!;
        var lines = error.Message.Split('\n');
        Assert.That(lines[0], Does.StartWith($"{Path.Combine(_folder, "a.jsonl")}(1,5026): not valid JSON: "), "a column counts characters, not bytes");
        Assert.That(lines[1], Has.Length.LessThan(120).And.Contains("\"chosen\": , \"rejected\""));
        Assert.That(lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)], Is.EqualTo(','));
    }

    [FsCheck.NUnit.Property]
    public bool Csv_gives_back_what_was_written(string?[] given, bool carriageReturns)
    {
        var texts = given.Select((text, i) => $"{i}:" + new string([.. (text ?? "").Where(c => !char.IsSurrogate(c))])).Append("\"a\",\r\n\n\"\"é😀\r").ToArray();
        var end = carriageReturns ? "\r\n" : "\n";
        static string Field(string text) => text.AsSpan().ContainsAny("\",\r\n") ? $"\"{text.Replace("\"", "\"\"")}\"" : text;
        var rows = texts.Select(text => $"{Field("p" + text)},{Field("c" + text)},{Field("r" + text)}{end}");
        var folder = Directory.CreateTempSubdirectory("csv-").FullName;
        try
        {
            var path = Path.Combine(folder, "a.csv");
            File.WriteAllText(path, $"prompt,chosen,rejected{end}{string.Concat(rows)}");
            return PairFiles.Load(new(path) { Reading = new() }).Examples
                .Select(e => (e.Prompt.LastContent, e.Chosen.LastContent, e.Rejected.LastContent))
                .SequenceEqual(texts.Select(text => ("p" + text, "c" + text, "r" + text)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private LoadedPairs Load(string name, string text, PairColumns? columns = null, Func<PairData, PairData>? part = null, Pairing pairing = Pairing.All)
    {
        var path = Path.Combine(_folder, name);
        using (Stream file = File.Create(path), packed = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file)
            packed.Write(Encoding.UTF8.GetBytes(text));
        var whole = new PairFile(path) { Reading = new() { Columns = columns ?? new(), Pairing = pairing } };
        return new PairLoader().Load(part is null ? whole : part(whole));
    }
}
