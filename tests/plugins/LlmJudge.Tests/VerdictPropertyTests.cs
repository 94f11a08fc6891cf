using FsCheck;
using FsCheck.Fluent;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge.Tests;

/// <summary>The parser never makes up a verdict, whatever stands in a reply.</summary>
public class VerdictPropertyTests
{
    // Text of what verdicts are made of, so that chance makes some, whole and broken.
    private static readonly Gen<string> Replies = Gen.ListOf(Gen.Elements("[", "[", "]", "]", "A", "B", "C", "1", "9", "10", ".", " ", "x", "[[", "]]", "[[A", "B]]"))
        .Select(pieces => string.Concat(pieces));

    [Property]
    public FsCheck.Property A_verdict_stands_in_the_reply_as_it_is_read() => Prop.ForAll(Replies.ToArbitrary(), reply =>
    {
        string[] there = [.. new[] { "[[A]]", "[[B]]", "[[C]]" }.Where(reply.Contains)];
        Assert.That(Judge.Compared(reply) is { } verdict ? Judge.Show(verdict) : null, Is.EqualTo(there.FirstOrDefault()));
    });

    [Property]
    public FsCheck.Property A_rating_stands_in_the_reply_as_a_number_in_brackets() => Prop.ForAll(Replies.ToArbitrary(), reply =>
    {
        if (Judge.Rating(reply) is { } rating) Assert.That(Numbers(reply, "[[", "]]"), Has.Some.EqualTo(rating));
        else Assert.That(Numbers(reply, "[[", "]]"), Is.Empty);
        if (Judge.Rating(reply, single: true) is null) Assert.That(Numbers(reply, "[", "]"), Is.Empty);
    });

    // Every number that stands between the marks, found without regular expressions.
    private static List<double> Numbers(string reply, string open, string close)
    {
        var found = new List<double>();
        for (var at = reply.IndexOf(open, StringComparison.Ordinal); at >= 0; at = reply.IndexOf(open, at + 1, StringComparison.Ordinal))
        {
            var end = reply.IndexOf(close, at, StringComparison.Ordinal);
            if (end < 0) break;
            var inside = reply[(at + open.Length)..Math.Max(end, at + open.Length)];
            if (inside.Split('.') is { Length: 1 or 2 } parts && parts.All(part => part.Length > 0 && part.All(char.IsAsciiDigit)))
                found.Add(double.Parse(inside, System.Globalization.CultureInfo.InvariantCulture));
        }
        return found;
    }
}
