using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// What a plugin folder's <c>plugin.json</c> says: written by the plugin SDK when the plugin is built, read here without
/// loading any of its code.
/// </summary>
public sealed record PluginManifest
{
    /// <summary>The name of the manifest in a plugin's folder.</summary>
    public const string FileName = "plugin.json";

    /// <summary>The plugin's folder, absolute.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>
    /// The folder that its files are read from: <see cref="Folder"/> itself, or a copy that a host keeps while that is rebuilt.
    /// </summary>
    [JsonIgnore]
    internal string Files { get => field ?? Folder; init; }

    /// <summary>The package it comes from, as <c>Acme.Margin 1.2.0</c>; null for a folder.</summary>
    [JsonIgnore]
    public string? Package { get; init; }

    /// <summary>The plugin assembly's name.</summary>
    public required string Name { get; init; }

    /// <summary>The plugin's version, as <c>0.1.0</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The assembly's file name in <see cref="Folder"/>.</summary>
    public required string Assembly { get; init; }

    /// <summary>The assembly's SHA-256 when the manifest was written, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The <see cref="Contract.Version"/> it was built for; hosts run it from there up to the next break.</summary>
    public required int ContractVersion { get; init; }

    /// <summary>The plugins in the assembly.</summary>
    public required IReadOnlyList<PluginDescription> Plugins { get; init; }

    /// <summary>Reads the manifest in a folder.</summary>
    /// <param name="folder">The plugin's folder.</param>
    /// <exception cref="RewardKitException">There is no manifest, or it is not one.</exception>
    public static PluginManifest Read(string folder)
    {
        var file = Path.Combine(Path.GetFullPath(folder), FileName);
        byte[] json = [];
        try
        {
            json = File.ReadAllBytes(file);
            var manifest = ManifestReader.Read(json);
            if (Path.GetFileName(manifest.Assembly) != manifest.Assembly)
                throw new JsonException($"Its assembly is \"{manifest.Assembly}\", which is not a file name in its folder.");
            folder = Path.GetFullPath(folder);
            var refusal = ContractRange.Refusal(manifest.ContractVersion);
            return manifest with
            {
                Folder = folder,
                Plugins = refusal is null ? manifest.Plugins
                    : [.. manifest.Plugins.Select(p => p with { Refusal = $"The {p.Label} in {folder} {refusal}" })],
            };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RewardKitException.Input(
                $"{folder} is no plugin folder: it has no {FileName}. Building a plugin project writes one; copy its whole "
                + "output folder.", e);
        }
        catch (JsonException e)
        {
            // What a later contract brought, another kind of plugin for one, is no fault of the manifest.
            if (ContractVersionIn(json) is > Contract.Version and { } built)
                throw RewardKitException.Input($"The plugin in {folder} {ContractRange.Refusal(built)}", e);
            // The exception counts lines from 0, and says so in words meant for programmers.
            var line = e.LineNumber is { } number ? $", line {number + 1}," : "";
            throw RewardKitException.Input(
                $"{file}{line} is not a plugin manifest: {e.Message.Split(" LineNumber: ")[0]} Rebuild the plugin.{Excerpt(json, e)}", e);
        }
    }

    // Of what is no JSON, the place is known; of what is no manifest, it is not.
    private static string Excerpt(byte[] json, JsonException e)
    {
        if (e is not { LineNumber: { } number, BytePositionInLine: { } position }) return "";
        var line = Encoding.UTF8.GetString(json).Split('\n')[(int)number];
        var bytes = Encoding.UTF8.GetBytes(line);
        var column = Encoding.UTF8.GetCharCount(bytes.AsSpan(0, (int)Math.Min(position, bytes.Length))) + 1;
        return $"\n{SourceExcerpt.Of(line, (int)number + 1, column)}";
    }

    private static int? ContractVersionIn(byte[] json)
    {
        try
        {
            using var manifest = JsonDocument.Parse(json);
            return manifest.RootElement.GetProperty("contractVersion").GetInt32();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}

/// <summary>One plugin: a class with an id.</summary>
public sealed record PluginDescription
{
    /// <summary>The kind.</summary>
    public required PluginKind Kind { get; init; }

    /// <summary>The id, in kebab case.</summary>
    public required string Id { get; init; }

    /// <summary>Where the method comes from, as <c>arXiv:2407.04185</c>.</summary>
    public string? Paper { get; init; }

    /// <summary>Whether it is an evaluator that brings its own data, so that scripts give it no pairs.</summary>
    public bool OwnData { get; init; }

    /// <summary>The class's full name.</summary>
    public required string Type { get; init; }

    /// <summary>The class's summary, on one line.</summary>
    public string? Summary { get; init; }

    /// <summary>The options record's full name; null for a plugin without options.</summary>
    public string? OptionsType { get; init; }

    /// <summary>The options, in the order of the record.</summary>
    public required IReadOnlyList<OptionDescription> Options { get; init; }

    /// <summary>Why it cannot be used on this host, in a sentence; null where it can.</summary>
    [JsonIgnore]
    public string? Refusal { get; init; }

    /// <summary>The kind and id for messages: <c>loss "haf-rm"</c>.</summary>
    [JsonIgnore]
    public string Label => $"{Kind.ToString().ToLowerInvariant()} \"{Id}\"";
}

/// <summary>The types an option can have.</summary>
public enum OptionType
{
    /// <summary><see cref="bool"/>.</summary>
    Bool,

    /// <summary><see cref="int"/>.</summary>
    Int,

    /// <summary><see cref="double"/>.</summary>
    Double,

    /// <summary><see cref="string"/>.</summary>
    String,

    /// <summary>An enumeration; its values are strings in kebab case, listed in <see cref="OptionDescription.Choices"/>.</summary>
    Enum,
}

/// <summary>One option of a plugin.</summary>
public sealed record OptionDescription
{
    /// <summary>The name users write, in camel case.</summary>
    public required string Name { get; init; }

    /// <summary>The property's name in the options record.</summary>
    public required string Property { get; init; }

    /// <summary>The type.</summary>
    public required OptionType Type { get; init; }

    /// <summary>Whether null is a value, too.</summary>
    public bool Nullable { get; init; }

    /// <summary>The default: <see cref="bool"/>, <see cref="int"/>, <see cref="double"/>, <see cref="string"/> (also for an
    /// enumeration), or null.</summary>
    public object? Default { get; init; }

    /// <summary>The least allowed number; null for no bound.</summary>
    public double? Minimum { get; init; }

    /// <summary>The greatest allowed number; null for no bound.</summary>
    public double? Maximum { get; init; }

    /// <summary>Whether <see cref="Minimum"/> itself is not allowed.</summary>
    public bool MinimumIsExclusive { get; init; }

    /// <summary>Whether <see cref="Maximum"/> itself is not allowed.</summary>
    public bool MaximumIsExclusive { get; init; }

    /// <summary>The only values allowed, where there is such a list; of the types of <see cref="Default"/>.</summary>
    public IReadOnlyList<object>? Choices { get; init; }

    /// <summary>What lies at the path that the option is; null for an option that is no path.</summary>
    public InputKind? Input { get; init; }

    /// <summary>Whether every use must set it: a path without which the plugin has nothing to read.</summary>
    [JsonIgnore]
    public bool MustBeGiven => Input is not null && !Nullable;

    /// <summary>The property's summary, on one line.</summary>
    public string? Doc { get; init; }
}
