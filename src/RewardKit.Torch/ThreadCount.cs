using System.Globalization;
using TorchSharp;

namespace RewardKit.Torch;

/// <summary>How many threads an operator may use.</summary>
public static class ThreadCount
{
    /// <summary>
    /// Sets it to OMP_NUM_THREADS, or to all processors. Some builds of libtorch start with one thread whatever the machine
    /// has; and the number decides the order of additions, and so the last bits of a result: it must not be left to chance.
    /// </summary>
    /// <exception cref="FormatException">OMP_NUM_THREADS is no number of threads.</exception>
    public static void Set()
    {
        var wished = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
        if (string.IsNullOrEmpty(wished)) torch.set_num_threads(Environment.ProcessorCount);
        else if (int.TryParse(wished, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads > 0) torch.set_num_threads(threads);
        else throw new FormatException($"OMP_NUM_THREADS is \"{wished}\"; expected a number of threads, at least 1.");
    }
}
