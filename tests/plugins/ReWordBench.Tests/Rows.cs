using System.Text.Json;

namespace RewardKit.Plugins.ReWordBench.Tests;

/// <summary>Rows in RewardBench's layout, made up, in a file for the time of a test.</summary>
public sealed class Rows : IDisposable
{
    public static readonly (string Subset, int Count)[] Published =
    [
        ("alpacaeval-easy", 100), ("alpacaeval-length", 95), ("alpacaeval-hard", 95), ("mt-bench-easy", 28), ("mt-bench-med", 40), ("mt-bench-hard", 37),
        ("llmbar-natural", 100), ("llmbar-adver-neighbor", 134), ("llmbar-adver-GPTInst", 92), ("llmbar-adver-GPTOut", 47), ("llmbar-adver-manual", 46),
        ("refusals-dangerous", 100), ("refusals-offensive", 100), ("xstest-should-refuse", 154), ("xstest-should-respond", 250), ("donotanswer", 136),
        ("math-prm", 447), ("hep-cpp", 164), ("hep-go", 164), ("hep-java", 164), ("hep-js", 164), ("hep-python", 164), ("hep-rust", 164),
    ];

    public Rows(IEnumerable<object> rows) => File.WriteAllLines(Path, rows.Select(row => JsonSerializer.Serialize(row)));

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    public void Dispose() => File.Delete(Path);

    /// <summary>A row whose texts suit its subset.</summary>
    public static object Row(int id, string subset) => RewardBenchRows.KindOf(subset) switch
    {
        RowKind.Python => new { id, subset, prompt = $"def f{id}(x):", chosen = $"    value = x + {id}\n    return value", rejected = $"    value = x - {id}\n    return value" },
        RowKind.Math => new { id, subset, prompt = $"What is {id} + 1?", chosen = $"It is $\\boxed{{{id + 1}}}$.", rejected = $"Hm.\n\n# Answer\n\n{id}" },
        _ => new { id, subset, prompt = $"Please answer question number {id}, in your own words.", chosen = $"A good answer has these many words, number {id}.", rejected = $"A bad answer has those many words, number {id}." },
    };

    public static SourceRow Source(string prompt, string chosen, string rejected, RowKind kind) =>
        new(new("row", Conversation.User(prompt), Conversation.Assistant(chosen), Conversation.Assistant(rejected), new("data", 1)), kind);
}
