namespace RewardKit.Conformance;

/// <summary>Preference pairs that the kit makes, for the rules and for authors' own tests.</summary>
public static class SyntheticPairs
{
    private static readonly string[] Subjects = ["bread", "rivers", "chess", "the moon", "tax", "violins", "bees", "concrete"];
    private static readonly string[] Words = ["first", "warm", "slowly", "because", "often", "in part", "water", "rather", "never", "and so"];

    /// <summary>
    /// Pairs with everything that a dataset may hold: plain preferences, some with a margin, some with a soft label, a tie in
    /// every fifth place; two pairs on each prompt, responses of different lengths, what each is worth, and labels of steps within
    /// them: of the responses that are not better, the last step is wrong.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Decides their words.</param>
    /// <param name="source">Stands in their provenance and in their texts.</param>
    public static IReadOnlyList<PreferenceExample> Draw(int count, int seed, string source = "conformance") =>
        [.. Enumerable.Range(0, count).Select(i => One(i, seed, source))];

    /// <summary>One of them, by its place.</summary>
    internal static PreferenceExample One(int index, int seed, string source)
    {
        var random = new Random(HashCodeOf(seed, index));
        string Response(string kind) =>
            $"{kind} {index}: {string.Join(' ', Enumerable.Range(0, 1 + random.Next(12)).Select(_ => Words[random.Next(Words.Length)]))}";
        var (chosen, rejected) = (Response("a helpful answer"), Response("a poor answer"));
        var example = new PreferenceExample(
            $"{source}:{index + 1}",
            Conversation.User($"Question {index / 2} of {source}: what about {Subjects[index / 2 % Subjects.Length]}?"),
            Conversation.Assistant(chosen), Conversation.Assistant(rejected), new(source, index + 1))
        {
            Rewards = index % 5 == 4 ? new(0.5, 0.5) : new(1 + index % 7 / 4.0, index % 3 / 4.0),
            ChosenSteps = Steps(chosen, right: true),
            RejectedSteps = Steps(rejected, right: index % 5 == 4),
        };
        return (index % 5) switch
        {
            1 => example with { SoftLabel = 0.5 + random.Next(1, 50) / 100.0 },
            2 => example with { Margin = random.Next(1, 30) / 10.0 },
            4 => example with { Relation = Relation.Tie },
            _ => example,
        };
    }

    // One up to the colon, and one to the end.
    private static StepLabels Steps(string response, bool right) => new([new(response.IndexOf(':'), 1), new(response.Length, right ? 1 : 0)]);

    // Not HashCode.Combine, which differs from process to process.
    private static int HashCodeOf(int seed, int index) => unchecked(seed * 486_187_739 + index * 16_777_619);
}
