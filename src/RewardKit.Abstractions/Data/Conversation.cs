using System.Collections.Immutable;

namespace RewardKit;

/// <summary>One turn: who speaks and what they say.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, or another role that the chat template knows.</param>
/// <param name="Content">The text, without any template's markers.</param>
public sealed record Message(string Role, string Content);

/// <summary>
/// Turns in order; equal when their turns are. A prompt is one, and so is a response: usually a single assistant turn,
/// more where a method adds some (a critique after the answer). How turns become text belongs to the tokenizer's chat
/// template, never to a plugin.
/// </summary>
public sealed class Conversation : IEquatable<Conversation>
{
    /// <summary>Makes a conversation of the given turns.</summary>
    /// <param name="messages">The turns in order.</param>
    public Conversation(IEnumerable<Message> messages) => Messages = [.. messages];

    /// <summary>The turns in order.</summary>
    public ImmutableArray<Message> Messages { get; }

    /// <summary>The content of the last turn, or an empty string if there is none.</summary>
    public string LastContent => Messages.IsEmpty ? "" : Messages[^1].Content;

    /// <summary>A single user turn.</summary>
    /// <param name="content">Its text.</param>
    public static Conversation User(string content) => new([new("user", content)]);

    /// <summary>A single assistant turn.</summary>
    /// <param name="content">Its text.</param>
    public static Conversation Assistant(string content) => new([new("assistant", content)]);

    /// <inheritdoc/>
    public bool Equals(Conversation? other) => other is not null && Messages.AsSpan().SequenceEqual(other.Messages.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Conversation);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var message in Messages) hash.Add(message);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join("\n", Messages.Select(m => $"{m.Role}: {m.Content}"));
}
