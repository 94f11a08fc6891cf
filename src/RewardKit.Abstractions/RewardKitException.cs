namespace RewardKit;

/// <summary>
/// A failure that the user can act on. Its message says what is wrong, where, what was expected and how to fix it; the
/// host prints it without a stack trace and ends with <see cref="ExitCode"/>. Plugins may throw it, too.
/// </summary>
public sealed class RewardKitException : Exception
{
    private RewardKitException(string message, int exitCode, Exception? inner) : base(message, inner) => ExitCode = exitCode;

    /// <summary>2 for wrong usage or input, 1 for a failure while working.</summary>
    public int ExitCode { get; }

    /// <summary>Wrong usage or input: a missing file, a value out of range, an unknown name. Exit code 2.</summary>
    public static RewardKitException Input(string message, Exception? inner = null) => new(message, 2, inner);

    /// <summary>A failure at work: a full disk, a diverged loss, a corrupt checkpoint. Exit code 1.</summary>
    public static RewardKitException Failure(string message, Exception? inner = null) => new(message, 1, inner);
}
