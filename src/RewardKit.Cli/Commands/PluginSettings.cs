namespace RewardKit.Cli.Commands;

/// <summary>What <c>--set</c> says, by the plugin it is for: <c>NAME=VALUE</c> where there is one, <c>ID.NAME=VALUE</c> where there are several.</summary>
internal sealed class PluginSettings
{
    private readonly Dictionary<string, List<string>> _settings = [];

    /// <summary>Shares settings out.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="ids">The plugins' ids.</param>
    /// <exception cref="RewardKitException">It is not clear which plugin one is for.</exception>
    public PluginSettings(IEnumerable<string> settings, string[] ids)
    {
        foreach (var id in ids)
            if (!_settings.TryAdd(id, [])) throw RewardKitException.Input($"\"{id}\" is named twice.");
        foreach (var setting in settings)
        {
            // Ids have no dot, and values may have one.
            var dot = setting.IndexOf('.', StringComparison.Ordinal);
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (dot > 0 && dot < equals && _settings.TryGetValue(setting[..dot], out var named)) named.Add(setting[(dot + 1)..]);
            else if (ids is [var only]) _settings[only].Add(setting);
            else throw RewardKitException.Input($"--set {setting}: for which of {string.Join(", ", ids)}? Write its id in front, as {ids[0]}.{setting}.");
        }
    }

    /// <summary>Those of a plugin.</summary>
    public IReadOnlyList<string> Of(string id) => _settings[id];
}
