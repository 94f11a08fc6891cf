using System.CommandLine;
using RewardKit.Hosting.Generators;
using RewardKit.Models.Generation;
using TorchSharp;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit generate MODEL</c>.</summary>
internal static class GenerateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The language model's folder; with --server its name there." };
        var settings = new GenerationSettings("Decides what is sampled; line n draws with seed + n.");
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
            model,
        };
        settings.AddTo(command);
        foreach (var option in new Option[] { server, key, plugins, verbose }) command.Options.Add(option);
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var (options, use) = (settings.Options(parsed), settings.Steering(parsed));
            if (parsed.GetValue(server) is { } url)
            {
                if (use is not null) throw RewardKitException.Input("A decoder steers a local model: leave out --server or --decoder.");
                using var remote = new ServerGenerator(new() { Url = url, Model = parsed.GetRequiredValue(model), KeyVariable = parsed.GetValue(key) }) { Retrying = Console.Error.WriteLine };
                GenerateLines.Run(remote, options, cancellation);
                return;
            }
            if (parsed.GetValue(key) is not null) throw RewardKitException.Input("--key is for a server: name one with --server.");

            var device = torch.cuda.is_available() ? torch.CUDA : torch.CPU;
            using var loaded = LanguageModel.Load(parsed.GetRequiredValue(model), device);
            if (use is null)
            {
                GenerateLines.Run(lines => loaded.Generate([.. lines.Select(line => Ids(loaded, line))], options, [.. lines.Select(line => options.Seed + line.Number)]), cancellation);
                return;
            }
            using var steered = new SteeredModel(loaded, use, parsed.GetRequiredValue(plugins), device);
            GenerateLines.Run(lines => steered.Decode(lines.Select(line => (line.NeedPrompt(), options.Seed + line.Number)), options, null, cancellation), cancellation);
        }));
        return command;
    }

    private static int[] Ids(LanguageModel model, GenerateLines.Line line) =>
        line.Prompt is { } prompt ? model.EncodePrompt(prompt) : model.Encoder.Tokenizer.EncodeWithSpecialTokens(line.Text!);
}
