namespace RewardKit.Torch;

/// <summary>
/// Another process of this run does not answer any more: it died, was stopped, or did not come within the time allowed. What
/// happened to it, it says itself.
/// </summary>
/// <param name="message">What was being done, and what c10d says.</param>
public sealed class LostProcessException(string message) : Exception(message);
