namespace RewardKit;

/// <summary>
/// The version of the contracts in this assembly. A plugin's manifest states the version that it was built for; a host runs
/// those from <see cref="Oldest"/> to <see cref="Version"/>.
/// </summary>
public static class Contract
{
    /// <summary>Rises when the contracts change: what is built for it may use what earlier hosts do not have.</summary>
    public const int Version = 6;

    /// <summary>The oldest version whose plugins still run; rises when a change breaks them.</summary>
    public const int Oldest = 1;
}
