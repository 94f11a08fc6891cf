using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.HhCleaning;

/// <summary>What the files that the options name say of pairs: votes, flags and categories by id or record, and words.</summary>
internal sealed class Evidence
{
    private readonly Dictionary<string, (BenchmarkRecord Record, Findings Findings)> _known = [];
    private readonly HashSet<string> _met = [];
    private readonly string? _votes;
    private readonly Regex? _words;

    /// <summary>Reads the files.</summary>
    /// <param name="options">The files, and how many votes there must be.</param>
    /// <param name="others">How many votes a pair has beside those of the file.</param>
    /// <exception cref="RewardKitException">A file is not in its form.</exception>
    public Evidence(ICleaningOptions options, int others = 0)
    {
        _votes = options.Votes;
        if (options.Votes is { } votes) ReadVotes(votes, others);
        if (options.ToxicWords is { } words) _words = ReadWords(words);
    }

    /// <summary>How many pairs the file of votes names that were not asked for.</summary>
    public int Unmet => _known.Count - _met.Count;

    /// <summary>What is known of a pair.</summary>
    public Findings Of(PreferenceExample pair)
    {
        var key = ((string[])[pair.Id, Key(pair.Provenance.Source, pair.Provenance.Record), Key("", pair.Provenance.Record)]).FirstOrDefault(_known.ContainsKey);
        var findings = new Findings([]);
        if (key is not null)
        {
            _met.Add(key);
            findings = _known[key].Findings;
        }
        return _words is null ? findings : findings with { Toxic = findings.Toxic | Flag(pair.Chosen, Toxic.Chosen) | Flag(pair.Rejected, Toxic.Rejected) };
    }

    private Toxic Flag(Conversation response, Toxic side) => _words!.IsMatch(response.LastContent) ? side : Toxic.None;

    private void ReadVotes(string path, int others)
    {
        foreach (var record in BenchmarkRecord.Read(path))
        {
            var key = record.Has("id") ? record.Text("id") : Key(record.Has("source") ? record.Text("source") : "", Place(record));
            var votes = record.Has("votes") ? Votes(record) : [];
            if (votes.Count > 0 && votes.Count + others < Cleaning.FewestVotes)
                throw record.Wrong($"has {votes.Count} votes; a pair is settled by {Cleaning.FewestVotes} or more. Leave \"votes\" out where there are not as many");
            var category = record.Has("category") && !record.Has("action") ? record.Text("category") : null;
            if (!_known.TryAdd(key, (record, new(votes, record.Has("toxic") ? Sides(record) : Toxic.None, category))))
                throw record.Wrong($"is about the same pair as record {_known[key].Record.Number}; each pair may be there once");
        }
    }

    private static long Place(BenchmarkRecord record) =>
        record.Has("record") && record.Field("record") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var place) && place > 0
            ? place : throw record.Wrong("does not say which pair it is about: it needs an \"id\", or a \"record\", the pair's place in its file from 1");

    private static IReadOnlyList<Vote> Votes(BenchmarkRecord record)
    {
        if (record.Field("votes") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0) return [];
        return [.. record.Texts("votes").Select(vote => vote switch
        {
            "agree" => Vote.Agree,
            "disagree" => Vote.Disagree,
            "tie" => Vote.Tie,
            _ => throw record.Wrong($"has the vote \"{vote}\"; a vote is agree, disagree or tie"),
        })];
    }

    private static Toxic Sides(BenchmarkRecord record) => record.Text("toxic") switch
    {
        "chosen" => Toxic.Chosen,
        "rejected" => Toxic.Rejected,
        "both" => Toxic.Both,
        "none" => Toxic.None,
        var other => throw record.Wrong($"has \"toxic\": \"{other}\"; it is chosen, rejected, both or none"),
    };

    private static Regex ReadWords(string path)
    {
        string[] words = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        if (words.Length == 0) throw RewardKitException.Input($"{path} has no word; one a line was expected.");
        return new($@"(?<!\w)(?:{string.Join('|', words.Select(Regex.Escape))})(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    private static string Key(string source, long record) => string.Create(CultureInfo.InvariantCulture, $"{source}\n{record}");
}
