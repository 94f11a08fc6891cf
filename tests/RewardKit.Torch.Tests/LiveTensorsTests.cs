using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

public class LiveTensorsTests
{
    [Test]
    public void Tensors_are_counted_for_the_process_over_all_threads()
    {
        // What other tests forgot must not be freed meanwhile.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = LiveTensors.ProcessCount;
        Tensor? made = null;
        var thread = new Thread(() => made = ones(1));
        thread.Start();
        thread.Join();
        Assert.That(LiveTensors.ProcessCount, Is.EqualTo(before + 1));
        made!.Dispose();
        Assert.That(LiveTensors.ProcessCount, Is.EqualTo(before));
    }

    [Test]
    public void Without_the_switch_the_places_are_refused_and_the_report_has_the_counts()
    {
        Assert.That(LiveTensors.AreTraced, Is.False);
        Assert.That(LiveTensors.ByOrigin, Throws.InvalidOperationException.With.Message.Contains("REWARDKIT_TRACE_TENSORS"));
        Assert.That(LiveTensors.Report(), Does.StartWith($"{LiveTensors.ProcessCount} tensors are alive"));
    }

    [Test]
    public void With_the_switch_a_leaked_tensor_is_named_by_the_place_where_it_was_made()
    {
        // The switch is read when the layer makes its first tensor, so that it costs nothing where it is off. A second copy
        // of the layer reads it anew.
        AppContext.SetSwitch("RewardKit.TraceTensors", true);
        string[] reports;
        try
        {
            var copy = new Copy().LoadFromAssemblyPath(typeof(LiveTensorsTests).Assembly.Location);
            reports = (string[])copy.GetType(typeof(Leaky).FullName!)!.GetMethod(nameof(Leaky.Run))!.Invoke(null, null)!;
        }
        finally
        {
            AppContext.SetSwitch("RewardKit.TraceTensors", false);
        }
        var places = reports[0].Split('\n');
        var kept = Array.FindIndex(places, line => line.StartsWith("2 alive, 0 left to the finalizer: torch.ones", StringComparison.Ordinal));
        var dropped = Array.FindIndex(places, line => line.StartsWith("0 alive, 3 left to the finalizer: Tensor.op_Multiply", StringComparison.Ordinal));
        Assert.That(kept, Is.Positive, reports[0]);
        Assert.That(dropped, Is.Positive, reports[0]);
        Assert.That(places[kept + 1], Does.Contain("Leaky.Keep"));
        // Lines are known where the debug symbols lie beside the program.
        if (File.Exists(Path.ChangeExtension(typeof(LiveTensorsTests).Assembly.Location, ".pdb")))
            Assert.That(places[kept + 1], Does.Contain($"{nameof(LiveTensorsTests)}.cs:"));
        Assert.That(places[kept + 2], Does.Contain("Leaky.Run"));
        Assert.That(places[dropped + 1], Does.Contain("Leaky.Drop"));
        Assert.That(reports[0], Does.Not.Contain("Leaky.Tidy"));
        Assert.That(reports[1], Does.Not.Contain("Leaky.Keep"), "after they were disposed");
    }

    /// <summary>Loads this program's own assemblies a second time.</summary>
    private sealed class Copy : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name is "TorchSharp" or "RewardKit.Torch"
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"))
                : null;
    }

    /// <summary>Runs in the second copy.</summary>
    private static class Leaky
    {
        public static string[] Run()
        {
            var kept = Keep();
            Drop();
            Tidy();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var first = LiveTensors.Report();
            foreach (var tensor in kept) tensor.Dispose();
            return [first, LiveTensors.Report()];
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static List<Tensor> Keep()
        {
            var kept = new List<Tensor>();
            for (var k = 0; k < 2; k++) kept.Add(ones(1));
            return kept;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Drop()
        {
            using var x = ones(1);
            for (var k = 0; k < 3; k++) _ = x * 2;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void Tidy()
        {
            using var scope = NewDisposeScope();
            (ones(1) + 1).Dispose();
        }
    }
}
