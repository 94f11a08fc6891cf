using System.IO.Compression;
using System.Text.Json.Nodes;

namespace RewardKit.Plugins.LlmJudge.Tests;

/// <summary>PandaLM's pairs and recorded verdicts, as the scripts have them.</summary>
internal static class PandaLmData
{
    public static string Folder { get; } = Path.Combine(TestContext.CurrentContext.TestDirectory, "data", "pandalm");

    public static string Pairs { get; } = Path.Combine(Folder, "testset-v1.json.gz");

    public static string Gpt { get; } = Path.Combine(Folder, "gpt-3.5-turbo-testset-v1.json.gz");

    public static string PandaLm7B { get; } = Path.Combine(Folder, "pandalm-7b-testset-v1.json.gz");

    public static string MtBench { get; } = Path.Combine(Folder, "..", "mt-bench", "dataset.json.gz");

    public static JsonArray Read(string file)
    {
        using var reader = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        return JsonNode.Parse(reader)!.AsArray();
    }
}
