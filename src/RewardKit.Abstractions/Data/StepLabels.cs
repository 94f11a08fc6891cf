using System.Collections;
using System.Collections.Immutable;

namespace RewardKit;

/// <summary>What is known of a response up to a place in it.</summary>
/// <param name="End">The place: so many characters of the response's last turn lie before it, from 1 to its length.</param>
/// <param name="Right">The probability, in [0, 1], that all is right so far: 1 and 0 where that is known.</param>
public readonly record struct StepLabel(int End, double Right);

/// <summary>
/// The labels of a response's steps, or of its tokens: at places that rise. Equal where the labels are.
/// </summary>
public sealed class StepLabels : IReadOnlyList<StepLabel>, IEquatable<StepLabels>
{
    private readonly ImmutableArray<StepLabel> _labels;

    /// <summary>Takes labels.</summary>
    /// <param name="labels">The labels in the order of their places.</param>
    /// <exception cref="ArgumentException">Places do not rise, or begin before 1; or a probability is none.</exception>
    public StepLabels(IEnumerable<StepLabel> labels)
    {
        _labels = [.. labels];
        var before = 0;
        foreach (var (end, right) in _labels)
        {
            if (end <= before) throw new ArgumentException($"The label at {end} follows one at {before}; places rise, from 1 on.", nameof(labels));
            if (!(right is >= 0 and <= 1)) throw new ArgumentException($"The label at {end} is {right}; it is a probability, from 0 to 1.", nameof(labels));
            before = end;
        }
    }

    /// <summary>The labels of pieces that make up a text.</summary>
    /// <param name="pieces">Each piece, and whether all is right up to its end; null where that is not known.</param>
    /// <param name="separator">What stands between two pieces; it belongs to no step.</param>
    /// <returns>The text and its labels; an empty piece has none.</returns>
    public static (string Text, StepLabels Labels) OfPieces(IEnumerable<(string Text, double? Right)> pieces, string separator)
    {
        var labels = new List<StepLabel>();
        var text = new System.Text.StringBuilder();
        var first = true;
        foreach (var (piece, right) in pieces)
        {
            if (!first) text.Append(separator);
            first = false;
            text.Append(piece);
            if (piece.Length > 0 && right is { } known) labels.Add(new(text.Length, known));
        }
        return ($"{text}", new(labels));
    }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <inheritdoc/>
    public StepLabel this[int index] => _labels[index];

    /// <summary>Whether no step is more likely wrong than right.</summary>
    public bool AllRight => _labels.All(label => label.Right >= 0.5);

    /// <inheritdoc/>
    public IEnumerator<StepLabel> GetEnumerator() => ((IEnumerable<StepLabel>)_labels).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(StepLabels? other) => other is not null && _labels.AsSpan().SequenceEqual(other._labels.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StepLabels);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var label in _labels) hash.Add(label);
        return hash.ToHashCode();
    }
}
