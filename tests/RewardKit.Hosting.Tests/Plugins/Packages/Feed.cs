using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins.Packages;

/// <summary>A folder with packages made of fixture plugins, a project folder beside it, and a package cache of their own.</summary>
internal sealed class Feed : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rewardkit-feed-").FullName;

    public Feed()
    {
        Directory.CreateDirectory(Packages);
        Directory.CreateDirectory(Project);
        UseSource(Packages);
    }

    public string Packages => Path.Combine(_root, "feed");

    public string Project => Path.Combine(_root, "project");

    public string Cache => Path.Combine(_root, "cache");

    /// <summary>Lets NuGet know this source only, and keep what it unpacks here.</summary>
    public void UseSource(string? source) => File.WriteAllText(Path.Combine(_root, "nuget.config"),
        $"""
        <configuration>
          <config><add key="globalPackagesFolder" value="{Cache}" /></config>
          <packageSources><clear />{(source is null ? "" : $"""<add key="test" value="{source}" allowInsecureConnections="true" />""")}</packageSources>
          <fallbackPackageFolders><clear /></fallbackPackageFolders>
        </configuration>
        """);

    /// <summary>Packs a fixture plugin, as the plugin SDK would: everything under plugin/.</summary>
    public void Pack(string id, string version, string plugin = "Steering", Action<JsonObject>? manifest = null)
    {
        var file = Path.Combine(Packages, $"{id}.{version}.nupkg");
        File.Delete(file);
        using var package = ZipFile.Open(file, ZipArchiveMode.Create);
        Write($"{id}.nuspec",
            $"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
              <id>{id}</id><version>{version}</version><authors>tests</authors><description>A test's plugin.</description>
            </metadata></package>
            """);
        if (plugin.Length == 0) return;
        foreach (var part in Directory.EnumerateFiles(Fixture.Folder(plugin)).Where(part => Path.GetFileName(part) != PluginManifest.FileName))
            package.CreateEntryFromFile(part, "plugin/" + Path.GetFileName(part));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(Fixture.Folder(plugin), PluginManifest.FileName)))!.AsObject();
        json["version"] = version;
        manifest?.Invoke(json);
        Write("plugin/" + PluginManifest.FileName, json.ToJsonString());

        void Write(string name, string text)
        {
            using var writer = new StreamWriter(package.CreateEntry(name).Open());
            writer.Write(text);
        }
    }

    /// <summary>Serves the packages over HTTP, by NuGet's version 3 protocol: an index and the files.</summary>
    public HttpListener Serve()
    {
        var (listener, port) = Listen();
        _ = Task.Run(async () =>
        {
            while (listener.IsListening)
            {
                HttpListenerContext request;
                try
                {
                    request = await listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                var content = Answer(request.Request.Url!, port);
                request.Response.StatusCode = content is null ? 404 : 200;
                if (content is not null) await request.Response.OutputStream.WriteAsync(content);
                request.Response.Close();
            }
        });
        UseSource($"http://127.0.0.1:{port}/index.json");
        return listener;
    }

    private static (HttpListener, int Port) Listen()
    {
        for (var tries = 0; ; tries++)
        {
            var listener = new HttpListener();
            var port = Random.Shared.Next(20_000, 60_000);
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException) when (tries < 20)
            {
                // Somebody else has the port.
            }
        }
    }

    private byte[]? Answer(Uri address, int port)
    {
        string[] parts = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var files = Directory.GetFiles(Packages).Select(file => Path.GetFileNameWithoutExtension(file).ToLowerInvariant()).ToArray();
        switch (parts)
        {
            case ["index.json"]:
                return Json(new() { ["version"] = "3.0.0", ["resources"] = new JsonArray(new JsonObject { ["@id"] = $"http://127.0.0.1:{port}/flat/", ["@type"] = "PackageBaseAddress/3.0.0" }) });
            case ["flat", var id, "index.json"]:
                var versions = files.Where(file => file.StartsWith(id + ".", StringComparison.Ordinal)).Select(file => file[(id.Length + 1)..]).ToArray();
                return versions.Length == 0 ? null : Json(new() { ["versions"] = new JsonArray([.. versions.Select(version => JsonValue.Create(version))]) });
            case ["flat", _, _, var name]:
                return Directory.GetFiles(Packages).FirstOrDefault(file => Path.GetFileName(file).Equals(name, StringComparison.OrdinalIgnoreCase)) is { } package
                    ? File.ReadAllBytes(package) : null;
            default:
                return null;
        }

        static byte[] Json(JsonObject json) => System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
