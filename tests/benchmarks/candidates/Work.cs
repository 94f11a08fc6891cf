using System.Text.Json;
using RewardKit.Training.Data;

namespace RewardKit.Benchmarks.Candidates;

/// <summary>Prompts with as many responses each, as an evaluator scores them.</summary>
/// <param name="Name">The benchmark whose shape it has.</param>
/// <param name="Texts">What its texts are.</param>
/// <param name="Prompts">The prompts with their responses.</param>
internal sealed record Work(string Name, string Texts, IReadOnlyList<(Conversation Prompt, IReadOnlyList<Conversation> Responses)> Prompts)
{
    public int Candidates => Prompts[0].Responses.Count;

    /// <summary>A prompt's responses side by side: the scorer computes it once.</summary>
    public ScoreRequest[] Together => [.. Prompts.SelectMany(p => p.Responses.Select(r => new ScoreRequest(p.Prompt, r)))];

    /// <summary>The first response to every prompt, then the second, and so on: no two neighbours have the same prompt.</summary>
    public ScoreRequest[] Apart => [.. Enumerable.Range(0, Candidates).SelectMany(i => Prompts.Select(p => new ScoreRequest(p.Prompt, p.Responses[i])))];

    public static IReadOnlyList<Work> All(int prompts)
    {
        var pairs = HhRlhf.Load(new PairFile(Path.Combine(AppContext.BaseDirectory, "helpful-base.jsonl.gz"))).Examples;
        return
        [
            Dialogues("pairs", 2),
            Dialogues("rewardbench-2", 4),
            new("rm-bench", "RM-Bench, 15 of its prompts", [.. RmBench()]),
            Dialogues("best-of-16", 16),
        ];

        // Real dialogues with real responses; beyond a dialogue's own two they are those of the next ones.
        Work Dialogues(string name, int candidates) => new(name, "HH-RLHF helpful-base",
            [.. Enumerable.Range(0, prompts).Select(i => (pairs[i].Prompt, (IReadOnlyList<Conversation>)[.. Enumerable.Range(0, candidates).Select(j => j % 2 == 0 ? pairs[i + j / 2].Chosen : pairs[i + j / 2].Rejected)]))]);
    }

    private static IEnumerable<(Conversation, IReadOnlyList<Conversation>)> RmBench()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "rm-bench")).Order(StringComparer.Ordinal))
        {
            using var records = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var record in records.RootElement.EnumerateArray())
                yield return (Conversation.User(record.GetProperty("prompt").GetString()!),
                    [.. new[] { "chosen", "rejected" }.SelectMany(side => record.GetProperty(side).EnumerateArray()).Select(r => Conversation.Assistant(r.GetString()!))]);
        }
    }
}
