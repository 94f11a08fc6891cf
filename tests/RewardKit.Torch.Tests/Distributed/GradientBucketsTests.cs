using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests.Distributed;

public class GradientBucketsTests
{
    private const int Size = 2;

    // Two layers in use, one that a process may leave out, one that none uses.
    private sealed class Net : nn.Module<Tensor, Tensor>
    {
        private readonly Linear _first = nn.Linear(6, 5);
        private readonly Linear _second = nn.Linear(5, 4);
        private readonly Linear _extra = nn.Linear(5, 4);
        private readonly Linear _unused = nn.Linear(3, 3);

        public Net() : base("net")
        {
            RegisterComponents();
            foreach (var (index, parameter) in parameters().Index()) using (no_grad()) parameter.copy_(linspace(-1, 1 + index, parameter.numel()).view(parameter.shape));
        }

        public bool Extra { get; set; }

        public override Tensor forward(Tensor x)
        {
            var hidden = tanh(_first.call(x));
            return Extra ? _second.call(hidden) + _extra.call(hidden) : _second.call(hidden);
        }
    }

    // One batch for each process and pass.
    private static Tensor Rows(int rank, int pass) => linspace(-1, 1, 18).view(3, 6) + 0.1f * rank - 0.3f * pass;

    private static Dictionary<string, float[]?> Gradients(Net net) =>
        net.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad?.Floats());

    // What one process gets that computes all of it.
    private static Dictionary<string, float[]?> Alone(int passes, Func<int, int, bool> extra)
    {
        using var scope = NewDisposeScope();
        using var net = new Net();
        for (var rank = 0; rank < Size; rank++)
            for (var pass = 0; pass < passes; pass++)
            {
                net.Extra = extra(rank, pass);
                net.call(Rows(rank, pass)).pow(2).sum().backward();
            }
        return Gradients(net);
    }

    [Test]
    public void Gradients_are_the_sums_over_the_processes([Values(64, 25 << 20)] int bytes, [Values(1, 3)] int passes, [Values] bool extraInOne)
    {
        var results = Ranks.Run(Size, group =>
        {
            using var scope = NewDisposeScope();
            using var net = new Net();
            using var buckets = new GradientBuckets(group, net.parameters(), bytes, firstBytes: bytes);
            // A second step finds the buckets as the first one left them.
            for (var step = 0; step < 2; step++)
            {
                foreach (var parameter in net.parameters()) parameter.grad = null;
                for (var pass = 0; pass < passes; pass++)
                {
                    net.Extra = extraInOne && group.Rank == 1 && pass == 0;
                    if (pass == passes - 1) buckets.Begin();
                    net.call(Rows(group.Rank, pass)).pow(2).sum().backward();
                }
                buckets.Finish();
            }
            return Gradients(net);
        });
        var expected = Alone(passes, (rank, pass) => extraInOne && rank == 1 && pass == 0);
        foreach (var result in results)
        {
            Assert.That(result.Keys, Is.EqualTo(expected.Keys));
            foreach (var (name, gradient) in expected)
                Assert.That(result[name], gradient is null ? Is.Null : Is.EqualTo(gradient).Within(1e-3).Percent, name);
        }
        Assert.That(expected["_unused.weight"], Is.Null);
        Assert.That(expected["_extra.weight"], extraInOne ? Is.Not.Null : Is.Null);
        Assert.That(results[0], Is.EqualTo(results[1]), "bit for bit the same in both");
    }

    [Test]
    public void A_process_without_a_row_adds_nothing()
    {
        var results = Ranks.Run(Size, group =>
        {
            using var scope = NewDisposeScope();
            using var net = new Net();
            using var buckets = new GradientBuckets(group, net.parameters());
            buckets.Begin();
            if (group.Rank == 0) net.call(Rows(0, 0)).pow(2).sum().backward();
            buckets.Finish();
            return Gradients(net);
        });
        using var scope = NewDisposeScope();
        using var net = new Net();
        net.call(Rows(0, 0)).pow(2).sum().backward();
        Assert.That(results, Has.All.EqualTo(Gradients(net)));
    }

    [Test]
    public void Buckets_are_sent_off_while_the_backward_pass_goes_on()
    {
        var early = Ranks.Run(Size, group =>
        {
            using var scope = NewDisposeScope();
            using var net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1));
            using var buckets = new GradientBuckets(group, net.parameters(), bytes: 1, firstBytes: 1);
            buckets.Begin();
            net.call(ones(2, 8)).sum().backward();
            var sent = buckets.SentEarly;
            buckets.Finish();
            return (sent, buckets.Count);
        });
        Assert.That(early, Has.All.EqualTo((6L, 6L)));
    }

    [Test]
    public void Hooks_end_with_the_buckets()
    {
        Ranks.Run(Size, group =>
        {
            using var scope = NewDisposeScope();
            using var net = new Net();
            var buckets = new GradientBuckets(group, net.parameters());
            buckets.Begin();
            buckets.Dispose();
            net.call(Rows(0, 0)).pow(2).sum().backward();
            return 0;
        });
    }
}
