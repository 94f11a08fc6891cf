namespace RewardKit.Hosting.Plugins;

/// <summary>Which contract versions this host runs.</summary>
internal static class ContractRange
{
    /// <summary>Why plugins built for a version cannot be used here, as the end of a sentence; null where they can.</summary>
    /// <param name="built">The version that their manifest states.</param>
    public static string? Refusal(int built)
    {
        if (built is >= Contract.Oldest and <= Contract.Version) return null;
        var here = Contract.Oldest == Contract.Version ? $"has {Contract.Version}" : $"runs versions {Contract.Oldest} to {Contract.Version}";
        return $"was built for contract version {built}; this RewardKit {here}. "
            + (built > Contract.Version ? "Upgrade RewardKit, or install an older version of the plugin." : "Rebuild the plugin, or install a newer one.");
    }
}
