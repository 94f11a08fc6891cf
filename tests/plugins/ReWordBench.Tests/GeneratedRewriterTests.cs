namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class GeneratedRewriterTests
{
    private static readonly SourceRow[] Source =
    [
        Rows.Source("What is a whale?", "It is a mammal.", "It is a fish.", RowKind.Prose),
        Rows.Source("def f():", "return 1", "return 2", RowKind.Python),
        Rows.Source("Refuse this please!", "I will not do so.", "I will do so.", RowKind.UnsafeRequest),
    ];

    [Test]
    public async Task Each_text_of_each_row_is_rewritten_by_itself()
    {
        var generator = new Generator((text, _) => text + " indeed");
        var made = await Rewrite(generator, Transformations.Paraphrase);
        Assert.Multiple(() =>
        {
            Assert.That(made.Rows.Select(r => r.Row), Is.EqualTo(new[] { 0, 2 }));
            Assert.That(Rewriter.TextsOf(made.Rows[0].Pair), Is.EqualTo(new Texts("What is a whale? indeed", "It is a mammal. indeed", "It is a fish. indeed")));
            Assert.That(generator.Asked.Select(r => r.Options.Seed), Is.Unique, "equal texts of two rows are two samples");
            Assert.That(generator.Asked, Has.All.Property("Options").Property("Temperature").EqualTo(0.5));
            Assert.That(generator.Calls, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_back_translation_goes_there_and_back()
    {
        var generator = new Generator((text, instruction) => instruction.Contains("into Spanish") ? $"es({text})" : text[3..^1] + " .");
        var made = await Rewrite(generator, Transformations.BackTranslation);
        Assert.That(generator.Calls, Is.EqualTo(4));
        Assert.That(made.Rows[0].Pair.Prompt.LastContent, Is.EqualTo("What is a whale? . ."));
    }

    [Test]
    public async Task What_is_refused_cut_off_unchanged_or_too_different_is_excluded()
    {
        var refusing = new Generator((text, _) => text + " indeed") { Finish = text => text.Contains("whale") ? FinishReason.MaxTokens : FinishReason.StopToken };
        Assert.That(await Rewrite(refusing, Transformations.Paraphrase) is { Excluded: 1, Rows: [(2, _)] });
        Assert.That(await Rewrite(new((text, _) => text), Transformations.Paraphrase) is { Excluded: 2, Rows: [] });
        Assert.That(await Rewrite(new((_, _) => " "), Transformations.Paraphrase) is { Excluded: 2, Rows: [] });
        var strange = new Generator((_, _) => "something else");
        Assert.That(await Rewrite(strange, Transformations.BackTranscription) is { Excluded: 2, Rows: [] });
        Assert.That(strange.Calls, Is.EqualTo(Rewriter.Attempts));
    }

    [Test]
    public async Task Only_what_does_not_pass_is_asked_again()
    {
        var generator = new Generator((text, _) => text + " now");
        generator.Write = (text, _) => generator.Calls > 2 || text.Contains("It is") || text.Contains("whale") ? text + " now" : "something else";
        var made = await Rewrite(generator, Transformations.BackTranscription);
        Assert.That(made is { Excluded: 0, Rows: [(0, _), (2, _)] });
        Assert.That(generator.Asked, Has.Count.EqualTo(6 + 3 + 3));
    }

    private static Task<Rewritten> Rewrite(Generator generator, string name) =>
        new GeneratedRewriter(new(1, 0.6), generator, rounds: 2, new() { Temperature = 0.5 })
            .ApplyAsync(Transformations.Of(TransformationSet.Paper).Single(t => t.Name == name), Source, default);

    private sealed class Generator(Func<string, string, string> write) : ITextGenerator
    {
        public string Name => "scripted";

        public int Calls { get; private set; }

        public List<TextRequest> Asked { get; } = [];

        public Func<string, string, string> Write { get; set; } = write;

        public Func<string, FinishReason> Finish { get; init; } = _ => FinishReason.StopToken;

        public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
        {
            Calls++;
            Asked.AddRange(requests);
            return Task.FromResult<IReadOnlyList<TextReply>>([.. requests.Select(request =>
            {
                var parts = request.Prompt.LastContent.Split("\n\n", 2);
                return new TextReply(Write(parts[1], parts[0]), Finish(parts[1]));
            })]);
        }
    }
}
