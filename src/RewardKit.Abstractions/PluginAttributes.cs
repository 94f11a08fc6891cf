namespace RewardKit;

/// <summary>Gives a plugin class its identity. One of the derived attributes says the kind.</summary>
/// <param name="id">The name users write, in kebab case, unique within its kind: <c>haf-rm</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public abstract class PluginAttribute(string id) : Attribute
{
    /// <summary>The name users write, in kebab case, unique within its kind.</summary>
    public string Id { get; } = id;

    /// <summary>Where the method comes from, as <c>arXiv:2407.04185</c> or a citation.</summary>
    public string? Paper { get; init; }

    /// <summary>What it promises beyond its contract, or cannot promise by the nature of its method.</summary>
    public PluginTraits Traits { get; init; }
}

/// <summary>What a plugin says of itself beyond its contract; the conformance kit holds it to just that.</summary>
[Flags]
public enum PluginTraits
{
    /// <summary>Nothing beyond the contract.</summary>
    None = 0,

    /// <summary>Several threads may call it at once.</summary>
    ThreadSafe = 1,

    /// <summary>
    /// A loss in which a pair's part depends on the other pairs of its batch, as a distance between distributions does: a
    /// step accumulated from small batches is then not the one big batch.
    /// </summary>
    WholeBatch = 2,

    /// <summary>
    /// A loss that treats a part of its own value as a constant: its gradient is not the derivative of its value.
    /// </summary>
    StoppedGradient = 4,

    /// <summary>An augmenter that must know all examples before it makes some: its memory grows with its input.</summary>
    WholeStream = 8,

    /// <summary>A composer or merger to which the order of its members matters.</summary>
    OrderedMembers = 16,

    /// <summary>An augmenter whose examples stand in place of those they are made of: it hands no original on.</summary>
    ReplacesExamples = 32,

    /// <summary>
    /// A composer that has its members score other texts than those it is asked for, as an answer with a critique behind it: a
    /// member alone then judges otherwise than without the composer.
    /// </summary>
    ScoresOtherTexts = 64,

    /// <summary>A composer that is made of nothing, as a judge that a text generator is: it has no members, and refuses any.</summary>
    NoMembers = 128,

    /// <summary>An augmenter that filters: of the originals it hands on a part, unchanged and in their order.</summary>
    DropsExamples = 256,
}

/// <summary>Marks an <see cref="ILoss"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class LossAttribute(string id) : PluginAttribute(id);

/// <summary>Marks an <see cref="IAugmenter"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class AugmenterAttribute(string id) : PluginAttribute(id);

/// <summary>Marks an <see cref="IEvaluator"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class EvaluatorAttribute(string id) : PluginAttribute(id)
{
    /// <summary>
    /// Whether it brings its own data, as a benchmark does whose files its options name: scripts then give it no pairs.
    /// </summary>
    public bool OwnData { get; init; }
}

/// <summary>Marks an <see cref="IDecoder"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class DecoderAttribute(string id) : PluginAttribute(id);

/// <summary>Marks an <see cref="IScorerComposer"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class ComposerAttribute(string id) : PluginAttribute(id);

/// <summary>Marks an <see cref="IWeightMerger"/>.</summary>
/// <param name="id">The name users write, in kebab case.</param>
public sealed class MergerAttribute(string id) : PluginAttribute(id);

/// <summary>
/// Marks a plugin's options: an immutable record with a public parameterless constructor, <c>init</c> properties of type
/// <see cref="bool"/>, <see cref="int"/>, <see cref="double"/>, <see cref="string"/> or an enumeration (nullable ones
/// included), validation attributes such as
/// <see cref="System.ComponentModel.DataAnnotations.RangeAttribute"/>, and doc comments. The plugin takes the record in
/// its constructor; scripts see each property under its camel-case name, enumeration values in kebab case. Defaults are
/// constants in property initialisers, because they are read from the assembly without running it. In F#, write a class
/// with <c>member val Alpha = 0.2 with get, set</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PluginOptionsAttribute : Attribute;

/// <summary>
/// Marks an option of type <see cref="string"/> as the path of something that the plugin reads. Scripts write it relative
/// to themselves; the plugin gets it absolute, and only if it is there. What lies there is a part of what decides a result:
/// after a change, a finished run is not found again. An option that may be left out is nullable; any other must be given,
/// and has <c>""</c> as its default in the record, because no path means the same on two machines.
/// </summary>
/// <param name="kind">What lies at the path.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InputPathAttribute(InputKind kind) : Attribute
{
    /// <summary>What lies at the path.</summary>
    public InputKind Kind { get; } = kind;
}

/// <summary>What lies at a path that a plugin reads.</summary>
public enum InputKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder: all files in and below it count.</summary>
    Folder,

    /// <summary>Either of them.</summary>
    FileOrFolder,
}
