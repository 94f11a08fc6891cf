using System.CommandLine;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit completion SHELL</c>.</summary>
internal static class CompletionCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh.", HelpName = "SHELL" };
        shell.CompletionSources.Add(_ => CompletionScripts.ByShell.Keys.Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "completion",
            "Prints a script that has a shell complete commands, options, plugins' ids, runs' ids and files.",
            "eval \"$(rewardkit completion bash)\"  # in ~/.bashrc",
            "rewardkit completion zsh > ~/.zfunc/_rewardkit  # in a folder of $fpath",
            "rewardkit completion fish > ~/.config/fish/completions/rewardkit.fish",
            "rewardkit completion pwsh >> profile.ps1  # the file that $PROFILE names")
        {
            shell, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var name = parsed.GetRequiredValue(shell);
            Console.Write(CompletionScripts.ByShell.TryGetValue(name, out var script)
                ? script
                : throw RewardKitException.Input($"There is no completion for \"{name}\". Expected one of {string.Join(", ", CompletionScripts.ByShell.Keys)}."));
        }));
        return command;
    }
}
