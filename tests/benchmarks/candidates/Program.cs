using System.Diagnostics;
using System.Globalization;
using RewardKit;
using RewardKit.Benchmarks.Candidates;
using RewardKit.Models;
using RewardKit.Models.Tokenization;
using TorchSharp;

// Scoring all candidates of a prompt, with the prompt computed once for all of them as the evaluators have it, and with one
// pass of prompt and response for each candidate: the same scorer, model and texts, in another order. The two run in turn.
//
//     dotnet fsi build.fsx bench candidates [--prompts N] [--rounds N] [--threads N] [--only rm-bench]

string Option(string name, string fallback) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : fallback;
int Number(string name, int fallback) => int.Parse(Option(name, $"{fallback}"), CultureInfo.InvariantCulture);

torch.set_num_threads(Number("--threads", Environment.ProcessorCount));
var spec = new ModelSpec
{
    Tokenizer = Path.Combine(AppContext.BaseDirectory, "tokenizer"),
    MaxPromptTokens = 1024,
    MaxResponseTokens = 1024,
    Configuration = new()
    {
        VocabSize = Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "tokenizer")).VocabSize,
        HiddenSize = 384,
        IntermediateSize = 1024,
        NumHiddenLayers = 6,
        NumAttentionHeads = 6,
        NumKeyValueHeads = 6,
        MaxPositionEmbeddings = 2048,
        TieWordEmbeddings = true,
    },
};
var encoder = PairEncoder.Create(spec);
using var model = RewardModel.Create(spec, new RewardHead(), seed: 1);
var scorer = new Scorer("bench", model, encoder);
var ratios = new List<string>();
foreach (var work in Work.All(Number("--prompts", 32)).Where(w => Option("--only", w.Name) == w.Name))
{
    var (together, apart) = (work.Together, work.Apart);
    var prompt = work.Prompts.Average(p => encoder.EncodePrompt(p.Prompt).Ids.Length);
    var response = together.Average(r => encoder.EncodeResponse(r.Prompt, r.Response).Ids.Length);
    scorer.Score(together[..(2 * work.Candidates)]);
    var (once, each) = (new List<double>(), new List<double>());
    var difference = 0.0;
    for (var round = 0; round < Number("--rounds", 3); round++)
    {
        var (rewards, seconds) = Timed(together);
        once.Add(seconds);
        var (others, longer) = Timed(apart);
        each.Add(longer);
        // The same numbers, in another order.
        for (var i = 0; i < rewards.Count; i++)
            difference = Math.Max(difference, Math.Abs(rewards[i] - others[i % work.Candidates * work.Prompts.Count + i / work.Candidates]));
    }
    Console.WriteLine(FormattableString.Invariant(
        $"{work.Name}: {work.Prompts.Count} prompts of {prompt:0} tokens with {work.Candidates} responses of {response:0} ({work.Texts}), {torch.get_num_threads()} threads: {together.Length / Median(once):0.0} responses/s, one pass a candidate {together.Length / Median(each):0.0}"));
    ratios.Add(FormattableString.Invariant($"ratio candidates-{work.Name} {Median(each) / Median(once):0.00} target 1"));
    ratios.Add(FormattableString.Invariant($"ratio candidates-{work.Name}-difference {difference:G2} target 1e-4"));
}
ratios.ForEach(Console.WriteLine);
return 0;

(IReadOnlyList<double> Rewards, double Seconds) Timed(ScoreRequest[] requests)
{
    var clock = Stopwatch.StartNew();
    var rewards = scorer.Score(requests);
    return (rewards, clock.Elapsed.TotalSeconds);
}

static double Median(List<double> values)
{
    var sorted = values.Order().ToArray();
    return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
}
