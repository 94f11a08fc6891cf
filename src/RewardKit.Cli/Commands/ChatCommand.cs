using System.CommandLine;
using RewardKit.Models.Generation;
using TorchSharp;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit chat MODEL</c>.</summary>
internal static class ChatCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "The language model's folder." };
        var settings = new GenerationSettings("Decides what is sampled; answer n draws with seed + n.");
        var system = new Option<string?>("--system") { Description = "What the system says in front of the conversation.", HelpName = "TEXT" };
        var (plugins, verbose) = (Shared.Plugins(), Shared.Verbose());
        var command = new CommandWithExamples(
            "chat",
            """
            Talks to a model turn by turn, through its chat template. Of standard input each line is a turn; a line that begins
            with / is a command: /help lists them. A decoder plugin steers the model by others, whose weights /weight changes
            between turns. Ctrl-C stops an answer, Ctrl-D leaves.
            """,
            "rewardkit chat models/qwen2.5-0.5b-instruct --temperature 0.7",
            "rewardkit chat models/base --decoder gen-arm --guide models/helpful=1 --guide models/harmless=0.5",
            "rewardkit chat models/base --decoder args --reward runs/quickstart/bradley-terry/seed-1/checkpoint")
        {
            model, system,
        };
        settings.AddTo(command);
        foreach (var option in new Option[] { plugins, verbose }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            using var answering = new Interruption();
            return Outcome.Of(parsed.GetValue(verbose), cancellation =>
            {
                var device = torch.cuda.is_available() ? torch.CUDA : torch.CPU;
                var use = settings.Steering(parsed);
                using var loaded = LanguageModel.Load(parsed.GetRequiredValue(model), device);
                using var steered = use is null ? null : new SteeredModel(loaded, use, parsed.GetRequiredValue(plugins), device);
                var session = new ChatSession(loaded, steered, settings.Options(parsed), Console.Out, Console.Error) { System = parsed.GetValue(system) };
                var interactive = !Console.IsInputRedirected && !Console.IsOutputRedirected;
                if (interactive) Console.WriteLine($"{loaded.Name}. /help lists commands; Ctrl-D leaves.");
                answering.Begin();
                while (true)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (interactive) Console.Write("> ");
                    // A line may never come: whoever stops the command does not wait for it.
                    var line = Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(cancellation).GetAwaiter().GetResult();
                    if (line is null || !session.Take(line, () => answering.Of(cancellation))) break;
                }
                if (interactive) Console.WriteLine();
            }, interrupted: answering.Take);
        });
        return command;
    }

    /// <summary>Ctrl-C as it is meant in a conversation: it stops the answer, and no more.</summary>
    private sealed class Interruption : IDisposable
    {
        private CancellationTokenSource? _answer;
        private bool _talks;

        /// <summary>From now on there is a conversation.</summary>
        public void Begin() => _talks = true;

        /// <summary>A token for one answer.</summary>
        public CancellationToken Of(CancellationToken all)
        {
            _answer?.Dispose();
            _answer = CancellationTokenSource.CreateLinkedTokenSource(all);
            return _answer.Token;
        }

        /// <summary>Takes a Ctrl-C; false where there is no conversation yet, and it means the command.</summary>
        public bool Take()
        {
            if (!_talks) return false;
            _answer?.Cancel();
            return true;
        }

        public void Dispose() => _answer?.Dispose();
    }
}
