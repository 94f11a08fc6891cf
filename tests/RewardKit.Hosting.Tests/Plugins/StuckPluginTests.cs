using System.Runtime.CompilerServices;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>Plugins that try to stay, and what the host says of them.</summary>
public class StuckPluginTests
{
    private static readonly PluginCatalog Catalog = PluginCatalog.Of(Fixture.Folder("Holding"));
    private static ILoss? _held;

    // As in a host that has kept a run: SQLite has a timer of its own, and handlers of AppDomain's events that lead to it.
    [OneTimeSetUp]
    public void Open()
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=stuck;Mode=Memory");
        connection.Open();
    }

    [TestCase("event", ": AppDomain.CurrentDomain.ProcessExit calls Holding.EventLoss.OnExit (undo it in Dispose).")]
    [TestCase("timer", "a timer calls Holding.TimerLoss.Tick (stop it in Dispose, or heed the cancellation)")]
    [TestCase("task", "a timer waits for the unfinished Holding.TaskLoss.PollAsync (stop it in Dispose, or heed the cancellation)")]
    [TestCase("delegate", "calls code in the constructor of Holding.DelegateLoss (undo it in Dispose)")]
    [TestCase("serializer", "Holding.SerializerLoss.Payload> (serialise with a JsonSerializerContext or JsonSerializerOptions of the plugin's own).")]
    [TestCase("descriptor", "keeps an object of Holding.DescriptorLoss.Provider")]
    public void What_holds_a_plugin_is_named(string id, string holder)
    {
        var stuck = Stuck(id);
        Assert.That(stuck.Message, Does.StartWith($"The plugin Holding 0.1.0 in {Fixture.Folder("Holding")} stays in memory after its use: ")
            .And.Contain(holder));
    }

    [Test]
    public void A_thread_that_still_runs_is_the_likely_cause() => Assert.That(Stuck("thread").Message, Does.Contain(
        "What holds it cannot be seen from outside. Likely a thread that it started: ").And.Contain("poller"));

    [Test]
    public void An_unknown_cause_is_called_so() => Assert.That(Stuck("handle").Message, Does.Contain(
        "What holds it cannot be seen from outside. Likely ").And.Contain("a GC handle"));

    [Test]
    public void What_the_host_itself_holds_is_named()
    {
        try
        {
            Assert.That(Stuck("innocent", loss => _held = loss).Message, Does.Contain(
                "RewardKit.Hosting.Tests.Plugins.StuckPluginTests._held keeps an object of Holding.InnocentLoss"));
        }
        finally
        {
            _held = null;
        }
    }

    [Test]
    public void A_plugin_that_cleans_up_goes()
    {
        var host = new PluginHost(Catalog);
        Use(host, "tidy", _ => { });
        Assert.That(host.WaitForUnload(), Is.Empty);
    }

    [Test]
    public void A_plugin_that_fails_to_clean_up_is_told_and_goes()
    {
        var warnings = new List<string>();
        var host = new PluginHost(Catalog, warn: warnings.Add);
        Use(host, "untidy", _ => { });
        Assert.That(warnings.Single(), Does.StartWith($"Plugin folder {Fixture.Folder("Holding")}: the loss \"untidy\" (Holding 0.1.0) "
            + "threw in Dispose: InvalidOperationException: the broom is broken\n  at "));
        Assert.That(host.WaitForUnload(), Is.Empty);
    }

    private static StuckPlugin Stuck(string id, Action<ILoss>? use = null)
    {
        var host = new PluginHost(Catalog);
        Use(host, id, use ?? (_ => { }));
        var stuck = host.WaitForUnload(TimeSpan.Zero).Single();
        TestContext.Out.WriteLine(stuck.Message);
        Assert.That(host.WaitForUnload(TimeSpan.Zero), Is.Empty, "it is told once");
        return stuck;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(PluginHost host, string id, Action<ILoss> use)
    {
        using var session = host.Open();
        use(session.CreateLoss(Fixture.Loss(id)));
    }
}
