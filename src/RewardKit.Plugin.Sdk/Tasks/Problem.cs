namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>What is wrong with a plugin, under a code that the SDK's README explains.</summary>
/// <param name="Code">The code, as RK1001.</param>
/// <param name="Text">What, where, and how to fix it.</param>
/// <param name="IsWarning">Whether the host may still get along with it.</param>
internal sealed record Problem(string Code, string Text, bool IsWarning = false);
