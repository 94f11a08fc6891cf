using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RewardKit.Hosting.Plugins;

/// <summary>The load contexts that were told to go and are not gone yet.</summary>
/// <param name="services">The host's services, which a plugin may have hung itself on.</param>
internal sealed class Unloads(IServiceProvider services)
{
    private readonly List<Pending> _pending = [];

    private sealed record Pending(PluginManifest Manifest, WeakReference Context, IReadOnlySet<int> ThreadsBefore, IReadOnlyList<IntPtr> Libraries);

    /// <summary>Tells a context to go.</summary>
    public void Begin(PluginLoadContext context)
    {
        context.Unload();
        lock (_pending) _pending.Add(new(context.Manifest, new(context), context.ThreadsBefore, context.Libraries));
    }

    /// <summary>Waits until all are gone. What stays is told once.</summary>
    /// <param name="patience">For how long.</param>
    public IReadOnlyList<StuckPlugin> Wait(TimeSpan patience)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var round = 0; ; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            lock (_pending)
            {
                foreach (var gone in _pending.Where(p => !p.Context.IsAlive).ToArray())
                {
                    _pending.Remove(gone);
                    // The runtime leaves native libraries mapped; now that no code is left which could call them, they can go.
                    foreach (var library in gone.Libraries) NativeLibrary.Free(library);
                }
                if (_pending.Count == 0) return [];
                if (round >= 10 && clock.Elapsed >= patience)
                {
                    StuckPlugin[] stuck = [.. _pending.Select(Diagnose).OfType<StuckPlugin>()];
                    _pending.Clear();
                    return stuck;
                }
            }
            if (round >= 5) Thread.Sleep(20);
        }
    }

    // Apart, so that nothing here holds a context while it is waited for.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private StuckPlugin? Diagnose(Pending pending) => pending.Context.Target is PluginLoadContext context
        ? new(pending.Manifest, Holders.Of(context, services), RunningThreads.Since(pending.ThreadsBefore))
        : null;
}
