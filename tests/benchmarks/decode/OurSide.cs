using System.Diagnostics;
using System.Text.Json;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using RewardKit.Plugins.Args;
using RewardKit.Plugins.GenArm;
using TorchSharp;

namespace RewardKit.Benchmarks.Decode;

/// <summary>What a side reports of a run: seconds, and the tokens of the first text with the texts' mean log-probability.</summary>
internal sealed record Measured(string Version, double Seconds, double LogProb, int[] Ids);

/// <summary>RewardKit's side: the generator and the decoders, as their users call them.</summary>
internal sealed class OurSide(LanguageModel model, LanguageModel guide, PrefixScorer reward, Conversation[] prompts)
{
    private static readonly GenerationOptions Options = new() { MaxTokens = Works.NewTokens };

    /// <summary>Does the work that each line of its input names.</summary>
    public static void Serve(string folder, string tokenizerFolder, int threads, string device, IReadOnlyList<Work> works)
    {
        torch.set_num_threads(threads);
        var on = new torch.Device(device);
        var encoder = new PairEncoder(Tokenizer.Load(tokenizerFolder), new BareTemplate(), 1024, 1);
        LanguageModel Load(string name) => new(name, CausalModel.Create(new() { Folder = Path.Combine(folder, name) }, 0, on), encoder, []);
        using var model = Load("base");
        using var guide = Load("guide");
        using var reward = RewardModel.Load(Path.Combine(folder, "reward"), on);
        var prompts = Enumerable.Range(0, works.Max(work => work.Batch)).Select(row => Conversation.User(Works.Prompt(encoder.Tokenizer, row))).ToArray();
        var side = new OurSide(model, guide, new("reward", reward, encoder), prompts);
        while (Console.ReadLine() is { } name)
        {
            var work = works.Single(work => work.Name == name);
            var clock = Stopwatch.StartNew();
            var texts = side.Texts(work);
            var seconds = clock.Elapsed.TotalSeconds;
            Console.WriteLine(JsonSerializer.Serialize(
                new Measured(torch.__version__, seconds, texts.Sum(text => text.LogProbs.Sum()) / texts.Count, [.. texts[0].Ids]), JsonSerializerOptions.Web));
        }
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
