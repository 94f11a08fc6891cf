using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit data inspect</c>.</summary>
internal static class DataCommand
{
    private const int ShownCharacters = 160;

    /// <summary>The command with its subcommand.</summary>
    public static Command Create() => new("data", "Looks at preference data.") { Inspect() };

    private static Command Inspect()
    {
        var file = new Argument<string>("FILE") { Description = "Pairs as JSON Lines, a JSON array or CSV; also gzip." };
        var other = new Argument<string?>("OTHER")
        {
            Description = "A second file; how many prompts are in both is shown, too.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var (prompt, chosen, rejected) = (Column("prompt", "the prompt"), Column("chosen", "the better response"), Column("rejected", "the worse response"));
        var (margin, label, tie) = (
            Column("margin", "by how much the chosen response is better"),
            Column("label", "the probability that the chosen response is better"),
            Column("tie", "whether neither is better"));
        var (response, score) = (Column("response", "one of several responses"), Column("score", "the response's score"));
        var seed = new Option<int>("--seed") { Description = "Chooses the samples; default 1.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print a JSON object." };
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "inspect",
            """
            Shows what a file of preference pairs holds: its layout, counts, lengths, duplicates, contradictions and five
            samples. The layout is told by the first record; columns with names of their own are named by options.
            """,
            "rewardkit data inspect train.jsonl.gz test.jsonl.gz",
            "rewardkit data inspect pairs.csv --prompt question --chosen better --rejected worse",
            "rewardkit data inspect helpsteer.jsonl --score helpfulness --json")
        {
            file, other, prompt, chosen, rejected, margin, label, tie, response, score, seed, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var reading = new PairReading
            {
                Columns = new()
                {
                    Prompt = parsed.GetValue(prompt),
                    Chosen = parsed.GetValue(chosen),
                    Rejected = parsed.GetValue(rejected),
                    Margin = parsed.GetValue(margin),
                    Label = parsed.GetValue(label),
                    Tie = parsed.GetValue(tie),
                    Response = parsed.GetValue(response),
                    Score = parsed.GetValue(score),
                },
            };
            string[] paths = parsed.GetValue(other) is { } second ? [parsed.GetRequiredValue(file), second] : [parsed.GetRequiredValue(file)];
            var found = paths.Select(path => (path, new PairInspection(
                PairFiles.Load(new(Path.GetFullPath(path)) { Reading = reading }), parsed.GetValue(seed)))).ToArray();
            int? shared = found is [var (_, one), var (_, two)] ? PairInspection.SharedPrompts(one.Pairs, two.Pairs) : null;
            if (parsed.GetValue(json)) PrintJson(found, shared);
            else Print(found, shared);
        }));
        return command;
    }

    private static Option<string?> Column(string name, string what) =>
        new($"--{name}") { Description = $"The column of {what}.", HelpName = "COLUMN" };

    private static void Print((string Path, PairInspection Found)[] files, int? shared)
    {
        foreach (var (path, found) in files)
        {
            var text = new StringBuilder();
            Row("file", path);
            Row("layout", found.Pairs.Layout);
            Row("records", $"{found.Pairs.Records}");
            Row("pairs", $"{found.Pairs.Examples.Count}, of them {found.Ties} ties");
            Row("prompts", $"{found.Prompts}");
            Row("duplicates", $"{found.Duplicates}, left out");
            Row("contradicting", $"{found.Contradicting} pairs whose reverse is there, too");
            foreach (var skipped in found.Pairs.Skipped.Where(s => s.Reason != PairFiles.Duplicate))
                Row("skipped", $"{skipped.Records.Count}: {skipped.Reason} (first: record {skipped.Records[0]})");
            text.Append(CultureInfo.InvariantCulture, $"\n{"characters",-15}{"min",10}{"median",10}{"max",10}\n");
            foreach (var (part, length) in found.Lengths)
                text.Append(CultureInfo.InvariantCulture, $"{part,-15}{length.Min,10}{length.Median,10:0.#}{length.Max,10}\n");
            foreach (var sample in found.Samples)
            {
                text.Append(CultureInfo.InvariantCulture, $"\nrecord {sample.Provenance.Record}{(sample.Relation == Relation.Tie ? ", a tie" : "")}\n");
                Row("  prompt", OneLine(sample.Prompt));
                Row("  chosen", OneLine(sample.Chosen));
                Row("  rejected", OneLine(sample.Rejected));
            }
            Console.WriteLine(text);

            void Row(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-15}{value}\n");
        }
        if (shared is { } prompts) Console.WriteLine($"{"shared prompts",-15}{prompts}{(prompts > 0 ? ": a test on one file knows prompts of the other" : "")}");
    }

    // Control characters in data must not reach the terminal.
    private static string OneLine(Conversation conversation)
    {
        var text = string.Concat($"{conversation}".EnumerateRunes().Take(ShownCharacters + 1)
            .Select(r => Rune.IsControl(r) || Rune.IsWhiteSpace(r) ? " " : r.ToString()));
        var runes = text.EnumerateRunes().ToArray();
        return runes.Length > ShownCharacters ? string.Concat(runes[..ShownCharacters]) + "…" : text;
    }

    private static void PrintJson((string Path, PairInspection Found)[] files, int? shared)
    {
        var result = new
        {
            files = files.Select(f => new
            {
                path = f.Path,
                layout = f.Found.Pairs.Layout,
                records = f.Found.Pairs.Records,
                pairs = f.Found.Pairs.Examples.Count,
                ties = f.Found.Ties,
                prompts = f.Found.Prompts,
                duplicates = f.Found.Duplicates,
                contradicting = f.Found.Contradicting,
                skipped = f.Found.Pairs.Skipped.Select(s => new { reason = s.Reason, records = s.Records }),
                characters = f.Found.Lengths.ToDictionary(l => l.Part, l => new { min = l.Characters.Min, median = l.Characters.Median, max = l.Characters.Max }),
                samples = f.Found.Samples.Select(s => new
                {
                    record = s.Provenance.Record,
                    tie = s.Relation == Relation.Tie,
                    margin = s.Margin,
                    soft_label = s.SoftLabel,
                    prompt = Turns(s.Prompt),
                    chosen = Turns(s.Chosen),
                    rejected = Turns(s.Rejected),
                }),
            }),
            shared_prompts = shared,
        };
        Console.WriteLine(JsonSerializer.Serialize(result, new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

        static object Turns(Conversation conversation) => conversation.Messages.Select(m => new { role = m.Role, content = m.Content });
    }
}
