using System.Diagnostics;
using System.Text.Json;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Args;
using RewardKit.Plugins.GenArm;
using TorchSharp;

namespace RewardKit.Benchmarks.Decode;

/// <summary>What a side reports by work: seconds, and the tokens of the first text with the texts' mean log-probability.</summary>
internal sealed record Measured(string Version, Dictionary<string, double> Seconds, Dictionary<string, double> LogProbs, Dictionary<string, int[]> Ids);

/// <summary>RewardKit's side: the generator and the decoders, as their users call them.</summary>
internal sealed class OurSide(LanguageModel model, LanguageModel guide, PrefixScorer reward, Conversation[] prompts)
{
    private static readonly GenerationOptions Options = new() { MaxTokens = Works.NewTokens };

    public static string Run(string folder, string tokenizerFolder, int threads, string device, int runs, IReadOnlyList<Work> works)
    {
        torch.set_num_threads(threads);
        var on = new torch.Device(device);
        var encoder = new PairEncoder(Tokenizer.Load(tokenizerFolder), new BareTemplate(), 1024, 1);
        LanguageModel Load(string name) => new(name, CausalModel.Create(new() { Folder = Path.Combine(folder, name) }, 0, on), encoder, []);
        using var model = Load("base");
        using var guide = Load("guide");
        using var reward = RewardModel.Load(Path.Combine(folder, "reward"), on);
        var prompts = Enumerable.Range(0, works.Max(work => work.Batch)).Select(row => Conversation.User(Works.Prompt(encoder.Tokenizer, row))).ToArray();
        return JsonSerializer.Serialize(new OurSide(model, guide, new("reward", reward, encoder), prompts).Run(runs, works), JsonSerializerOptions.Web);
    }

    // In turn, so that the works of one batch size can be compared with each other.
    private Measured Run(int runs, IReadOnlyList<Work> works)
    {
        var measured = new Measured(torch.__version__, [], [], []);
        foreach (var together in works.GroupBy(work => work.Batch))
            for (var run = 0; run <= runs; run++)
                foreach (var work in together)
                {
                    var clock = Stopwatch.StartNew();
                    var texts = Texts(work);
                    var seconds = clock.Elapsed.TotalSeconds;
                    if (run == 0) continue;
                    measured.Seconds[work.Name] = Math.Min(seconds, measured.Seconds.GetValueOrDefault(work.Name, double.MaxValue));
                    measured.LogProbs[work.Name] = texts.Sum(text => text.LogProbs.Sum()) / texts.Count;
                    measured.Ids[work.Name] = [.. texts[0].Ids];
                }
        return measured;
    }

    private IReadOnlyList<GeneratedText> Texts(Work work)
    {
        var asked = prompts[..work.Batch];
        if (work.Rule == Rule.Plain) return model.Generate(asked, Options);
        var weight = work.Rule == Rule.Guided ? 1 : Works.RewardWeight;
        var context = work.Rule == Rule.Guided ? new ModelDecoding(model, [guide], Options) : new ModelDecoding(model, [], Options, prefixScorer: reward);
        return Decoder(work.Rule).Decode([.. asked.Select(prompt => new DecodingRequest(prompt, 0, [weight]))], context, default);
    }

    private static IDecoder Decoder(Rule rule) => rule == Rule.Guided ? new GenArmDecoder(new()) : new ArgsDecoder(new() { K = Works.Candidates });
}
