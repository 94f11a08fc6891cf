using System.CommandLine;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary>The options that say how a file of pairs is read.</summary>
internal sealed class PairReadingOptions
{
    private readonly Option<string?> _prompt = Column("prompt", "the prompt");
    private readonly Option<string?> _chosen = Column("chosen", "the better response");
    private readonly Option<string?> _rejected = Column("rejected", "the worse response");
    private readonly Option<string?> _margin = Column("margin", "by how much the chosen response is better");
    private readonly Option<string?> _label = Column("label", "the probability that the chosen response is better, or of whether a single response is good");
    private readonly Option<string?> _tie = Column("tie", "whether neither is better");
    private readonly Option<string?> _response = Column("response", "one of several responses");
    private readonly Option<string?> _score = Column("score", "the response's score, or of the list of scores");
    private readonly Option<string?> _responses = Column("responses", "the list of responses");
    private readonly Option<string?> _rank = Column("rank", "the responses' ranks, 1 for the best");

    private readonly Option<Pairing> _pairing = new("--pairing")
    {
        Description = "Which pairs are made of several responses: All (any two of different rank), Adjacent, BestWorst.",
        HelpName = "PAIRS",
    };

    private readonly Option<string> _separator = new("--step-separator")
    {
        Description = "What stands between the steps of a response that is given in steps; \\n, the default, for a new line.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "\\n",
    };

    private readonly Option<StepSource> _steps = new("--steps")
    {
        Description = "Of solutions that are graded as a whole, where labels of steps come from: Reference (right until a number is not the reference's), Outcome (the grade).",
        HelpName = "LABELS",
    };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _prompt, _chosen, _rejected, _margin, _label, _tie, _response, _score, _responses, _rank, _pairing, _separator, _steps })
            command.Options.Add(option);
    }

    /// <summary>What a command line says.</summary>
    public PairReading Of(ParseResult parsed) => new()
    {
        Columns = new()
        {
            Prompt = parsed.GetValue(_prompt),
            Chosen = parsed.GetValue(_chosen),
            Rejected = parsed.GetValue(_rejected),
            Margin = parsed.GetValue(_margin),
            Label = parsed.GetValue(_label),
            Tie = parsed.GetValue(_tie),
            Response = parsed.GetValue(_response),
            Score = parsed.GetValue(_score),
            Responses = parsed.GetValue(_responses),
            Rank = parsed.GetValue(_rank),
        },
        Pairing = parsed.GetValue(_pairing),
        StepSeparator = parsed.GetValue(_separator)!.Replace("\\n", "\n", StringComparison.Ordinal),
        Steps = parsed.GetValue(_steps),
    };

    private static Option<string?> Column(string name, string what) =>
        new($"--{name}") { Description = $"The column of {what}.", HelpName = "COLUMN" };
}
