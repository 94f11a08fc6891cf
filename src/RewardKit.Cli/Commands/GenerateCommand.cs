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
        var decoder = new Option<string?>("--decoder") { Description = "The id of an installed decoder plugin, which steers.", HelpName = "ID" }.OfPlugins(PluginKind.Decoder);
        var guides = Many("--guide", "A model that the decoder steers with, and its weight (1 if left out). May be repeated.", "FOLDER=WEIGHT");
        var reward = new Option<string?>("--reward") { Description = "A reward model that the decoder steers with, and its weight.", HelpName = "FOLDER=WEIGHT" };
        var baseline = new Option<string?>("--baseline-reward") { Description = "The reward model that the base is aligned to, for a decoder that asks for it.", HelpName = "FOLDER" };
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
            model, decoder, guides, reward, baseline, set, maxTokens, temperature, topK, topP, penalty, stop, seed, server, key, plugins, verbose,
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
            var use = (Id: parsed.GetValue(decoder), Guides: parsed.GetRequiredValue(guides), Reward: parsed.GetValue(reward), Baseline: parsed.GetValue(baseline), Set: parsed.GetRequiredValue(set));
            if (use.Id is null && (use.Guides.Length > 0 || use.Reward is not null || use.Baseline is not null || use.Set.Length > 0))
                throw RewardKitException.Input("--guide, --reward, --baseline-reward and --set are for a decoder: name one with --decoder.");
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
            using var steering = Steering.Load(method.Needs, use.Guides, use.Reward, use.Baseline, device, description.Label);
            var context = new ModelDecoding(loaded, steering.Guides, options, steering.Scorer, steering.Prefix) { BaselineScorer = steering.Baseline };
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
    private sealed record Steering(
        IReadOnlyList<LanguageModel> Guides, IReadOnlyList<RewardModel> Rewards, IScorer? Scorer, PrefixScorer? Prefix, IScorer? Baseline, double[] Weights) : IDisposable
    {
        public static Steering Load(DecoderNeeds needs, string[] guides, string? reward, string? baseline, torch.Device device, string decoder)
        {
            Check(guides.Length > 0, needs.HasFlag(DecoderNeeds.Guides), "--guide", "at least one --guide FOLDER");
            Check(reward is not null, (needs & (DecoderNeeds.Scorer | DecoderNeeds.PrefixScorer)) != 0, "--reward", "a --reward FOLDER");
            Check(baseline is not null, needs.HasFlag(DecoderNeeds.BaselineScorer), "--baseline-reward", "a --baseline-reward FOLDER, the reward model that the base is aligned to");
            var members = guides.Select(Shared.Weighted).ToArray();
            var (models, rewards) = (new List<LanguageModel>(), new List<RewardModel>());
            try
            {
                foreach (var (folder, _) in members) models.Add(LanguageModel.Load(folder, device));
                double[] weights = [.. members.Select(member => member.Weight)];
                var scorer = reward is null ? ((string Folder, double Weight)?)null : Shared.Weighted(reward);
                var target = scorer is { } named ? Open(named.Folder) : default;
                var aligned = baseline is null ? default : Open(baseline);
                // A text may have other tokens for a scorer of texts; one that scores tokens must share the base's.
                return new(
                    models, rewards, target.Scorer, needs.HasFlag(DecoderNeeds.PrefixScorer) ? target.Prefix : null, aligned.Scorer,
                    weights.Length > 0 || scorer is null ? weights : [scorer.Value.Weight]);
            }
            catch
            {
                foreach (var model in models) model.Dispose();
                foreach (var model in rewards) model.Dispose();
                throw;
            }

            void Check(bool given, bool needed, string option, string expected)
            {
                if (needed && !given) throw RewardKitException.Input($"The {decoder} needs {expected}.");
                if (given && !needed) throw RewardKitException.Input($"The {decoder} has no use for {option}: leave it out.");
            }

            (Scorer Scorer, PrefixScorer Prefix) Open(string folder)
            {
                var encoder = PairEncoder.Create(new() { Folder = folder });
                var model = RewardModel.Load(folder, device);
                rewards.Add(model);
                if (model.PairLabels is not null)
                    throw RewardKitException.Input($"{folder} is a pairwise model: it says which of two responses is better, and a decoder needs a reward for each. Name one with a scalar head.");
                return (new(folder, model, encoder), new(folder, model, encoder));
            }
        }

        public void Dispose()
        {
            foreach (var guide in Guides) guide.Dispose();
            foreach (var reward in Rewards) reward.Dispose();
        }
    }
}
