namespace RewardKit.Conformance;

/// <summary>How a rule says that it does not hold, or does not apply.</summary>
internal static class Verdict
{
    /// <summary>The rule is broken.</summary>
    /// <param name="found">What was seen, a sentence with the numbers.</param>
    public static RuleBrokenException Broken(string found) => new(found);

    /// <summary>The rule cannot be tested here.</summary>
    /// <param name="reason">Why, a sentence.</param>
    public static NotTestedException NotTested(string reason) => new(reason);

    /// <summary>Breaks the rule if a difference was found.</summary>
    /// <param name="difference">The difference, or null.</param>
    /// <param name="between">What was compared, a clause that ends before the colon.</param>
    public static void Same(string? difference, string between)
    {
        if (difference is not null) throw Broken($"{between}: {difference}");
    }
}

/// <summary>Ends a rule that is broken.</summary>
internal sealed class RuleBrokenException(string message) : Exception(message);

/// <summary>Ends a rule that cannot be tested here.</summary>
internal sealed class NotTestedException(string message) : Exception(message);
