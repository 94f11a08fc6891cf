using System.Xml;
using System.Xml.Linq;

namespace RewardKit.Hosting.Plugins.Packages;

/// <summary>
/// <c>rewardkit.plugins.proj</c>: an MSBuild project that names plugin packages, for NuGet to restore. Only what is asked for
/// is changed in it; the rest is its owner's.
/// </summary>
internal sealed class PluginProject
{
    /// <summary>The file's name.</summary>
    public const string FileName = "rewardkit.plugins.proj";

    /// <summary>One that names no package.</summary>
    public const string Fresh =
        """
        <Project Sdk="Microsoft.NET.Sdk">
          <!-- The plugin packages of the scripts in this folder and below: `rewardkit plugin add ID`. Keep this file and the
               lock files beside it under version control. -->
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <EnableDefaultItems>false</EnableDefaultItems>
            <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
            <RestorePackagesWithLockFile>true</RestorePackagesWithLockFile>
            <RestoreAdditionalProjectSources></RestoreAdditionalProjectSources>
          </PropertyGroup>
          <ItemGroup>
          </ItemGroup>
        </Project>

        """;

    private readonly XDocument _document;

    private PluginProject(string file, XDocument document) => (File, _document) = (file, document);

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>The packages it names, with versions as it writes them.</summary>
    public IReadOnlyList<(string Id, string Version)> Packages => [.. References().Select(r =>
        ((string?)r.Attribute("Include") ?? "", (string?)r.Attribute("Version") ?? ""))];

    /// <summary>Reads a project, or begins one where there is none.</summary>
    /// <exception cref="RewardKitException">It is not XML.</exception>
    public static PluginProject Open(string file)
    {
        try
        {
            return new(file, System.IO.File.Exists(file)
                ? XDocument.Load(file, LoadOptions.PreserveWhitespace) : XDocument.Parse(Fresh, LoadOptions.PreserveWhitespace));
        }
        catch (XmlException e)
        {
            throw RewardKitException.Input($"{file}, line {e.LineNumber}, is not a project: {e.Message}", e);
        }
    }

    /// <summary>The version of a package; null where it is not named.</summary>
    public string? VersionOf(string id) => Find(id) is { } found ? (string?)found.Attribute("Version") ?? "" : null;

    /// <summary>Names a package, or gives it another version.</summary>
    public void Set(string id, string version)
    {
        if (Find(id) is { } found)
        {
            found.SetAttributeValue("Version", version);
            return;
        }
        var group = References().LastOrDefault()?.Parent ?? _document.Root!.Elements().LastOrDefault(e => e.Name.LocalName == "ItemGroup");
        if (group is null) _document.Root!.Add(group = new XElement("ItemGroup", "\n  "), "\n");
        group.LastNode?.Remove();
        group.Add("\n    ", new XElement("PackageReference", new XAttribute("Include", id), new XAttribute("Version", version)), "\n  ");
    }

    /// <summary>Names a package no longer.</summary>
    public void Remove(string id)
    {
        var found = Find(id)!;
        if (found.PreviousNode is XText space && string.IsNullOrWhiteSpace(space.Value)) space.Remove();
        found.Remove();
    }

    /// <summary>Remembers a source of packages beside those of nuget.config.</summary>
    public void AddSource(string source)
    {
        var sources = _document.Root!.Descendants("RestoreAdditionalProjectSources").FirstOrDefault();
        if (sources is null)
        {
            sources = new XElement("RestoreAdditionalProjectSources");
            _document.Root!.AddFirst("\n  ", new XElement("PropertyGroup", sources));
        }
        var known = sources.Value.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (!known.Contains(source)) sources.Value = string.Join(';', [.. known, source]);
    }

    /// <summary>The project's text.</summary>
    public override string ToString() => _document.ToString(SaveOptions.DisableFormatting);

    private XElement? Find(string id) =>
        References().FirstOrDefault(r => string.Equals((string?)r.Attribute("Include"), id, StringComparison.OrdinalIgnoreCase));

    private IEnumerable<XElement> References() => _document.Root!.Descendants("PackageReference");
}
