using System.Text.RegularExpressions;

namespace RewardKit.Training.Data;

/// <summary>
/// Reads Anthropic's HH-RLHF (Bai et al. 2022, arXiv:2204.05862) and files of its form: JSON Lines, plain or gzip, with
/// <c>{"chosen": string, "rejected": string}</c>. Each text is a whole dialogue whose turns begin with
/// <c>\n\nHuman:</c> and <c>\n\nAssistant:</c>; the assistant's last turn is the response, the turns before it are the
/// prompt. Space around a turn's text is dropped.
/// </summary>
public static partial class HhRlhf
{
    private const string NoStart = "no human turn at the start";

    /// <summary>
    /// Reads a file. Records that hold no comparison (the published files have some) are left out and named by reason, unless
    /// they are to be kept (<see cref="PairFile.KeepsFaulty"/>); what is no record at all stops the reading.
    /// </summary>
    /// <param name="data">The file.</param>
    /// <returns>The usable pairs in file order, and the records left out.</returns>
    /// <exception cref="RewardKitException">
    /// There is no such file, it is a folder, a line is malformed (file, line and reason are named), or no usable pair is
    /// in it.
    /// </exception>
    public static LoadedPairs Load(PairFile data)
    {
        var path = Path.GetFullPath(data.Path);
        var source = PairId.Source(path);
        var examples = new PairStore();
        var skipped = new OrderedDictionary<string, List<long>>();
        foreach (var line in JsonLines.Read(path))
        {
            var (pair, reason) = Read(line, source, "chosen", "rejected", data.KeepsFaulty);
            if (pair is not null) examples.Add(pair);
            else if (skipped.TryGetValue(reason!, out var records)) records.Add(line.Number);
            else skipped.Add(reason!, [line.Number]);
        }
        var left = skipped.Select(reason => new SkippedRecords(reason.Key, reason.Value)).ToArray();
        return examples.Count > 0 ? new(examples.Pairs, left) : throw NothingUsable(path, left);
    }

    /// <summary>The pair of a record, or why it holds none.</summary>
    internal static (PreferenceExample? Pair, string? Reason) Read(
        DataRecord record, string source, string chosenKey, string rejectedKey, bool keepFaulty = false)
    {
        var (chosen, rejected) = (record.Text(chosenKey), record.Text(rejectedKey));
        var (better, worse) = (Turns(chosen), Turns(rejected));
        if (WhyUnusable(better, worse) is { } reason && (!keepFaulty || reason == NoStart)) return (null, reason);
        // Of a sound record, all but the last turn; of one whose dialogues part earlier, what they share.
        var shared = Math.Min(Math.Min(better.Length, worse.Length) - 1, better.AsSpan().CommonPrefixLength(worse));
        return (new(
            PairId.Of(source, $"{record.Number}", chosen, rejected),
            new(better[..shared]), new(better[shared..]), new(worse[shared..]), new(source, record.Number)), null);
    }

    private static string? WhyUnusable(Message[] better, Message[] worse)
    {
        if (better is not [{ Role: "user" }, ..] || worse is not [{ Role: "user" }, ..]) return NoStart;
        if (better[^1].Role != "assistant" || worse[^1].Role != "assistant") return "last turn not the assistant's";
        if (better[^1].Content == "" || worse[^1].Content == "") return "empty last response";
        if (!better.AsSpan()[..^1].SequenceEqual(worse.AsSpan()[..^1])) return "dialogue before the last response differs";
        return better[^1] == worse[^1] ? "identical responses" : null;
    }

    /// <summary>The turns of a dialogue; none if the text does not begin with one.</summary>
    internal static Message[] Turns(string dialogue)
    {
        var marks = TurnMark().Matches(dialogue);
        if (marks is not [{ Index: 0 }, ..]) return [];
        return [.. marks.Select((mark, i) =>
        {
            var (start, end) = (mark.Index + mark.Length, i + 1 < marks.Count ? marks[i + 1].Index : dialogue.Length);
            return new Message(mark.Groups[1].Value == "Human" ? "user" : "assistant", dialogue[start..end].Trim());
        })];
    }

    [GeneratedRegex("\n\n(Human|Assistant):")]
    private static partial Regex TurnMark();

    private static RewardKitException NothingUsable(string path, SkippedRecords[] skipped) => RewardKitException.Input(
        skipped.Length == 0
            ? $"{path} has no records."
            : $"{path} has no usable pair: {string.Join(", ", skipped.Select(s => $"{s.Reason} ({s.Records.Count})"))}. "
              + "Expected dialogues whose turns begin with \"\\n\\nHuman: \" and \"\\n\\nAssistant: \" and end with the assistant's.");
}
