namespace RewardKit;

/// <summary>The version of the contracts in this assembly, written into each plugin's manifest.</summary>
public static class Contract
{
    /// <summary>
    /// Rises when a plugin compiled earlier would no longer run. A host refuses plugins built for a newer version.
    /// </summary>
    public const int Version = 1;
}
