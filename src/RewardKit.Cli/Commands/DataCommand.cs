using System.CommandLine;
using System.Globalization;
using System.Text;
using RewardKit.Models.Tokenization;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit data inspect</c>.</summary>
internal static class DataCommand
{
    private const int ShownCharacters = 160;

    /// <summary>The command with its subcommand.</summary>
    public static Command Create() => new CommandWithExamples("data", "Looks at preference data.", "rewardkit data inspect pairs.jsonl") { Inspect() };

    private static Command Inspect()
    {
        var file = new Argument<string>("FILE") { Description = "Pairs as JSON Lines, a JSON array or CSV; also gzip." };
        var other = new Argument<string?>("OTHER")
        {
            Description = "A second file; how many prompts are in both is shown, too.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var reading = new PairReadingOptions();
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Show lengths in tokens, too: a model's or tokenizer's folder.", HelpName = "FOLDER" };
        var limit = new Option<int?>("--max-tokens") { Description = "With --tokenizer: count what has more tokens than this.", HelpName = "N" };
        var seed = new Option<int>("--seed") { Description = "Chooses the samples; default 1.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var json = Json.Option();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "inspect",
            """
            Shows what a file of preference pairs holds: its layout, counts, lengths, duplicates, contradictions and five
            samples. Pairs, scored or labelled responses, and lists of ranked responses are read. The layout is told by the first record; columns with names of their own are named by options.
            """,
            "rewardkit data inspect train.jsonl.gz test.jsonl.gz",
            "rewardkit data inspect pairs.csv --prompt question --chosen better --rejected worse",
            "rewardkit data inspect helpsteer.jsonl --score helpfulness --json",
            "rewardkit data inspect ultrafeedback.jsonl --pairing BestWorst --tokenizer models/llama --max-tokens 1024")
        {
            file, other, tokenizer, limit, seed, json, verbose,
        };
        reading.AddTo(command);
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            if (parsed.GetValue(limit) is < 1) throw RewardKitException.Input($"--max-tokens {parsed.GetValue(limit)} is out of range; it must be at least 1.");
            if (parsed.GetValue(limit) is not null && parsed.GetValue(tokenizer) is null) throw RewardKitException.Input("--max-tokens needs --tokenizer FOLDER.");
            var encoder = parsed.GetValue(tokenizer) is { } folder ? Unlimited(Tokenizer.Load(folder)) : null;
            string[] paths = parsed.GetValue(other) is { } second ? [parsed.GetRequiredValue(file), second] : [parsed.GetRequiredValue(file)];
            var found = paths.Select(path =>
            {
                var inspection = new PairInspection(PairFiles.Load(new(Path.GetFullPath(path)) { Reading = reading.Of(parsed) }), parsed.GetValue(seed));
                return new Shown(path, inspection, Tokens(inspection, encoder, parsed.GetValue(limit)));
            }).ToArray();
            int? shared = found is [var one, var two] ? PairInspection.SharedPrompts(one.Found.Pairs, two.Found.Pairs) : null;
            if (parsed.GetValue(json)) PrintJson(found, shared);
            else Print(found, shared);
        }));
        return command;
    }

    private sealed record Shown(string Path, PairInspection Found, TokenLengths[] Tokens);

    private sealed record TokenLengths(string Part, LengthSpread Spread, int? Beyond);

    private static PairEncoder Unlimited(Tokenizer tokenizer) => new(tokenizer, ChatTemplate.For(tokenizer), int.MaxValue, int.MaxValue);

    private static TokenLengths[] Tokens(PairInspection found, PairEncoder? encoder, int? limit) => encoder is null
        ? []
        : [.. found.Tokens(encoder).Select(p => new TokenLengths(p.Part, LengthSpread.Of(p.Tokens), limit is { } most ? p.Tokens.Count(n => n > most) : null))];

    private static void Print(Shown[] files, int? shared)
    {
        foreach (var (path, found, tokens) in files)
        {
            var text = new StringBuilder();
            Row("file", path);
            Row("layout", found.Pairs.Layout);
            Row("records", $"{found.Pairs.Records}");
            if (found.Pairs.Responses is { } responses) Row("responses", $"{responses}");
            Row("pairs", $"{found.Pairs.Examples.Count}, of them {found.Ties} ties");
            Row("prompts", $"{found.Prompts}");
            if (found.Steps.Labelled > 0) Row("steps", string.Create(CultureInfo.InvariantCulture, $"{found.Steps.Labelled} with a label, {100 * found.Steps.Right:0.0} % right"));
            Row("duplicates", $"{found.Duplicates}, left out");
            Row("contradicting", $"{found.Contradicting} pairs whose reverse is there, too");
            foreach (var skipped in found.Pairs.Skipped.Where(s => s.Reason != PairFiles.Duplicate))
                Row("skipped", $"{skipped.Records.Count}: {skipped.Reason} (first: record {skipped.Records[0]})");
            Spread("characters", found.Lengths, "", _ => "");
            if (tokens is [{ Beyond: var counted }, ..])
                Spread("tokens", tokens.Select(t => (t.Part, t.Spread)), counted is null ? "" : "beyond", i => $"{tokens[i].Beyond}");
            foreach (var sample in found.Samples)
            {
                text.Append(CultureInfo.InvariantCulture, $"\nrecord {sample.Provenance.Record}{(sample.Relation == Relation.Tie ? ", a tie" : "")}\n");
                Row("  prompt", OneLine(sample.Prompt));
                Row("  chosen", OneLine(sample.Chosen));
                Row("  rejected", OneLine(sample.Rejected));
            }
            Console.WriteLine(text);

            void Spread(string unit, IEnumerable<(string Part, LengthSpread Spread)> parts, string last, Func<int, string> value)
            {
                Line($"{unit,-15}{"min",10}{"median",10}{"90 %",10}{"99 %",10}{"max",10}{last,10}", "\n");
                foreach (var (i, (part, length)) in parts.Index())
                    Line(FormattableString.Invariant($"{part,-15}{length.Min,10}{length.Median,10:0.#}{length.P90,10}{length.P99,10}{length.Max,10}{value(i),10}"));
            }

            void Line(string line, string before = "") => text.Append(before).Append(line.TrimEnd()).Append('\n');

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

    private static void PrintJson(Shown[] files, int? shared)
    {
        Json.Print(new
        {
            files = files.Select(f => new
            {
                path = f.Path,
                layout = f.Found.Pairs.Layout,
                records = f.Found.Pairs.Records,
                responses = f.Found.Pairs.Responses,
                pairs = f.Found.Pairs.Examples.Count,
                ties = f.Found.Ties,
                prompts = f.Found.Prompts,
                steps = f.Found.Steps.Labelled,
                stepsRight = f.Found.Steps.Right,
                duplicates = f.Found.Duplicates,
                contradicting = f.Found.Contradicting,
                skipped = f.Found.Pairs.Skipped.Select(s => new { reason = s.Reason, records = s.Records }),
                characters = f.Found.Lengths.ToDictionary(l => l.Part, l => Lengths(l.Characters)),
                tokens = f.Tokens.Length == 0 ? null : f.Tokens.ToDictionary(t => t.Part, t => new { lengths = Lengths(t.Spread), beyond = t.Beyond }),
                samples = f.Found.Samples.Select(s => new
                {
                    record = s.Provenance.Record,
                    tie = s.Relation == Relation.Tie,
                    margin = s.Margin,
                    softLabel = s.SoftLabel,
                    prompt = Turns(s.Prompt),
                    chosen = Turns(s.Chosen),
                    rejected = Turns(s.Rejected),
                }),
            }),
            sharedPrompts = shared,
        });

        static object Lengths(LengthSpread spread) =>
            new { min = spread.Min, median = spread.Median, p90 = spread.P90, p99 = spread.P99, max = spread.Max };

        static object Turns(Conversation conversation) => conversation.Messages.Select(m => new { role = m.Role, content = m.Content });
    }
}
