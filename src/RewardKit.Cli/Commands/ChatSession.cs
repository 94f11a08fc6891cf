using System.Globalization;
using System.Text;
using RewardKit.Models.Generation;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary>A conversation with a model.</summary>
/// <param name="model">The model.</param>
/// <param name="steered">The same with what steers it; null for nothing.</param>
/// <param name="options">How tokens are chosen.</param>
/// <param name="output">Where answers go, token by token.</param>
/// <param name="error">Where it is told what is wrong with a line.</param>
internal sealed class ChatSession(LanguageModel model, SteeredModel? steered, GenerationOptions options, TextWriter output, TextWriter error)
{
    private const string Help =
        """
        /weights            what steers, and its weights
        /weight NAME VALUE  change a weight
        /system TEXT        what the system says in front; without a text, nothing
        /temperature VALUE  0 takes the most probable token; 1 samples as the model says
        /seed N             the seed of the next answer's draws
        /reset              begin a new conversation
        /quit               leave, as Ctrl-D

        """;

    private static readonly string[] s_commands = ["/weights", "/weight", "/system", "/temperature", "/seed", "/reset", "/quit", "/help"];
    private readonly List<Message> _turns = [];
    private GenerationOptions _options = options;
    private int _answers;

    /// <summary>What the system says in front; null for nothing.</summary>
    public string? System { get; set; }

    /// <summary>Takes a line: a turn of the user, or a command.</summary>
    /// <param name="line">The line.</param>
    /// <param name="answering">Begins an answer: a token that stops it.</param>
    /// <returns>False where the user leaves.</returns>
    public bool Take(string line, Func<CancellationToken> answering)
    {
        if (string.IsNullOrWhiteSpace(line)) return true;
        try
        {
            if (!line.StartsWith('/')) Answer(line, answering());
            else return Do(line.Trim());
        }
        catch (RewardKitException e) when (e.ExitCode == 2)
        {
            error.WriteLine(e.Message);
            // What was not answered was not said.
            if (_turns is [.., { Role: "user" }]) _turns.RemoveAt(_turns.Count - 1);
        }
        return true;
    }

    private bool Do(string line)
    {
        var (command, rest) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, var second] ? (first, second) : (line, "");
        switch (command)
        {
            case "/quit":
                return false;
            case "/help":
                output.Write(Help);
                break;
            case "/reset":
                _turns.Clear();
                _answers = 0;
                break;
            case "/system":
                System = rest.Length == 0 ? null : rest;
                break;
            case "/seed":
                _options = _options with { Seed = long.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed) ? seed : throw Wrong("/seed", rest, "a whole number") };
                _answers = 0;
                break;
            case "/temperature":
                _options = _options with { Temperature = Number("/temperature", rest) };
                break;
            case "/weights":
                if (steered is null) throw RewardKitException.Input("Nothing steers this model: start with --decoder ID.");
                foreach (var (name, weight) in steered.Names.Zip(steered.Weights)) output.WriteLine(FormattableString.Invariant($"{name} {weight}"));
                break;
            case "/weight":
                Weigh(rest);
                break;
            default:
                throw RewardKitException.Input($"There is no command {command}.{NearNames.Sentence(command, s_commands)} /help lists them.");
        }
        return true;
    }

    private void Weigh(string text)
    {
        if (steered is null) throw RewardKitException.Input("Nothing steers this model: start with --decoder ID.");
        // Where there is one, its name need not be said.
        var (name, value) = text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [var only] when steered.Names.Length == 1 => (steered.Names[0], only),
            [var first, var second] => (first, second),
            _ => throw RewardKitException.Input($"/weight: expected a name and a number, as /weight {steered.Names[0]} 0.5."),
        };
        var place = Array.IndexOf(steered.Names, name);
        if (place < 0) throw RewardKitException.Input($"Nothing that steers is called \"{name}\".{NearNames.Sentence(name, steered.Names)} There is: {string.Join(", ", steered.Names)}.");
        steered.Weights[place] = Number("/weight", value);
    }

    private void Answer(string line, CancellationToken stop)
    {
        Message[] before = [.. _turns];
        _turns.Add(new("user", line));
        var dropped = 0;
        while (!Fits() && _turns.Count > 1)
        {
            // A question goes with its answer.
            var together = _turns is [_, { Role: "assistant" }, _, ..] ? 2 : 1;
            _turns.RemoveRange(0, together);
            dropped += together;
        }
        if (!Fits())
        {
            _turns.Clear();
            _turns.AddRange(before);
            throw RewardKitException.Input($"This turn does not fit {model.Name}, whose context has {Context} tokens, with room for an answer: shorten it, or the system's text.");
        }
        if (dropped > 0) error.WriteLine($"({(dropped == 1 ? "The oldest turn is" : $"The {dropped} oldest turns are")} left out from here on: the context has {Context} tokens.)");

        var written = new StringBuilder();
        try
        {
            Write(written, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            error.Write(" (stopped)");
        }
        output.WriteLine();
        output.Flush();
        _turns.Add(new("assistant", written.ToString()));
    }

    private void Write(StringBuilder written, CancellationToken stop)
    {
        var seed = _options.Seed + ++_answers;
        if (steered is null)
        {
            foreach (var token in model.Stream([Prompt()], _options, [seed]))
            {
                Say(token.Text);
                stop.ThrowIfCancellationRequested();
            }
            return;
        }
        var answer = steered.Decode([(Prompt(), seed)], _options, steered.Streams ? token => Say(token.Text) : null, stop)[0].Text;
        if (written.ToString() == answer) return;
        // It was chosen among several, or written in pieces of which some were dropped.
        if (written.Length > 0) output.WriteLine("\n(chosen:)");
        written.Clear();
        Say(answer);

        void Say(string text)
        {
            written.Append(text);
            // What a model says must not steer the terminal.
            output.Write(string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? ' ' : c)));
            output.Flush();
        }
    }

    private int Context => steered?.Context ?? model.Model.Config.MaxPositionEmbeddings;

    private Conversation Prompt() => new([.. System is null ? [] : new[] { new Message("system", System) }, .. _turns]);

    // An answer is to have a quarter of the context, unless it may not be as long.
    private bool Fits()
    {
        try
        {
            return model.EncodePrompt(Prompt()).Length + Math.Min(_options.MaxTokens, Context / 4) <= Context;
        }
        catch (RewardKitException e) when (e.ExitCode == 2)
        {
            return false;
        }
    }

    private static double Number(string command, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= 0 && double.IsFinite(number)
            ? number : throw Wrong(command, text, "a number of at least 0");

    private static RewardKitException Wrong(string command, string value, string expected) => RewardKitException.Input($"{command} is \"{value}\"; expected {expected}.");
}
