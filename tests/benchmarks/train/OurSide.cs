using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.BradleyTerry;
using RewardKit.Torch;
using RewardKit.Training;
using RewardKit.Training.Data;
using TorchSharp;

namespace RewardKit.Benchmarks.Train;

/// <summary>RewardKit's side: the files both sides read, a timed training run, the gradients of one batch.</summary>
internal static class OurSide
{
    public const int Batch = 16;

    /// <summary>Random Llamas by name: hidden size, MLP size, layers; the tokenizer has 512 tokens.</summary>
    private static readonly Dictionary<string, (int Hidden, int Mlp, int Layers)> Sizes = new()
    {
        ["1M"] = (128, 352, 5),
        ["10M"] = (384, 1024, 6),
    };

    private static ModelSpec Spec(string work) =>
        new() { Folder = Path.Combine(work, "model"), MaxPromptTokens = 640, MaxResponseTokens = 384 };

    private static IReadOnlyList<PreferenceExample> Pairs(string work) =>
        HhRlhf.Load(new PairFile(Path.Combine(AppContext.BaseDirectory, "helpful-base.jsonl.gz"))).Examples
            .Take(int.Parse(File.ReadAllText(Path.Combine(work, "count")), CultureInfo.InvariantCulture)).ToArray();

    /// <summary>Writes the starting weights and the tokenized pairs.</summary>
    public static (double Mean, int Longest, long Parameters) Prepare(string work, string size, int pairs)
    {
        using var scope = torch.NewDisposeScope();
        var start = Path.Combine(work, "start");
        Directory.CreateDirectory(start);
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "stories260K")))
            File.Copy(file, Path.Combine(start, Path.GetFileName(file)));
        // The checkpoint was trained on 512 tokens; rotary positions reach further.
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(start, "config.json")))!;
        config["max_position_embeddings"] = 1024;
        File.WriteAllText(Path.Combine(start, "config.json"), config.ToJsonString());
        var spec = Sizes.TryGetValue(size, out var shape)
            ? Spec(work) with
            {
                Folder = null,
                Tokenizer = start,
                Configuration = new()
                {
                    VocabSize = 512,
                    HiddenSize = shape.Hidden,
                    IntermediateSize = shape.Mlp,
                    NumHiddenLayers = shape.Layers,
                    NumAttentionHeads = 4,
                    NumKeyValueHeads = 4,
                    MaxPositionEmbeddings = 1024,
                    TieWordEmbeddings = true,
                },
            }
            : Spec(work) with { Folder = start };
        var encoder = PairEncoder.Create(spec);
        using var model = RewardModel.Create(spec, new RewardHead(), seed: 1);
        model.Save(Path.Combine(work, "model"), encoder);

        File.WriteAllText(Path.Combine(work, "count"), pairs.ToString(CultureInfo.InvariantCulture));
        var lengths = new List<int>();
        using var writer = new StreamWriter(Path.Combine(work, "pairs.jsonl"));
        foreach (var pair in Pairs(work))
        {
            var (prompt, chosen, rejected) = (encoder.EncodePrompt(pair.Prompt).Ids, encoder.EncodeResponse(pair.Prompt, pair.Chosen).Ids, encoder.EncodeResponse(pair.Prompt, pair.Rejected).Ids);
            lengths.AddRange([prompt.Length + chosen.Length, prompt.Length + rejected.Length]);
            writer.WriteLine(JsonSerializer.Serialize(new { prompt, chosen, rejected }));
        }
        return (lengths.Average(), lengths.Max(), model.parameters().Sum(p => p.NumberOfElements));
    }

    /// <summary>Trains; the first step warms up and is not counted. Returns one JSON line.</summary>
    public static string Train(string work, int threads, int epochs, ProcessGroup? group = null)
    {
        torch.set_num_threads(threads);
        using var scope = torch.NewDisposeScope();
        var pairs = Pairs(work);
        using var model = RewardModel.Load(Path.Combine(work, "model"));
        var clock = new Stopwatch();
        var warm = 0L;
        var progress = new Callback<TrainingProgress>(p =>
        {
            if (p.Stage != "train" || clock.IsRunning) return;
            clock.Start();
            warm = p.Done;
        });
        var options = new TrainingOptions { BatchSize = Batch, Epochs = epochs, LearningRate = 1e-4, WarmupRatio = 0, Schedule = Schedule.Constant };
        Trainer.Train(model, new BradleyTerryLoss(), pairs, PairEncoder.Create(Spec(work)), options, seed: 1, new() { Progress = progress, Group = group });
        var measured = (long)pairs.Count * epochs - warm;
        return JsonSerializer.Serialize(new { pairs_per_second = measured / clock.Elapsed.TotalSeconds, peak_bytes = PeakBytes() });
    }

    /// <summary>Scores both responses of every pair, after a batch to warm up. Returns one JSON line.</summary>
    public static string Score(string work, int threads)
    {
        torch.set_num_threads(threads);
        using var scope = torch.NewDisposeScope();
        var pairs = Pairs(work);
        using var model = RewardModel.Load(Path.Combine(work, "model"));
        var scorer = new Scorer("bench", model, PairEncoder.Create(Spec(work)));
        scorer.ScorePairs(pairs.Take(Batch).ToArray());
        var clock = Stopwatch.StartNew();
        scorer.ScorePairs(pairs);
        return JsonSerializer.Serialize(new { pairs_per_second = pairs.Count / clock.Elapsed.TotalSeconds, peak_bytes = PeakBytes() });
    }

    /// <summary>The gradients of the first batch, by parameter name.</summary>
    public static Dictionary<string, float[]> Gradients(string work)
    {
        using var scope = torch.NewDisposeScope();
        using var model = RewardModel.Load(Path.Combine(work, "model"));
        var encoder = PairEncoder.Create(Spec(work));
        var pairs = Pairs(work).Take(Batch).ToArray();
        using var batch = new PackedBatch([.. pairs.Select(p => new PackedItem(
            encoder.EncodePrompt(p.Prompt).Ids, [encoder.EncodeResponse(p.Prompt, p.Chosen).Ids, encoder.EncodeResponse(p.Prompt, p.Rejected).Ids]))]);
        var rewards = model.Forward(batch, ForwardNeeds.Rewards).Rewards!.view(pairs.Length, 2);
        var rows = new PairBatch(pairs, torch.zeros(pairs.Length, dtype: torch.ScalarType.Bool), torch.zeros(pairs.Length, 2, dtype: torch.ScalarType.Int64), default);
        new BradleyTerryLoss().Compute(rows, new PairForward { Rewards = rewards }).Loss.backward();
        return model.named_parameters().Where(p => p.parameter.grad is not null)
            .ToDictionary(p => p.name, p => p.parameter.grad!.data<float>().ToArray());
    }

    private static long PeakBytes()
    {
        var line = File.ReadLines("/proc/self/status").Single(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    // Progress<T> calls back on another thread, too late for a clock.
    private sealed class Callback<T>(Action<T> action) : IProgress<T>
    {
        public void Report(T value) => action(value);
    }
}
