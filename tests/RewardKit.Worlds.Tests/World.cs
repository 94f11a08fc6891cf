using System.Text.Json;
using RewardKit.Training.Data;

namespace RewardKit.Worlds.Tests;

/// <summary>How often answers close with the polite sentence, which is worth nothing.</summary>
/// <param name="Chosen">The probability for a better answer.</param>
/// <param name="Rejected">The probability for a worse one.</param>
internal readonly record struct Politeness(double Chosen, double Rejected)
{
    /// <summary>It goes along with quality, as in the training data.</summary>
    public static readonly Politeness OfTheBetter = new(0.9, 0.1);

    /// <summary>It goes along with the lack of it.</summary>
    public static readonly Politeness OfTheWorse = new(0.1, 0.9);

    /// <summary>It says nothing.</summary>
    public static readonly Politeness OfAny = new(0.5, 0.5);
}

/// <summary>
/// A world whose true reward is known. A prompt asks what is in a place, an answer names four things, and is worth as much as it
/// has things of that place: so its worth cannot be read off the answer alone. It may close with a polite sentence, too, which
/// makes it longer and is worth nothing: a planted spurious attribute.
/// </summary>
internal static class World
{
    /// <summary>The polite sentence.</summary>
    public const string Closing = " Hope this helps!";

    /// <summary>Things named in an answer; also the highest true reward.</summary>
    public const int Things = 4;

    /// <summary>Places with their things. Each word is a single token of the tests' tokenizer.</summary>
    public static readonly (string Name, string[] Things)[] Places =
    [
        ("house", ["room", "door", "wall", "bed"]),
        ("school", ["teacher", "class", "board", "principal"]),
        ("sea", ["fish", "water", "boat", "fishing"]),
        ("dinner", ["noodle", "tea", "dango", "eat"]),
        ("face", ["eyes", "mouth", "heart", "hands"]),
        ("sky", ["moon", "wind", "light", "clear"]),
    ];

    /// <summary>Pairs of a better answer (three or four things of the place) and a worse one (one or two), in a file.</summary>
    /// <param name="folder">Where to write.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="count">How many pairs.</param>
    /// <param name="politeness">How the closing goes along with quality.</param>
    /// <param name="seed">Decides all.</param>
    public static PairFile Write(string folder, string name, int count, Politeness politeness, int seed)
    {
        var random = new Random(seed);
        var path = Path.Combine(folder, name + ".jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(_ =>
        {
            var place = random.Next(Places.Length);
            var chosen = Answer(place, 3 + random.Next(2), random.NextDouble() < politeness.Chosen, random);
            var rejected = Answer(place, 1 + random.Next(2), random.NextDouble() < politeness.Rejected, random);
            return JsonSerializer.Serialize(new { prompt = $"What is in the {Places[place].Name}?", chosen, rejected });
        }));
        return new(path) { Reading = new() };
    }

    /// <summary>The true reward: how many of the things named are of the place that the prompt asks for.</summary>
    /// <param name="prompt">A prompt of this world.</param>
    /// <param name="answer">Any text.</param>
    public static int TrueReward(string prompt, string answer) => Named(answer).Count(PlaceIn(prompt).Things.Contains);

    /// <summary>Whether an answer closes politely.</summary>
    public static bool IsPolite(string answer) => answer.EndsWith(Closing, StringComparison.Ordinal);

    /// <summary>An answer with only the true reward changed: the things named are of the place or of another, as many as asked for.</summary>
    /// <param name="prompt">A prompt of this world.</param>
    /// <param name="answer">An answer of this world, to any prompt.</param>
    /// <param name="reward">Its true reward afterwards, at most <see cref="Things"/>.</param>
    public static string Rewritten(string prompt, string answer, int reward)
    {
        var things = PlaceIn(prompt).Things;
        var named = Named(answer);
        while (named.Count(things.Contains) is var now && now != reward)
        {
            var place = Array.FindIndex(named, word => things.Contains(word) == now > reward);
            string[] unnamed = [.. (now < reward ? things : Places.SelectMany(p => p.Things).Except(things)).Except(named)];
            named[place] = unnamed[place % unnamed.Length];
        }
        return Text(named, IsPolite(answer));
    }

    private static string Answer(int place, int fitting, bool polite, Random random)
    {
        string[] own = [.. Places[place].Things], others = [.. Places.Where((_, i) => i != place).SelectMany(p => p.Things)];
        random.Shuffle(own);
        random.Shuffle(others);
        string[] named = [.. own[..fitting], .. others[..(Things - fitting)]];
        random.Shuffle(named);
        return Text(named, polite);
    }

    private static string Text(string[] named, bool polite) => string.Join(", ", named) + "." + (polite ? Closing : "");

    private static string[] Named(string answer) => answer.Split('.')[0].Split(", ");

    private static (string Name, string[] Things) PlaceIn(string prompt) =>
        Places.Single(place => prompt.Contains($"in the {place.Name}?", StringComparison.Ordinal));
}
