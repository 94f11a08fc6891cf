using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TorchSharp;

/// <summary>
/// Remembers where each tensor was made, so that a leaked one can be named. Walks the stack for every tensor, so it is
/// off unless the environment variable REWARDKIT_TRACE_TENSORS is 1 or the AppContext switch RewardKit.TraceTensors is on
/// before the first tensor is made.
/// </summary>
internal static class TensorTrace
{
    public const string Variable = "REWARDKIT_TRACE_TENSORS";
    public const string Switch = "RewardKit.TraceTensors";

    /// <summary>The callers shown of each place.</summary>
    private const int Frames = 6;

    // Read-only, so that the checks vanish from compiled code where it is off.
    public static readonly bool On =
        Environment.GetEnvironmentVariable(Variable) == "1" || (AppContext.TryGetSwitch(Switch, out var on) && on);

    private static readonly ConcurrentDictionary<string, Origin> s_origins = new();

    // Keeps no tensor alive, and still knows one while its finalizer runs.
    private static readonly ConditionalWeakTable<torch.Tensor, Origin> s_made = new();

    public static IEnumerable<Origin> Origins => s_origins.Values;

    public static void Made(torch.Tensor tensor)
    {
        var origin = s_origins.GetOrAdd(Place(), place => new Origin(place));
        Interlocked.Increment(ref origin.Alive);
        s_made.Add(tensor, origin);
    }

    public static void Gone(torch.Tensor tensor, bool finalized)
    {
        if (!s_made.Remove(tensor, out var origin)) return;
        Interlocked.Decrement(ref origin.Alive);
        if (finalized) Interlocked.Increment(ref origin.Finalized);
    }

    /// <summary>The layer's function that made the tensor, and below it the callers outside the layer.</summary>
    private static string Place()
    {
        var function = "";
        var callers = new List<string>();
        foreach (var frame in new StackTrace(2, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } type } method) continue;
            if (type.Assembly == typeof(TensorTrace).Assembly || type.Assembly.GetName().Name == "RewardKit.Torch")
            {
                if (callers.Count == 0) function = $"{type.Name}.{method.Name}";
                continue;
            }
            var file = frame.GetFileName() is { } path ? $" ({path}:{frame.GetFileLineNumber()})" : "";
            callers.Add($"{type.FullName}.{method.Name}{file}");
            if (callers.Count == Frames) break;
        }
        return string.Join("\n    ", [function, .. callers]);
    }

    /// <summary>A place where tensors are made.</summary>
    internal sealed class Origin(string place)
    {
        public long Alive;
        public long Finalized;

        public string Place => place;
    }
}
