using System.Diagnostics;
using System.Text.Json;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using static TorchSharp.torch;

namespace RewardKit.Benchmarks.Decode;

/// <summary>What a side reports: seconds a text by batch size, and the tokens of the first text with their log-probability.</summary>
internal sealed record Measured(string Version, Dictionary<string, double> Seconds, Dictionary<string, double> LogProbs, Dictionary<string, int[]> Ids);

/// <summary>RewardKit's side: the generator as its users call it.</summary>
internal static class OurSide
{
    public static string Run(string folder, string tokenizerFolder, int threads, string device, int runs)
    {
        set_num_threads(threads);
        var measured = new Measured(__version__, [], [], []);
        using var model = CausalModel.Create(new() { Folder = folder }, 0, new TorchSharp.torch.Device(device));
        var generator = new TextGenerator(model, Tokenizer.Load(tokenizerFolder), []);
        foreach (var batch in Works.Batches)
        {
            int[][] prompts = [.. Enumerable.Range(0, batch).Select(row => Works.Prompt(row, model.Config.VocabSize))];
            var options = new GenerationOptions { MaxTokens = Works.NewTokens };
            IReadOnlyList<GeneratedText> texts = generator.Generate(prompts, options);
            var seconds = new List<double>();
            for (var run = 0; run < runs; run++)
            {
                var clock = Stopwatch.StartNew();
                texts = generator.Generate(prompts, options);
                seconds.Add(clock.Elapsed.TotalSeconds);
            }
            var name = $"batch-{batch}";
            measured.Seconds[name] = seconds.Min();
            measured.LogProbs[name] = texts.Sum(text => text.LogProbs.Sum()) / texts.Count;
            measured.Ids[name] = [.. texts[0].Ids];
        }
        return JsonSerializer.Serialize(measured, JsonSerializerOptions.Web);
    }
}
