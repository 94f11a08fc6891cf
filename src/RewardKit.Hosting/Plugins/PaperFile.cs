using System.Text.Json;
using System.Text.Json.Serialization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Plugins;

/// <summary>What a plugin author says of a paper: an entry of <c>papers.json</c>.</summary>
public sealed record PaperDescription
{
    /// <summary>Where it is, as <c>arXiv:2407.04185</c>; null for what comes from no paper.</summary>
    public string? Paper { get; init; }

    /// <summary>Its title, or what the plugins are, where there is no paper.</summary>
    public required string Title { get; init; }

    /// <summary>Its authors, and where and when it was published.</summary>
    public string? Authors { get; init; }

    /// <summary>Its plugins, each with its kind: <c>loss haf-rm</c>.</summary>
    public required IReadOnlyList<string> Plugins { get; init; }

    /// <summary>What a script writes for it, in Markdown.</summary>
    public string? Use { get; init; }

    /// <summary>Options of these plugins that are settings of the paper, each with what the paper says of it.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What has been checked, and against what, an entry each, in Markdown.</summary>
    public IReadOnlyList<string> Checked { get; init; } = [];

    /// <summary>The address of the paper; null where its name gives none.</summary>
    [JsonIgnore]
    public string? Link => Paper is not null && Paper.StartsWith("arXiv:", StringComparison.Ordinal) ? $"https://arxiv.org/abs/{Paper["arXiv:".Length..]}" : null;
}

/// <summary>
/// <c>papers.json</c> in a plugin's folder: what its author says of the papers that it comes from. It may be missing, and nothing
/// that runs depends on it.
/// </summary>
public static class PaperFile
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "papers.json";

    private static readonly JsonSerializerOptions s_form = new(StoreJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip };

    /// <summary>The papers of a plugin folder; none where there is no such file.</summary>
    /// <param name="manifest">The folder's manifest.</param>
    /// <exception cref="RewardKitException">The file is not in its form, or names a plugin or an option that there is not.</exception>
    public static IReadOnlyList<PaperDescription> Read(PluginManifest manifest)
    {
        var file = Path.Combine(manifest.Files, FileName);
        if (!File.Exists(file)) return [];
        try
        {
            var papers = JsonSerializer.Deserialize<PaperDescription[]>(File.ReadAllBytes(file), s_form) ?? [];
            foreach (var paper in papers) Check(file, paper, manifest.Plugins);
            return papers;
        }
        catch (JsonException e)
        {
            var line = e.LineNumber is { } number ? $", line {number + 1}," : "";
            throw RewardKitException.Input($"{file}{line} is no list of papers: {e.Message.Split(" Path: ")[0]}", e);
        }
    }

    /// <summary>A plugin as an entry names it: <c>loss haf-rm</c>.</summary>
    public static string NameOf(PluginDescription plugin) => $"{plugin.Kind.ToString().ToLowerInvariant()} {plugin.Id}";

    private static void Check(string file, PaperDescription paper, IReadOnlyList<PluginDescription> plugins)
    {
        string[] names = [.. plugins.Select(NameOf)];
        if (paper.Plugins.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            throw RewardKitException.Input($"{file}: \"{paper.Title}\" names the plugin \"{unknown}\".{NearNames.Sentence(unknown, names)} The plugins here are {string.Join(", ", names)}.");
        string[] options = [.. plugins.Where(p => paper.Plugins.Contains(NameOf(p))).SelectMany(p => p.Options).Select(o => o.Name).Distinct()];
        if (paper.Settings.Keys.FirstOrDefault(name => !options.Contains(name)) is { } setting)
            throw RewardKitException.Input($"{file}: \"{paper.Title}\" has the setting \"{setting}\", which is no option of its plugins.{NearNames.Sentence(setting, options)} Their options are {string.Join(", ", options)}.");
    }
}
