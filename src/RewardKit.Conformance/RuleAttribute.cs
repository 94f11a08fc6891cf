namespace RewardKit.Conformance;

/// <summary>How binding a rule is.</summary>
public enum RuleKind
{
    /// <summary>A plugin that breaks it will harm somebody's experiment.</summary>
    Required,

    /// <summary>A plugin may have good reasons to break it; the kit says so and passes it.</summary>
    Optional,

    /// <summary>It matters, but no kit can test it; its author must.</summary>
    Untested,
}

/// <summary>
/// Marks a method as a rule. Its name is the rule's, in words; it takes the subject, returns if the rule holds, and throws
/// by way of <see cref="Verdict"/> otherwise.
/// </summary>
/// <param name="id">A letter for the contract (G: all of them) and a number that never changes its meaning.</param>
/// <param name="kind">How binding it is.</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RuleAttribute(string id, RuleKind kind) : Attribute
{
    public string Id { get; } = id;

    public RuleKind Kind { get; } = kind;

    /// <summary>What goes wrong, and for whom, where it is broken.</summary>
    public required string Protects { get; init; }

    /// <summary>How an author repairs it; for an untested rule, how to test it without the kit.</summary>
    public required string Fix { get; init; }

    /// <summary>Whether it must hold at other option values, too: it is quick, and says something of the formula.</summary>
    public bool AtEveryOption { get; init; }
}
