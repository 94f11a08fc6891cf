using System.Text.Json;
using RewardKit.Hosting.Decoding;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board;

/// <summary>What the folders of experiments and scripts have beside the runs: pages, and answers that models gave to prompts.</summary>
internal sealed class Folders(string root)
{
    private const int Most = 50;

    // A page of its own origin: it may draw, and reach neither the board nor anything else.
    private const string Sandbox =
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    /// <summary>The folders that have something to show.</summary>
    public IEnumerable<object> All() =>
        from folder in Directory.GetDirectories(root, "*", Readable).Order(StringComparer.Ordinal)
        let pages = Directory.GetFiles(folder, "*.html", Readable).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray()
        let answers = AnswerFiles(folder).Length
        where pages.Length > 0 || answers > 0
        select new { name = Path.GetFileName(folder), pages, answers };

    /// <summary>A page that an experiment left, kept away from all else.</summary>
    /// <exception cref="FileNotFoundException">There is no such page.</exception>
    public Reply Page(string folder, string file)
    {
        if (Path.GetExtension(file) != ".html" || Path.GetFileName(file) != file) throw new FileNotFoundException($"There is no page {file}.");
        var path = Path.Combine(Place(folder), file);
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no page {folder}/{file}.");
        return Reply.Of("text/html; charset=utf-8", File.ReadAllBytes(path)) with { Policy = Sandbox };
    }

    /// <summary>The answers kept in folders, prompt by prompt, those of each file in a column.</summary>
    /// <param name="folders">The folders.</param>
    /// <param name="from">The first prompt, from 0.</param>
    /// <param name="count">How many prompts at most.</param>
    /// <exception cref="FileNotFoundException">There is no such folder.</exception>
    public object Texts(IEnumerable<string> folders, int from, int count)
    {
        var files = folders.SelectMany(folder => AnswerFiles(Place(folder)).Select(path => (Folder: folder, Path: path, Kept: KeptAnswers.Read(path))))
            .Where(file => file.Kept.Answers.Count > 0).ToArray();
        var columns = files.Select(file => file.Kept.Answers.GroupBy(answer => Text(answer.Prompt)).ToDictionary(g => g.Key, g => g.ToArray())).ToArray();
        // Those that most have answered can be compared.
        var prompts = files.SelectMany(file => file.Kept.Answers).Select(answer => answer.Prompt).DistinctBy(Text)
            .OrderByDescending(prompt => columns.Count(column => column.ContainsKey(Text(prompt)))).ToArray();
        return new
        {
            Columns = files.Select(file => new { file.Folder, File = Path.GetFileName(file.Path), Settings = RunSettings.Of(file.Kept.Parts) }),
            Total = prompts.Length,
            Prompts = prompts.Skip(from).Take(Math.Min(count, Most)).Select(prompt => new
            {
                Prompt = prompt.Messages.Select(m => new { m.Role, m.Content }),
                Answers = columns.Select(column => column.GetValueOrDefault(Text(prompt), []).Select(a => new
                {
                    a.Sample,
                    a.Text,
                    a.Tokens,
                    a.LogProb,
                    Finish = JsonNamingPolicy.KebabCaseLower.ConvertName(a.Finish.ToString()),
                    a.Divergence,
                })),
            }),
        };

        static string Text(Conversation prompt) => JsonSerializer.Serialize(prompt.Messages.Select(m => new[] { m.Role, m.Content }));
    }

    private static string[] AnswerFiles(string folder) => Path.Combine(folder, "answers") is var answers && Directory.Exists(answers)
        ? [.. Directory.GetFiles(answers, "*.jsonl", Readable).OrderBy(File.GetCreationTimeUtc).ThenBy(path => path, StringComparer.Ordinal)]
        : [];

    // One of those right below the root, whatever the name says.
    private string Place(string folder) => Directory.GetDirectories(root, "*", Readable).FirstOrDefault(path => Path.GetFileName(path) == folder)
        ?? throw new FileNotFoundException($"There is no folder {folder} with experiments.");
}
