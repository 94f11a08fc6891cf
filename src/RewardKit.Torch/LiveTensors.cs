using System.Globalization;
using System.Text;
using TorchSharp;

namespace RewardKit.Torch;

/// <summary>
/// Which tensors are alive, so that a leak can be found. With the environment variable REWARDKIT_TRACE_TENSORS set to 1, or
/// the AppContext switch RewardKit.TraceTensors on, before the first tensor is made, also where they were made.
/// </summary>
public static class LiveTensors
{
    /// <summary>Tensors made on this thread, in a dispose scope or outside, less those disposed since.</summary>
    public static long Count => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

#if TORCH_PACKAGE
    /// <summary>Tensors of the whole process, whichever thread made them, less those disposed or finalized.</summary>
    /// <exception cref="NotSupportedException">This build stands on the TorchSharp package.</exception>
    public static long ProcessCount => throw Provider.Lacks("Counting the tensors of all threads");

    /// <summary>Whether it is recorded where tensors are made.</summary>
    public static bool AreTraced => false;
#else
    /// <summary>Tensors of the whole process, whichever thread made them, less those disposed or finalized.</summary>
    public static long ProcessCount => Native.rk_live_tensors();

    /// <summary>Whether it is recorded where tensors are made.</summary>
    public static bool AreTraced => TensorTrace.On;
#endif

    /// <summary>The places where tensors were made that are alive, or that nobody disposed; those with most alive first.</summary>
    /// <exception cref="NotSupportedException">This build stands on the TorchSharp package.</exception>
    /// <exception cref="InvalidOperationException">It is not recorded where tensors are made; see <see cref="AreTraced"/>.</exception>
    public static IReadOnlyList<Origin> ByOrigin()
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Where tensors were made");
#else
        if (!AreTraced)
        {
            throw new InvalidOperationException(
                $"It is not recorded where tensors are made; set the environment variable {TensorTrace.Variable} to 1 before the program starts");
        }
        return TensorTrace.Origins
            .Select(origin => new Origin(origin.Place, Interlocked.Read(ref origin.Alive), Interlocked.Read(ref origin.Finalized)))
            .Where(origin => origin.Alive > 0 || origin.Finalized > 0)
            .OrderByDescending(origin => origin.Alive).ThenByDescending(origin => origin.Finalized).ThenBy(origin => origin.Place, StringComparer.Ordinal)
            .ToList();
#endif
    }

    /// <summary>The counts as text, with the places where it is recorded.</summary>
    public static string Report()
    {
        var text = new StringBuilder();
#if TORCH_PACKAGE
        text.Append(CultureInfo.InvariantCulture, $"{Count} tensors of this thread are alive\n");
#else
        text.Append(CultureInfo.InvariantCulture, $"{ProcessCount} tensors are alive, {Count} of this thread\n");
#endif
        if (!AreTraced) return text.ToString();
        foreach (var origin in ByOrigin())
            text.Append(CultureInfo.InvariantCulture, $"{origin.Alive} alive, {origin.Finalized} left to the finalizer: {origin.Place}\n");
        return text.ToString();
    }

    /// <summary>A place where tensors were made.</summary>
    /// <param name="Place">The function that made them and, one a line, its callers with file and line where known.</param>
    /// <param name="Alive">Those not yet freed.</param>
    /// <param name="Finalized">Those that nobody disposed and the finalizer freed.</param>
    public sealed record Origin(string Place, long Alive, long Finalized);
}
