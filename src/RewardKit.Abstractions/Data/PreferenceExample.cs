namespace RewardKit;

/// <summary>How the two responses of a pair relate.</summary>
public enum Relation
{
    /// <summary>The chosen response is better than the rejected one.</summary>
    Preferred,

    /// <summary>Neither is better; "chosen" and "rejected" are then merely first and second.</summary>
    Tie,
}

/// <summary>Where an example comes from.</summary>
/// <param name="Source">The dataset or file.</param>
/// <param name="Record">The record's place in it, from 1.</param>
/// <param name="Augmentation">How it was made from other examples, as <c>iqn</c>; null for an original.</param>
/// <param name="Attribute">The attribute a rewrite changed; null where none applies.</param>
/// <param name="Parent">The <see cref="PreferenceExample.Id"/> of the example whose responses it uses; null for an original.</param>
public sealed record Provenance(string Source, long Record, string? Augmentation = null, string? Attribute = null, string? Parent = null);

/// <summary>A prompt with two responses and what is known of their order.</summary>
/// <param name="Id">Unique within a dataset, and stable: it depends on content and place only.</param>
/// <param name="Prompt">What both responses answer.</param>
/// <param name="Chosen">The better response (or the first of a tie).</param>
/// <param name="Rejected">The worse response (or the second of a tie).</param>
/// <param name="Provenance">Where it comes from.</param>
public sealed record PreferenceExample(
    string Id, Conversation Prompt, Conversation Chosen, Conversation Rejected, Provenance Provenance)
{
    /// <summary>Whether the chosen response is preferred or the two tie.</summary>
    public Relation Relation { get; init; } = Relation.Preferred;

    /// <summary>By how much the chosen response is better, on the dataset's own scale; null where not stated.</summary>
    public double? Margin { get; init; }

    /// <summary>
    /// The probability, in [0, 1], that the chosen response is better; null means 1 for a preference, 0.5 for a tie.
    /// </summary>
    public double? SoftLabel { get; init; }

    /// <summary>What each response is worth, on the dataset's own scale; null where it does not say so of both.</summary>
    public PairScore? Rewards { get; init; }

    /// <summary>Whether the chosen response is right at places within it, as at the ends of a solution's steps; null where not stated.</summary>
    public StepLabels? ChosenSteps { get; init; }

    /// <summary>The same of the rejected response. Whoever changes a response's text changes its labels, or leaves them out.</summary>
    public StepLabels? RejectedSteps { get; init; }
}
