namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class TransformationsTests
{
    private static readonly SourceRow Prose = Rows.Source("What is a whale?", "It is a mammal.", "It is one of the fish.", RowKind.UnsafeRequest);
    private static readonly SourceRow Code = Rows.Source("def f(x):", "    y = x + 1\n    return y", "    y = x - 1\n    return y", RowKind.Python);

    [Test]
    public void There_are_as_many_as_published_on_as_many_rows() => Assert.Multiple(() =>
    {
        var paper = Transformations.Of(TransformationSet.Paper);
        Assert.That(paper, Has.Count.EqualTo(28));
        Assert.That(paper.Where(t => t.Apply is null).Select(t => t.Name), Is.EqualTo(new[] { "paraphrase", "back-translation", "back-transcription" }));
        Assert.That(Transformations.Of(TransformationSet.Crome), Has.Count.EqualTo(23));
        Assert.That(Transformations.Of(TransformationSet.Crome).Select(t => t.Name), Has.Member("char-swap-sub-ins-del").And.No.Member("word-deletion"));
        var rows = paper.GroupBy(t => Rows.Published.Where(s => t.AppliesTo(RewardBenchRows.KindOf(s.Subset))).Sum(s => s.Count)).ToDictionary(g => g.Key, g => g.Count());
        Assert.That(rows, Is.EquivalentTo(new Dictionary<int, int> { [2985] = 5, [2001] = 4, [1554] = 10, [164] = 4, [447] = 1, [490] = 4 }));
    });

    [Test]
    public void The_chosen_response_stands_in_the_prompt_of_both_comparisons() => Assert.Multiple(() =>
    {
        foreach (var name in new[] { "ignore-above", "ignore-below" })
        {
            var after = Apply(name, Prose);
            Assert.That(after.Prompt, Does.Contain("\"\"\"It is a mammal.\"\"\"").And.Contain("What is a whale?"));
            Assert.That((after.Chosen, after.Rejected), Is.EqualTo(("It is a mammal.", "It is one of the fish.")));
            Assert.That(after.Prompt.IndexOf("mammal", StringComparison.Ordinal) < after.Prompt.IndexOf("whale", StringComparison.Ordinal), Is.EqualTo(name == "ignore-above"));
        }
    });

    [Test]
    public void Programs_are_commented_and_appended() => Assert.Multiple(() =>
    {
        Assert.That(Apply("comment-bad-good", Code).Chosen, Is.EqualTo("    y = x + 1  # bad\n    return y  # bad"));
        Assert.That(Apply("comment-bad-good", Code).Rejected, Is.EqualTo("    y = x - 1  # good\n    return y  # good"));
        Assert.That(Apply("comment-bad", Code).Rejected, Is.EqualTo("    y = x - 1  # bad\n    return y  # bad"));
        Assert.That(Apply("append-other-code", Code).Chosen, Is.EqualTo("    y = x + 1\n    return y\n    y = x - 1\n    return y"));
        Assert.That(Apply("append-other-code", Code).Rejected, Is.EqualTo("    y = x - 1\n    return y\n    y = x + 1\n    return y"));
        Assert.That(Apply("minify-code", Code).Chosen, Is.EqualTo(" a=x+1\n return a"));
        Assert.That(new[] { "comment-bad-good", "append-other-code", "minify-code" }.Select(name => Apply(name, Code).Prompt), Has.All.EqualTo("def f(x):"));
    });

    [Test]
    public void Each_text_has_draws_of_its_own()
    {
        var (_, chosen, rejected) = (0, Apply("twitter-handle", Prose).Chosen[^9..], Apply("twitter-handle", Prose).Rejected[^9..]);
        Assert.That(chosen, Does.StartWith("@").And.Not.EqualTo(rejected));
        Assert.That(Apply("twitter-url", Prose).Prompt, Does.Match("^What is a whale\\? https://t\\.co/[a-zA-Z0-9]{8}$"));
    }

    [Test]
    public void Jailbreaks_hold_the_prompt_and_can_be_replaced()
    {
        foreach (var i in Enumerable.Range(1, 4))
            Assert.That(Apply($"jailbreak-{i}", Prose), Is.EqualTo(Rewriter.TextsOf(Prose.Pair) with { Prompt = Jailbreaks.Own[i - 1].Replace(Jailbreaks.Place, "What is a whale?") }));
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            Assert.That(() => Jailbreaks.Read(folder), Throws.TypeOf<RewardKitException>().With.Message.Contains("no file jailbreak-1.txt"));
            foreach (var i in Enumerable.Range(1, 4)) File.WriteAllText(Path.Combine(folder, $"jailbreak-{i}.txt"), $"{i}: {Jailbreaks.Place}\n");
            Assert.That(Transformations.Of(TransformationSet.Paper, Jailbreaks.Read(folder))[^1].Apply!(new("p", "c", "r"), new(1)), Is.EqualTo(new Texts("4: p", "c", "r")));
            File.WriteAllText(Path.Combine(folder, "jailbreak-2.txt"), "no place");
            Assert.That(() => Jailbreaks.Read(folder), Throws.TypeOf<RewardKitException>().With.Message.Contains("jailbreak-2.txt has no [INSERT PROMPT HERE]"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void A_seed_decides_every_draw_whatever_stands_beside_a_row()
    {
        Texts[] Draw(int seed, params SourceRow[] rows) =>
            [.. Transformations.Of(TransformationSet.Paper).Where(t => t.Apply is not null).Select(t => new Rewriter(seed, 0.7).Apply(t, rows)).Where(r => r.Rows.Any(row => row.Row == rows.Length - 1)).Select(r => Rewriter.TextsOf(r.Rows[^1].Pair))];
        Assert.That(Draw(1, Prose), Is.EqualTo(Draw(1, Prose)));
        Assert.That(Draw(1, Code, Rows.Source("another", "a b", "b a", RowKind.Prose), Prose), Is.EqualTo(Draw(1, Prose)));
        Assert.That(Draw(1, Prose).Zip(Draw(2, Prose)).Count(t => t.First != t.Second), Is.GreaterThanOrEqualTo(8));
    }

    [Test]
    public void What_changes_nothing_or_too_much_is_excluded()
    {
        var rows = new[] { Rows.Source("A B", "C D", "E F", RowKind.Prose), Prose };
        var lookalikes = new Rewriter(1, 0.7).Apply(Transformations.Of(TransformationSet.Paper).Single(t => t.Name == "homoglyph-sub"), rows);
        Assert.That(lookalikes is { Rows: [(1, _)], Excluded: 1 });
        var deletion = Transformations.Of(TransformationSet.Paper).Single(t => t.Name == "word-deletion");
        Assert.That(new Rewriter(1, 0.9).Apply(deletion, rows).Excluded, Is.EqualTo(2));
        // One word of two leaves a cosine of 0.71, one of four 0.87.
        Assert.That(new Rewriter(1, 0.8).Apply(deletion, rows).Rows.Select(r => r.Row), Is.EqualTo(new[] { 1 }));
        Assert.That(new Rewriter(1, 0.7).Apply(deletion, rows).Rows, Has.Count.EqualTo(2));
    }

    [Test]
    public void The_last_turns_change_and_the_row_tells_where_it_comes_from()
    {
        var prompt = new Conversation([new("user", "Hello"), new("assistant", "Hi"), new("user", "A whale?")]);
        var row = new SourceRow(Prose.Pair with { Prompt = prompt }, RowKind.Prose);
        var made = new Rewriter(1, 0.7).Apply(Transformations.Of(TransformationSet.Paper)[0], [row]).Rows.Single().Pair;
        Assert.That(made.Prompt.Messages.Select(m => m.Content), Is.EqualTo(new[] { "Hello", "Hi", TextEdits.AddQuotes("A whale?") }));
        Assert.That((made.Id, made.Provenance), Is.EqualTo(("row+add-quotes", new Provenance("data", 1, "add-quotes", Parent: "row"))));
    }

    private static Texts Apply(string name, SourceRow row) =>
        Rewriter.TextsOf(new Rewriter(1, 0.7).Apply(Transformations.Of(TransformationSet.Paper).Single(t => t.Name == name), [row]).Rows.Single().Pair);
}
