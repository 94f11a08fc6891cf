using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace RewardKit.Cli;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does.</param>
/// <param name="examples">Whole command lines, as a shell takes them.</param>
internal sealed class CommandWithExamples(string name, string description, params string[] examples)
    : Command(name, description)
{
    private string[] Examples { get; } = examples;

    /// <summary>Lets the help of every command below a root show its examples.</summary>
    /// <param name="root">The root.</param>
    /// <param name="examples">The root's own examples.</param>
    public static void ShowIn(RootCommand root, params string[] examples)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        // Where these are completed, a path cannot be.
        foreach (var alias in new[] { "/h", "/?" }) help.Aliases.Remove(alias);
        help.Action = new Help((HelpAction)help.Action!, command =>
            command == root ? examples : (command as CommandWithExamples)?.Examples ?? []);
    }

    private sealed class Help(HelpAction usual, Func<Command, string[]> examplesOf) : SynchronousCommandLineAction
    {
        // Whoever asks for help need not get the rest right.
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parsed)
        {
            usual.Invoke(parsed);
            var examples = examplesOf(parsed.CommandResult.Command);
            if (examples.Length > 0)
                Console.WriteLine($"Examples:\n  {string.Join("\n  ", examples)}\n");
            return 0;
        }
    }
}
