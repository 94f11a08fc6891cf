namespace RewardKit.Hosting.Plugins.Reloading;

/// <summary>What became of a plugin folder that changed.</summary>
/// <param name="Folder">The folder; null where it is the set of plugins as a whole that cannot be read.</param>
/// <param name="Plugin">The plugin's name and version, as far as known.</param>
/// <param name="Generation">The generation in use from now on, counted from 1; 0 for a plugin that is no longer there.</param>
/// <param name="Problem">Why the new state cannot be used, so that the generation is still the earlier one; null where it is used.</param>
public sealed record PluginChange(string? Folder, string Plugin, int Generation, string? Problem)
{
    /// <summary>The change in a sentence.</summary>
    public string Message => (Problem, Generation) switch
    {
        (null, 0) => $"{Plugin} is no longer installed.",
        (null, 1) => $"{Plugin} is new: generation 1.",
        (null, _) => $"{Plugin} was rebuilt: generation {Generation}.",
        (_, 0) => $"{Plugin} cannot be used: {Problem}",
        _ => $"{Plugin} has changed, but cannot be used as it is; generation {Generation} stays in use. {Problem}",
    };
}
