using System.Text.Json;
using RewardKit.Conformance;

namespace RewardKit.Plugins.Reasoning.Tests;

public sealed class ArcConformance : EvaluatorConformance
{
    protected override ITextGenerator PerfectWriter => ByQuestion(right: true);

    protected override ITextGenerator WrongWriter => ByQuestion(right: false);

    protected override ITextGenerator Writer => ScriptedGenerators.Of(prompt => $"Answer: {"ABCD"[prompt.Length % 4]}");

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = EvaluatorsTests.Data("arc-challenge-mc.jsonl.gz") };

    protected override IEvaluator Create() => new ArcEvaluator(new() { File = EvaluatorsTests.Data("arc-challenge-mc.jsonl.gz") });

    private static ITextGenerator ByQuestion(bool right) => ScriptedGenerators.Of(prompt => $"Answer: {Letter(Gold.Value[prompt.Split("\n\nThink")[0]], right)}");

    private static char Letter(int gold, bool right) => (char)('A' + (right ? gold : (gold + 1) % 3));

    private static readonly Lazy<Dictionary<string, int>> Gold = new(() =>
    {
        using var reader = new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(EvaluatorsTests.Data("arc-challenge-mc.jsonl.gz")), System.IO.Compression.CompressionMode.Decompress));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("doc"))
            .DistinctBy(doc => doc.GetProperty("id").GetString())
            .ToDictionary(doc => doc.GetProperty("query").GetString()!["Question: ".Length..^"\nAnswer:".Length], doc => doc.GetProperty("gold").GetInt32());
    });
}

public sealed class OpenBookQaConformance : EvaluatorConformance
{
    protected override ITextGenerator Writer => ScriptedGenerators.Of(prompt => $"Answer: {"ABCD"[prompt.Length % 4]}");

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = EvaluatorsTests.Data("openbookqa.jsonl.gz") };

    protected override IEvaluator Create() => new OpenBookQaEvaluator(new() { File = EvaluatorsTests.Data("openbookqa.jsonl.gz") });
}

public sealed class Gsm8kConformance : EvaluatorConformance
{
    protected override ITextGenerator Writer => ScriptedGenerators.Of(prompt => $"Answer: {prompt.Length}");

    protected override ITextGenerator WrongWriter => ScriptedGenerators.Of(_ => "Answer: -1");

    protected override IReadOnlyDictionary<string, object> Options => new Dictionary<string, object> { ["file"] = EvaluatorsTests.Data("gsm8k.jsonl") };

    protected override IEvaluator Create() => new Gsm8kEvaluator(new() { File = EvaluatorsTests.Data("gsm8k.jsonl") });
}
