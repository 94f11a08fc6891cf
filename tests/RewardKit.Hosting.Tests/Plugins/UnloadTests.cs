using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Hosting.Tests.Plugins;

public class UnloadTests
{
    // Lives on while plugins come and go, as the host's services do.
    private static readonly ServiceProvider Services =
        new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider();

    [Test]
    public void A_plugin_is_gone_after_use_every_time()
    {
        var catalog = PluginCatalog.Of(Fixture.Folder("Good"), Fixture.Folder("GoodFSharp"), Fixture.Folder("PrivateDependency"));
        for (var round = 1; round <= 20; round++)
        {
            var contexts = UseAll(new PluginHost(catalog, Services));
            for (var i = 0; i < 20 && contexts.Exists(c => c.IsAlive); i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Assert.That(contexts, Has.Count.EqualTo(3).And.All.Property(nameof(WeakReference.IsAlive)).False, $"round {round}");
        }
    }

    [Test]
    public void A_hundred_rounds_leave_memory_level()
    {
        var host = new PluginHost(PluginCatalog.Of(Fixture.Folder("Good"), Fixture.Folder("GoodFSharp"), Fixture.Folder("PrivateDependency")), Services);
        Rounds(10);
        var (memory, contexts) = (GC.GetTotalMemory(forceFullCollection: true), Contexts());
        Rounds(100);
        Assert.Multiple(() =>
        {
            Assert.That(Contexts(), Is.EqualTo(contexts));
            // What a round allocates is many times more than what a hundred may leave.
            Assert.That(GC.GetTotalMemory(forceFullCollection: true) - memory, Is.LessThan(500_000));
        });

        void Rounds(int count)
        {
            for (var round = 1; round <= count; round++)
            {
                UseAll(host);
                Assert.That(host.WaitForUnload(), Is.Empty, $"round {round}");
            }
        }

        int Contexts() => AssemblyLoadContext.All.Count(c => c.Name is "Good" or "GoodFSharp" or "PrivateDependency");
    }

    [Test]
    public void A_refused_plugin_is_gone_too()
    {
        var before = AssemblyLoadContext.All.Count(c => c.Name == "Throwing");
        RefuseThrowing();
        for (var i = 0; i < 20; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.That(AssemblyLoadContext.All.Count(c => c.Name == "Throwing"), Is.LessThanOrEqualTo(before));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RefuseThrowing()
    {
        using var session = new PluginHost(PluginCatalog.Of(Fixture.Folder("Throwing")), Services).Open();
        Assert.Throws<RewardKitException>(() => session.CreateLoss(Fixture.Loss("throwing")));
        Assert.Throws<RewardKitException>(() => session.CreateLoss(Fixture.Loss("asking")));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference> UseAll(PluginHost host)
    {
        using var session = host.Open();
        ILoss[] losses =
        [
            session.CreateLoss(Fixture.Loss("good", ("alpha", 0.5), ("reduction", "sum"), ("pairs", 4))),
            session.CreateLoss(Fixture.Loss("fsharp", ("limit", 3))),
            session.CreateLoss(Fixture.Loss("dependent")),
        ];
        using var scope = torch.NewDisposeScope();
        var rewards = torch.tensor(new[] { 1f, 2f, 3f, 4f }, [2, 2], requires_grad: true);
        foreach (var loss in losses)
        {
            Assert.That(loss.Needs, Is.EqualTo(ForwardNeeds.Rewards));
            Assert.That(loss.ToString(), Is.Not.Empty);
            var result = loss.Compute(null!, new() { Rewards = rewards });
            result.Loss.backward();
            Assert.That(result.Loss.item<float>(), Is.EqualTo(10));
        }
        Assert.Throws<RewardKitException>(() => session.CreateLoss(Fixture.Loss("good", ("pairs", 3))));

        var augmenter = session.CreateAugmenter(Fixture.Use(PluginKind.Augmenter, "good"));
        var augmented = augmenter.AugmentAsync(AsyncEnumerable.Empty<PreferenceExample>(), new(1, null, (_, _) => { }), default);
        Assert.That(augmented.ToBlockingEnumerable(), Is.Empty);

        var evaluator = session.CreateEvaluator(Fixture.Use(PluginKind.Evaluator, "good"));
        var report = evaluator.EvaluateAsync(new(null!, [], 7), default).GetAwaiter().GetResult();
        Assert.That(report.Metrics["plain"].Value, Is.EqualTo(7));
        return [.. losses.Select(l => new WeakReference(AssemblyLoadContext.GetLoadContext(l.GetType().Assembly)))];
    }
}
