namespace TorchSharp;

/// <summary>
/// Looks for the operation that made a gradient wrong: while it is on, for all threads, a backward function that returns
/// nan ends the backward pass with an error that names it. Slow; for debugging. Disposing it restores the mode before.
/// </summary>
public class AnomalyMode : IDisposable
{
    private readonly bool _wasEnabled = IsEnabled;
    private readonly bool _checkedNaN = ShouldCheckNaN;

    /// <summary>Turns the mode on or off; <paramref name="check_nan"/> says whether gradients are searched for nan.</summary>
    public AnomalyMode(bool enabled, bool check_nan = true) => Set(enabled, check_nan);

    /// <summary>Whether the mode is on.</summary>
    public static bool IsEnabled => Native.rk_anomaly_mode() != 0;

    /// <summary>Whether gradients are searched for nan while the mode is on.</summary>
    public static bool ShouldCheckNaN => Native.rk_anomaly_checks_nan() != 0;

    /// <summary>Restores the mode before.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Restores the mode before.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing) Set(_wasEnabled, _checkedNaN);
    }

    private static void Set(bool enabled, bool checkNaN) => Native.rk_set_anomaly_mode(enabled ? 1 : 0, checkNaN ? 1 : 0);
}

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>Turns anomaly mode on until the result is disposed.</summary>
        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);

        /// <summary>Turns anomaly mode on or off until the result is disposed.</summary>
        public static AnomalyMode set_detect_anomaly(bool mode, bool check_nan = true) => new(mode, check_nan);
    }
}
