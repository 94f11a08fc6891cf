namespace RewardKit.Hosting.Plugins;

/// <summary>A plugin that stays in memory although its session has ended: something still holds an object or a type of it.</summary>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Holders">What was found to hold it, as <c>a timer calls Acme.Poller.Tick</c>; empty where nothing was.</param>
/// <param name="Threads">Threads that began since it was loaded and still run, those of the runtime left out.</param>
public sealed record StuckPlugin(PluginManifest Manifest, IReadOnlyList<string> Holders, IReadOnlyList<string> Threads)
{
    /// <summary>Which plugin it is, what holds it as far as that can be seen, and how to mend it.</summary>
    public string Message
    {
        get
        {
            var stays = $"The plugin {Manifest.Name} {Manifest.Version} in {Manifest.Folder} stays in memory after its use";
            if (Holders.Count > 0) return $"{stays}: {string.Join("; ", Holders)}.";
            return $"{stays}. What holds it cannot be seen from outside. " + (Threads.Count > 0
                ? $"Likely a thread that it started: {string.Join(", ", Threads)} began since it was loaded and still {(Threads.Count == 1 ? "runs" : "run")}. End it in Dispose. "
                    + "Else a GC handle, a native callback, or an object of the plugin that is still in use."
                : "Likely a GC handle, a native callback, a thread's own values, or an object of the plugin that is still in use.");
        }
    }
}
