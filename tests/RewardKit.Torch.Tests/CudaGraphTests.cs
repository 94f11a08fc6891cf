using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixture(DeviceType.CUDA)]
public class CudaGraphTests(DeviceType type) : DeviceTests(type)
{
    [SetUp]
    public void NeedsGraphs()
    {
        if (!CudaGraph.IsSupported) Assert.Ignore("The native part was built without CUDA's headers");
    }

    [Test]
    public void A_replay_computes_from_what_the_inputs_hold_now()
    {
        using var scope = NewDisposeScope();
        var (weight, input, output) = (rand(16, 16, device: Device), zeros(4, 16, device: Device), zeros(4, 16, device: Device));
        using var noGrad = no_grad();
        using var graph = CudaGraph.Capture(() =>
        {
            using var inner = NewDisposeScope();
            output.copy_(input.matmul(weight).relu());
        });
        for (var k = 0; k < 3; k++)
        {
            input.copy_(randn(4, 16, device: Device));
            graph.Replay();
            Assert.That(Compare.Distance(output, input.matmul(weight).relu()), Is.LessThan(1e-5));
        }
    }

    [Test]
    public void Random_numbers_go_on()
    {
        using var scope = NewDisposeScope();
        var output = zeros(8, device: Device);
        using var graph = CudaGraph.Capture(() => output.uniform_(0, 1));
        graph.Replay();
        var first = output.Floats();
        graph.Replay();
        Assert.That(output.Floats(), Is.Not.EqualTo(first));
    }

    [Test]
    public void A_step_that_fails_leaves_the_device_usable()
    {
        using var scope = NewDisposeScope();
        var runs = 0;
        Assert.That(() => CudaGraph.Capture(() => { if (++runs == 2) throw new TimeoutException(); }, warmups: 1), Throws.InstanceOf<TimeoutException>());
        Assert.That(ones(3, device: Device).sum().item<float>(), Is.EqualTo(3));
    }

    [Test]
    public void A_disposed_graph_is_refused()
    {
        using var output = zeros(1, device: Device);
        var graph = CudaGraph.Capture(() => output.add_(1));
        graph.Dispose();
        Assert.That(graph.Replay, Throws.InstanceOf<ObjectDisposedException>());
    }
}

public class CudaGraphErrorTests
{
    [Test]
    public void Without_a_device_it_says_so()
    {
        if (cuda.is_available()) Assert.Ignore("There is a CUDA device");
        Assert.That(CudaGraph.IsSupported, Is.False);
        Assert.That(() => CudaGraph.Capture(() => { }), Throws.InstanceOf<NotSupportedException>());
    }
}
