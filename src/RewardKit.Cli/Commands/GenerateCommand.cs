using System.CommandLine;
using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Plugins;
using RewardKit.Models;
using RewardKit.Models.Generation;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit generate MODEL</c>.</summary>
internal static class GenerateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The language model's folder; with --server its name there." };
        var decoder = new Option<string?>("--decoder") { Description = "The id of an installed decoder plugin, which steers.", HelpName = "ID" };
        var guides = Many("--guide", "A model that the decoder steers with, and its weight (1 if left out). May be repeated.", "FOLDER=WEIGHT");
        var reward = new Option<string?>("--reward") { Description = "A reward model that the decoder steers with, and its weight.", HelpName = "FOLDER=WEIGHT" };
        var set = Many("--set", "An option of the decoder. May be repeated.", "NAME=VALUE");
        var maxTokens = Number("--max-tokens", "The most tokens of a text.", 256);
        var temperature = Number("--temperature", "0 takes the most probable token; 1 samples as the model says.", 0.0);
        var topK = Number("--top-k", "Sample among the most probable tokens only; 0: all.", 0);
        var topP = Number("--top-p", "Sample among the most probable tokens that sum to this; 1: all.", 1.0);
        var penalty = Number("--repetition-penalty", "Above 1, tokens that were there already become less probable.", 1.0);
        var stop = Many("--stop", "A text ends before this string. May be repeated.", "TEXT");
        var seed = Number("--seed", "Decides what is sampled; line n draws with seed + n.", 0);
        var server = new Option<string?>("--server") { Description = "An OpenAI-compatible server to ask instead, as http://localhost:8000/v1.", HelpName = "URL" };
        var key = new Option<string?>("--key") { Description = "The environment variable that has the server's API key; OPENAI_API_KEY for OpenAI's own.", HelpName = "NAME" };
        var (plugins, verbose) = (Shared.Plugins(), Shared.Verbose());
        var command = new CommandWithExamples(
            "generate",
            """
            Continues texts and answers prompts. Reads JSON Lines from standard input: {"prompt": ...} or {"messages": [...]},
            which are put into the chat template, or {"text": ...}, which is continued as it is. Writes a line for each:
            {"text": ..., "tokens": ..., "logProb": ..., "finish": ...}. A decoder plugin steers the model by others.
            A server answers prompts alone, and tells no log-probabilities.
            """,
            "echo '{\"text\": \"Once upon a time\"}' | rewardkit generate scripts/models/stories260K --max-tokens 40",
            "echo '{\"prompt\": \"Name a river.\"}' | rewardkit generate qwen2.5-7b-instruct --server http://localhost:8000/v1",
            "rewardkit generate models/base --decoder guided --guide models/kind=0.7 --temperature 1 < prompts.jsonl")
        {
            model, decoder, guides, reward, set, maxTokens, temperature, topK, topP, penalty, stop, seed, server, key, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var options = new GenerationOptions
            {
                MaxTokens = parsed.GetValue(maxTokens),
                Temperature = parsed.GetValue(temperature),
                TopK = parsed.GetValue(topK),
                TopP = parsed.GetValue(topP),
                RepetitionPenalty = parsed.GetValue(penalty),
                StopStrings = parsed.GetRequiredValue(stop),
                Seed = parsed.GetValue(seed),
            };
            var use = (Id: parsed.GetValue(decoder), Guides: parsed.GetRequiredValue(guides), Reward: parsed.GetValue(reward), Set: parsed.GetRequiredValue(set));
            if (use.Id is null && (use.Guides.Length > 0 || use.Reward is not null || use.Set.Length > 0))
                throw RewardKitException.Input("--guide, --reward and --set are for a decoder: name one with --decoder.");
            if (parsed.GetValue(server) is { } url)
            {
                if (use.Id is not null) throw RewardKitException.Input("A decoder steers a local model: leave out --server or --decoder.");
                using var remote = new ServerGenerator(new() { Url = url, Model = parsed.GetRequiredValue(model), KeyVariable = parsed.GetValue(key) }) { Retrying = Console.Error.WriteLine };
                GenerateLines.Run(remote, options, cancellation);
                return;
            }
            if (parsed.GetValue(key) is not null) throw RewardKitException.Input("--key is for a server: name one with --server.");

            var device = torch.cuda.is_available() ? torch.CUDA : torch.CPU;
            using var loaded = LanguageModel.Load(parsed.GetRequiredValue(model), device);
            if (use.Id is null)
            {
                GenerateLines.Run(lines => loaded.Generate([.. lines.Select(line => Ids(loaded, line))], options, [.. lines.Select(line => options.Seed + line.Number)]), cancellation);
                return;
            }
            var catalog = PluginCatalog.Discover(parsed.GetRequiredValue(plugins));
            var description = catalog.Find(PluginKind.Decoder, use.Id).Description;
            using var session = new PluginHost(catalog).Open();
            var method = session.CreateDecoder(OptionText.Use(description, use.Set));
            using var steering = Steering.Load(method.Needs, use.Guides, use.Reward, device, description.Label);
            var context = new ModelDecoding(loaded, steering.Guides, options, steering.Scorer, steering.Prefix);
            GenerateLines.Run(
                lines => method.Decode([.. lines.Select(line => new DecodingRequest(line.NeedPrompt(), options.Seed + line.Number, steering.Weights))], context, cancellation),
                cancellation);
        }));
        return command;
    }

    private static int[] Ids(LanguageModel model, GenerateLines.Line line) =>
        line.Prompt is { } prompt ? model.EncodePrompt(prompt) : model.Encoder.Tokenizer.EncodeWithSpecialTokens(line.Text!);

    private static Option<string[]> Many(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => [] };

    private static Option<T> Number<T>(string name, string description, T otherwise) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };

    /// <summary>What steers a decoder.</summary>
    private sealed record Steering(IReadOnlyList<LanguageModel> Guides, RewardModel? Reward, IScorer? Scorer, PrefixScorer? Prefix, double[] Weights) : IDisposable
    {
        public static Steering Load(DecoderNeeds needs, string[] guides, string? reward, torch.Device device, string decoder)
        {
            if (needs.HasFlag(DecoderNeeds.Guides) && guides.Length == 0) throw RewardKitException.Input($"The {decoder} needs at least one --guide FOLDER.");
            if ((needs & (DecoderNeeds.Scorer | DecoderNeeds.PrefixScorer)) != 0 && reward is null) throw RewardKitException.Input($"The {decoder} needs a --reward FOLDER.");
            var members = guides.Select(Shared.Weighted).ToArray();
            var scorer = reward is null ? ((string Folder, double Weight)?)null : Shared.Weighted(reward);
            var models = new List<LanguageModel>();
            try
            {
                foreach (var (folder, _) in members) models.Add(LanguageModel.Load(folder, device));
                double[] weights = [.. members.Select(member => member.Weight)];
                if (scorer is not { } named) return new(models, null, null, null, weights);
                var encoder = PairEncoder.Create(new() { Folder = named.Folder });
                var model = RewardModel.Load(named.Folder, device);
                if (model.PairLabels is not null)
                    throw RewardKitException.Input($"{named.Folder} is a pairwise model: it says which of two responses is better, and a decoder needs a reward for each. Name one with a scalar head.");
                return new(models, model, new Scorer(named.Folder, model, encoder), new(named.Folder, model, encoder), weights.Length > 0 ? weights : [named.Weight]);
            }
            catch
            {
                foreach (var model in models) model.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            foreach (var guide in Guides) guide.Dispose();
            Reward?.Dispose();
        }
    }
}
