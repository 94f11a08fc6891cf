using System.IO.Compression;
using System.Text;
using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public sealed class HhRlhfTests
{
    private const string Good = """{"chosen":"\n\nHuman: Hi\n\nAssistant: Hello!","rejected":"\n\nHuman: Hi\n\nAssistant: No."}""";
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("hh-rlhf-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Turns_become_prompt_and_responses()
    {
        var pairs = Load(
            """{"chosen":"\n\nHuman: Is it “far”?\n\nAssistant: No.\n\n2 miles.\n\nHuman: Walk?\n\nAssistant: Yes.","rejected":"\n\nHuman: Is it “far”?\n\nAssistant: No.\n\n2 miles.\n\nHuman: Walk?\n\nAssistant:  Drive. "}""");
        var pair = pairs.Examples.Single();
        Assert.Multiple(() =>
        {
            Assert.That(pair.Prompt, Is.EqualTo(new Conversation(
                [new("user", "Is it “far”?"), new("assistant", "No.\n\n2 miles."), new("user", "Walk?")])));
            Assert.That(pair.Chosen, Is.EqualTo(Conversation.Assistant("Yes.")));
            Assert.That(pair.Rejected, Is.EqualTo(Conversation.Assistant("Drive.")));
            Assert.That(pair.Relation, Is.EqualTo(Relation.Preferred));
            Assert.That(pair.SoftLabel, Is.Null);
            Assert.That(pairs.Skipped, Is.Empty);
        });
    }

    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant: A""", "identical responses")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant:  A """, "identical responses")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant: """, "empty last response")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant:""", """\n\nHuman: Hi\n\nAssistant: B""", "empty last response")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B""", """\n\nHuman: Hi\n\nAssistant: B""", "last turn not the assistant's")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Ho\n\nAssistant: B""", "dialogue before the last response differs")]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant: A\n\nAssistant: B""", "dialogue before the last response differs")]
    [TestCase("""Hi\n\nAssistant: A""", """Hi\n\nAssistant: B""", "no human turn at the start")]
    [TestCase("""\n\nAssistant: A""", """\n\nAssistant: B""", "no human turn at the start")]
    public void Irregular_records_are_skipped_and_named(string chosen, string rejected, string reason)
    {
        var pairs = Load(Good, $$"""{"chosen":"{{chosen}}","rejected":"{{rejected}}"}""", Good);
        var skipped = pairs.Skipped.Single();
        Assert.Multiple(() =>
        {
            Assert.That(skipped.Reason, Is.EqualTo(reason));
            Assert.That(skipped.Records, Is.EqualTo(new[] { 2L }));
            Assert.That(pairs.Examples.Select(e => e.Provenance.Record), Is.EqualTo(new[] { 1L, 3L }));
        });
    }

    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant: A""", 1, 1, 1)]
    [TestCase("""\n\nHuman: Hi\n\nAssistant:""", """\n\nHuman: Hi\n\nAssistant: B""", 1, 1, 1)]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A\n\nHuman: B""", """\n\nHuman: Hi\n\nAssistant: B""", 1, 2, 1)]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Ho\n\nAssistant: B""", 0, 2, 2)]
    [TestCase("""\n\nHuman: Hi\n\nAssistant: A""", """\n\nHuman: Hi\n\nAssistant: A\n\nAssistant: B""", 1, 1, 2)]
    public void They_are_kept_where_that_is_asked_for_with_the_prompt_that_both_share(string chosen, string rejected, int prompt, int better, int worse)
    {
        var file = Write("faulty.jsonl", Encoding.UTF8.GetBytes($$"""{"chosen":"{{chosen}}","rejected":"{{rejected}}"}"""));
        var pairs = HhRlhf.Load(new(file) { KeepsFaulty = true });
        var pair = pairs.Examples.Single();
        Assert.That((pair.Prompt.Messages.Length, pair.Chosen.Messages.Length, pair.Rejected.Messages.Length), Is.EqualTo((prompt, better, worse)));
        Assert.That(pairs.Skipped, Is.Empty);
    }

    [Test]
    public void What_is_no_dialogue_is_skipped_even_then()
    {
        var file = Write("faulty.jsonl", Encoding.UTF8.GetBytes(Good + "\n" + """{"chosen":"Hi","rejected":"Ho"}"""));
        Assert.That(HhRlhf.Load(new(file) { KeepsFaulty = true }).Skipped.Single().Reason, Is.EqualTo("no human turn at the start"));
        Assert.That(HhRlhf.Load(new(file) { KeepsFaulty = true }).Examples, Is.EqualTo(HhRlhf.Load(new(file)).Examples), "sound ones are the same");
    }

    [TestCase("""{"chosen": "a", "rejected": }""", "(2,29): not valid JSON: ")]
    [TestCase("""{"chosen": "a", "rejec""", "(2,23): not valid JSON: ")]
    [TestCase("""["a", "b"]""", "(2): expected a JSON object, found an array")]
    [TestCase("""{"chosen": "a"}""", "(2): the object has no key \"rejected\"")]
    [TestCase("""{"chosen": "a", "rejected": 7}""", "(2,17): \"rejected\" must be a string, but is a number")]
    [TestCase("""{"chosen": "a", "rejected": null}""", "(2,17): \"rejected\" must be a string, but is null")]
    [TestCase("""{"chosen": "a", "rejected": "\ud800"}""", "(2,17): \"rejected\" has half of a surrogate pair")]
    public void A_malformed_line_stops_with_file_line_and_reason(string line, string expected)
    {
        var error = Assert.Throws<RewardKitException>(() => Load(Good, line, Good))!;
        Assert.Multiple(() =>
        {
            Assert.That(error.ExitCode, Is.EqualTo(2));
            Assert.That(error.Message, Does.StartWith(Path.Combine(_folder, "pairs.jsonl")).And.Contains(expected));
        });
    }

    [Test]
    public void Bad_utf8_is_placed_at_its_line()
    {
        var path = Path.Combine(_folder, "pairs.jsonl");
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes(Good + "\n"), .. "{\"chosen\": \""u8, 0xC3, 0x28, .. "\"}\n"u8]);
        Assert.That(() => HhRlhf.Load(new(path)), Throws.TypeOf<RewardKitException>()
            .With.Message.EqualTo($"{path}(2): the text is not valid UTF-8."));
    }

    [Test]
    public void Gzip_is_told_by_its_bytes_not_its_name()
    {
        var plain = Write("a.jsonl.gz", Encoding.UTF8.GetBytes($"{Good}\n"));
        var packed = Write("b.jsonl", Gzip($"{Good}\n"));
        Assert.That(HhRlhf.Load(new(plain)).Examples[0].Chosen, Is.EqualTo(HhRlhf.Load(new(packed)).Examples[0].Chosen));
    }

    [Test]
    public void A_mark_at_the_start_blank_lines_and_a_missing_last_newline_do_no_harm()
    {
        var path = Write("pairs.jsonl", Encoding.UTF8.GetBytes($"\uFEFF{Good}\r\n\n  \n{Good}"));
        Assert.That(HhRlhf.Load(new(path)).Examples.Select(e => e.Provenance.Record), Is.EqualTo(new[] { 1L, 4L }));
    }

    [Test]
    public void Gzip_cut_off_anywhere_is_an_error()
    {
        var whole = Gzip(string.Concat(Enumerable.Range(0, 40).Select(i => Good.Replace("Hello", $"Hello {i * 7919}") + "\n")));
        for (var length = 2; length < whole.Length; length++)
        {
            var path = Write("cut.jsonl.gz", whole[..length]);
            Assert.That(() => HhRlhf.Load(new(path)),
                Throws.TypeOf<RewardKitException>().With.Message.Contains("the gzip data are"), $"cut at {length} of {whole.Length}");
        }
    }

    [Test]
    public void Damaged_gzip_is_an_error()
    {
        var bytes = Gzip($"{Good}\n");
        bytes[^6] ^= 0xFF; // in the checksum
        var path = Write("damaged.jsonl.gz", bytes);
        Assert.That(() => HhRlhf.Load(new(path)),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("the gzip data are damaged"));
    }

    [Test]
    public void A_record_longer_than_any_buffer_is_read()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 50_000));
        var pair = Load(Good, $$"""{"chosen":"\n\nHuman: {{text}}\n\nAssistant: A","rejected":"\n\nHuman: {{text}}\n\nAssistant: B"}""").Examples[1];
        Assert.That(pair.Prompt.LastContent, Is.EqualTo(text));
    }

    [Test]
    public void A_missing_file_is_named_with_what_is_near()
    {
        foreach (var name in new[] { "train.jsonl.gz", "test.jsonl.gz", "notes.txt" }) Write(name, "x"u8.ToArray());
        var missing = Path.Combine(_folder, "trian.jsonl");
        Assert.That(() => HhRlhf.Load(new(missing)), Throws.TypeOf<RewardKitException>().With.Message.EqualTo(
            $"No data file at {missing}; near it: train.jsonl.gz, test.jsonl.gz."));
    }

    [Test]
    public void A_missing_folder_is_named()
    {
        var missing = Path.Combine(_folder, "no", "train.jsonl");
        Assert.That(() => HhRlhf.Load(new(missing)), Throws.TypeOf<RewardKitException>().With.Message.EqualTo(
            $"No data file at {missing}: there is no folder {Path.GetDirectoryName(missing)}."));
    }

    [Test]
    public void A_folder_in_place_of_a_file_is_said()
    {
        Write("train.jsonl.gz", Gzip(Good));
        Assert.That(() => HhRlhf.Load(new(_folder)), Throws.TypeOf<RewardKitException>()
            .With.Message.Contains($"{_folder} is a folder").And.Message.Contains("train.jsonl.gz"));
    }

    [Test]
    public void A_file_without_usable_pairs_is_an_error()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Load(), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no records"));
            Assert.That(() => Load("""{"chosen":"Good.","rejected":"Bad."}"""),
                Throws.TypeOf<RewardKitException>().With.Message.Contains("no human turn at the start (1)"));
        });
    }

    [Test]
    public void Ids_depend_on_place_and_content_only()
    {
        var first = HhRlhf.Load(new(Write("one/base/train.jsonl", Encoding.UTF8.GetBytes($"{Good}\n{Good}\n"))));
        var second = HhRlhf.Load(new(Write("two/base/train.jsonl.gz", Gzip($"{Good}\n{Good.Replace("No.", "Go.")}\n"))));
        Assert.Multiple(() =>
        {
            Assert.That(first.Examples[0].Id, Is.EqualTo(second.Examples[0].Id));
            Assert.That(first.Examples[0].Id, Does.StartWith("base/train:1:"));
            Assert.That(first.Examples[0].Id, Is.Not.EqualTo(first.Examples[1].Id));
            Assert.That(first.Examples[1].Id, Is.Not.EqualTo(second.Examples[1].Id));
        });
    }

    // Counted by an independent reading of the files.
    [TestCase("harmless-base/train", 1285, "empty last response: 48; dialogue before the last response differs: 705, 1095")]
    [TestCase("harmless-base/test", 346, "dialogue before the last response differs: 246")]
    [TestCase("helpful-base/train", 1368, "dialogue before the last response differs: 92, 203, 328, 421, 575, 827; identical responses: 406; empty last response: 419")]
    public void The_real_files_read_whole(string file, int records, string skipped)
    {
        var path = Path.Combine(TestContext.CurrentContext.TestDirectory, "data", "hh-rlhf", $"{file}.jsonl.gz");
        var pairs = HhRlhf.Load(new(path));
        Assert.Multiple(() =>
        {
            Assert.That(pairs.Examples.Count + pairs.Skipped.Sum(s => s.Records.Count), Is.EqualTo(records));
            Assert.That(string.Join("; ", pairs.Skipped.Select(s => $"{s.Reason}: {string.Join(", ", s.Records)}")), Is.EqualTo(skipped));
            Assert.That(pairs.Examples.Select(e => e.Id), Is.Unique);
        });
    }

    private LoadedPairs Load(params string[] lines) =>
        HhRlhf.Load(new(Write("pairs.jsonl", Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))))));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Gzip(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }
}
