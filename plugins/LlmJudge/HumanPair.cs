using RewardKit.Plugins.Benchmarks;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Two answers with what people say of them.</summary>
/// <param name="Record">Where it stands.</param>
/// <param name="Subset">The name of its data.</param>
/// <param name="Asked">What both answer.</param>
/// <param name="First">One answer.</param>
/// <param name="Second">The other.</param>
/// <param name="Votes">Each annotator's verdict; A is the first answer.</param>
/// <param name="Models">Who wrote the answers, where that is known.</param>
internal sealed record HumanPair(
    BenchmarkRecord Record, string Subset, string Asked, string First, string Second, IReadOnlyList<Verdict> Votes, (string First, string Second)? Models = null)
{
    /// <summary>What most annotators say; a tie where several verdicts have as many.</summary>
    public Verdict Majority { get; } = Judge.Majority(Votes.Select(v => (Verdict?)v))!.Value;

    /// <summary>The pair with the answer first that people prefer.</summary>
    public PreferenceExample Example
    {
        get
        {
            var (first, second) = (Conversation.Assistant(First), Conversation.Assistant(Second));
            return new(
                $"judge-agreement:{Subset}:{Record.Number}", Conversation.User(Asked), Majority == Verdict.B ? second : first, Majority == Verdict.B ? first : second,
                new(Subset, Record.Number))
            { Relation = Majority == Verdict.Tie ? Relation.Tie : Relation.Preferred };
        }
    }

    /// <summary>Reads PandaLM's file, or LLMBar's.</summary>
    /// <exception cref="RewardKitException">The data are in neither layout.</exception>
    public static IReadOnlyList<HumanPair> Read(string data)
    {
        if (Directory.Exists(data)) return ReadLlmBar(data);
        var records = BenchmarkRecord.Read(data);
        if (records[0].Has("output_1")) return ReadLlmBar(data);
        if (!records[0].Has("annotator1"))
            throw records[0].Wrong("has neither \"annotator1\", as PandaLM's testset, nor \"output_1\", as LLMBar's dataset.json");
        BenchmarkRecord.RefuseTwins(records, r => r.Id("idx"));
        return [.. records.Select(PandaLm)];
    }

    private static HumanPair[] ReadLlmBar(string data) =>
        [.. LlmBarRecord.Read(data).Select(r => new HumanPair(r.Record, r.Subset, r.Input, r.First, r.Second, [r.FirstIsBetter ? Verdict.A : Verdict.B]))];

    private static HumanPair PandaLm(BenchmarkRecord record)
    {
        var input = record.Raw("input");
        Verdict[] votes = [.. Enumerable.Range(1, int.MaxValue).Select(n => $"annotator{n}").TakeWhile((name, n) => n == 0 || record.Has(name)).Select(name => record.Id(name) switch
        {
            "1" => Verdict.A,
            "2" => Verdict.B,
            "0" => Verdict.Tie,
            var other => throw record.Wrong($"\"{name}\" is {other}, but must be 1 or 2, the number of the better response, or 0 for a tie"),
        })];
        // Names of models have no underscore.
        (string, string)? models = record.Has("cmp_key") && record.Text("cmp_key").Split('_') is [var first, var second] ? (first, second) : null;
        return new(
            record, "pandalm", input.Length == 0 ? record.Text("instruction") : $"{record.Text("instruction")}\n\n{input}",
            // A few answers are empty, and a few a bare true.
            record.Raw("response1"), record.Raw("response2"), votes, models);
    }
}
