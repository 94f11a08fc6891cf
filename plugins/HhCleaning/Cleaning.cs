namespace RewardKit.Plugins.HhCleaning;

/// <summary>What is said of a pair's label.</summary>
public enum Vote
{
    /// <summary>The chosen answer is the better one.</summary>
    Agree,

    /// <summary>The rejected answer is.</summary>
    Disagree,

    /// <summary>Neither is.</summary>
    Tie,
}

/// <summary>What becomes of a pair.</summary>
public enum Cleaned
{
    /// <summary>It stays as it is.</summary>
    Keep,

    /// <summary>Its answers change places.</summary>
    Swap,

    /// <summary>It goes.</summary>
    Drop,
}

/// <summary>The sides of a pair that are flagged as toxic.</summary>
[Flags]
public enum Toxic
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The chosen answer.</summary>
    Chosen = 1,

    /// <summary>The rejected answer.</summary>
    Rejected = 2,

    /// <summary>Both.</summary>
    Both = 3,
}

/// <summary>What is known of a pair beside its texts.</summary>
/// <param name="Votes">On its label.</param>
/// <param name="Toxic">The sides that are flagged.</param>
/// <param name="Category">What a person calls its defect; null: nobody named one.</param>
public sealed record Findings(IReadOnlyList<Vote> Votes, Toxic Toxic = Toxic.None, string? Category = null);

/// <summary>A decision on a pair.</summary>
/// <param name="Action">What becomes of it.</param>
/// <param name="Category">Why.</param>
public readonly record struct Outcome(Cleaned Action, string Category);

/// <summary>
/// The protocol, after Liu et al., "Elephant in the Room: Unveiling the Impact of Reward Model Quality in Alignment",
/// arXiv:2409.19024: rules, then toxicity, then votes. That three of four votes settle a label is the paper's; the rules, and that
/// a pair without such a majority goes, are this project's.
/// </summary>
public static class Cleaning
{
    /// <summary>The fewest votes that settle anything.</summary>
    public const int FewestVotes = 3;

    private const string Swapped = "swapped";

    /// <summary>Decides on a pair.</summary>
    /// <param name="pair">A preference.</param>
    /// <param name="findings">Votes and flags.</param>
    /// <param name="agreement">The share of the votes that settles it.</param>
    public static Outcome Decide(PreferenceExample pair, Findings findings, double agreement)
    {
        if (Defect(pair) is { } defect) return new(Cleaned.Drop, defect);
        if (findings.Toxic == Toxic.Both) return new(Cleaned.Drop, "both toxic");
        var (action, category) = Count(findings.Votes, agreement);
        var flagged = findings.Toxic == Toxic.None ? null : findings.Toxic == Toxic.Chosen ? "chosen toxic" : "rejected toxic";
        return new(action, findings.Category ?? flagged ?? category);
    }

    /// <summary>What makes a pair no comparison, whoever votes; null: nothing.</summary>
    public static string? Defect(PreferenceExample pair)
    {
        var (chosen, rejected) = (pair.Chosen.Messages, pair.Rejected.Messages);
        if (pair.Prompt.Messages.IsEmpty || chosen is not [.., { Role: "assistant" }] || rejected is not [.., { Role: "assistant" }]) return "truncated dialogue";
        if (string.IsNullOrWhiteSpace(chosen[^1].Content) || string.IsNullOrWhiteSpace(rejected[^1].Content)) return "empty answer";
        // What stands in a response before its last turn is a dialogue that the other side does not share.
        if (!chosen[..^1].AsSpan().SequenceEqual(rejected[..^1].AsSpan())) return "prompt mismatch";
        return chosen[^1].Content.Trim() == rejected[^1].Content.Trim() ? "identical answers" : null;
    }

    /// <summary>The pair with its answers exchanged; twice, it is the pair again.</summary>
    /// <remarks>How sure a label is, and by how much an answer is better, stays: the votes say only which one it is.</remarks>
    public static PreferenceExample Swap(PreferenceExample pair)
    {
        var back = pair.Id.EndsWith($"+{Swapped}", StringComparison.Ordinal);
        var (made, parent) = (pair.Provenance.Augmentation, pair.Provenance.Parent);
        return pair with
        {
            Id = back ? pair.Id[..^(Swapped.Length + 1)] : $"{pair.Id}+{Swapped}",
            Chosen = pair.Rejected,
            Rejected = pair.Chosen,
            Rewards = pair.Rewards is { } rewards ? new(rewards.Rejected, rewards.Chosen) : null,
            ChosenSteps = pair.RejectedSteps,
            RejectedSteps = pair.ChosenSteps,
            Provenance = pair.Provenance with
            {
                Augmentation = made is null ? Swapped : made == Swapped ? null : back ? made[..^(Swapped.Length + 1)] : $"{made}+{Swapped}",
                Parent = made is null ? pair.Id : made == Swapped ? null : parent,
            },
        };
    }

    private static Outcome Count(IReadOnlyList<Vote> votes, double agreement)
    {
        if (votes.Count < FewestVotes) return new(Cleaned.Keep, votes.Count == 0 ? "no votes" : "too few votes");
        // A share such as 0.6 of 5 must not become 4 by rounding.
        var needed = (int)Math.Ceiling(agreement * votes.Count - 1e-9);
        return votes.Count(v => v == Vote.Agree) >= needed ? new(Cleaned.Keep, "confirmed")
            : votes.Count(v => v == Vote.Disagree) >= needed ? new(Cleaned.Swap, "inverted")
            : new(Cleaned.Drop, "ambiguous");
    }
}
