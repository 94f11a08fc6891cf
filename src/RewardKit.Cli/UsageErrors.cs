using System.CommandLine;
using System.CommandLine.Parsing;
using RewardKit.Training.Data;

namespace RewardKit.Cli;

/// <summary>What is wrong with a command line, in the words of whoever wrote it.</summary>
internal static class UsageErrors
{
    /// <summary>Whether there is something wrong with it.</summary>
    /// <param name="parsed">The command line.</param>
    public static bool Are(ParseResult parsed) => parsed.Errors.Count > 0 || Dashed(parsed) is not null;

    /// <summary>Tells it on standard error.</summary>
    /// <param name="parsed">The command line.</param>
    /// <returns>The exit code.</returns>
    public static int Tell(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        // Of a word that is not known, what follows from it is no news.
        foreach (var message in (parsed.UnmatchedTokens.FirstOrDefault(IsDashed) ?? Dashed(parsed) ?? parsed.UnmatchedTokens.FirstOrDefault()) is { } word ? [Unknown(command, word)] : parsed.Errors.Select(Message).Distinct())
            Console.Error.WriteLine(message);
        Console.Error.WriteLine($"See: {PathOf(command)} --help");
        return 2;
    }

    // An option that is not known would pass for an argument, a folder to make for one. Whoever has a file of that name writes ./-x.
    private static string? Dashed(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).FirstOrDefault(IsDashed);

    private static bool IsDashed(string word) => word is ['-', _, ..];

    private static string Unknown(CommandResult result, string word)
    {
        var command = result.Command;
        if (word.StartsWith('-'))
            return $"{PathOf(result)} has no option \"{word}\".{NearNames.Sentence(word, OptionsOf(result).SelectMany(o => o.Aliases.Append(o.Name)))}";
        if (command.Subcommands.Count > 0 && command.Arguments.Count == 0)
            return $"{PathOf(result)} has no command \"{word}\".{NearNames.Sentence(word, Shown(command))} Its commands: {string.Join(", ", Shown(command))}.";
        return $"\"{word}\" is one argument too many: {PathOf(result)} {(command.Arguments.Count == 0 ? "takes none" : $"takes {string.Join(" and ", command.Arguments.Select(Named))}")}.";
    }

    // What an option's own parser says stays as it is.
    private static string Message(ParseError error) => error.SymbolResult switch
    {
        OptionResult or ArgumentResult { Parent: OptionResult } when !error.Message.StartsWith("Cannot parse argument", StringComparison.Ordinal) => error.Message,
        CommandResult { Command.Subcommands.Count: > 0, Command.Arguments.Count: 0 } command =>
            $"Name a command: {string.Join(", ", Shown(command.Command))}.",
        CommandResult command when Missing(command) is { Length: > 0 } missing => $"{PathOf(command)} needs {string.Join(" and ", missing.Select(Named))}.",
        ArgumentResult { Tokens.Count: 0, Parent: CommandResult command } argument => $"{PathOf(command)} needs {Named(argument.Argument)}.",
        OptionResult { Tokens: [.., var given] } option => Wrong(option.Option.Name, option.Option.ValueType, given.Value) ?? error.Message,
        ArgumentResult { Parent: OptionResult { Tokens: [.., var given] } option } => Wrong(option.Option.Name, option.Option.ValueType, given.Value) ?? error.Message,
        _ => error.Message,
    };

    private static string? Wrong(string name, Type type, string given)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return $"{name} is \"{given}\"; expected one of {string.Join(", ", Enum.GetNames(type))}.{NearNames.Sentence(given, Enum.GetNames(type))}";
        return type == typeof(int) ? $"{name} is \"{given}\"; expected a whole number."
            : type == typeof(double) ? $"{name} is \"{given}\"; expected a number."
            : null;
    }

    private static Argument[] Missing(CommandResult command) =>
        [.. command.Command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > (command.GetResult(a)?.Tokens.Count ?? 0))];

    private static string Named(Argument argument) => argument.Name;

    private static IEnumerable<string> Shown(Command command) => command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);

    private static IEnumerable<Option> OptionsOf(CommandResult result)
    {
        foreach (var option in result.Command.Options.Where(o => !o.Hidden)) yield return option;
        for (var above = result.Parent as CommandResult; above is not null; above = above.Parent as CommandResult)
            foreach (var option in above.Command.Options.Where(o => o.Recursive && !o.Hidden)) yield return option;
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "rewardkit";
}
