using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Optim;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class OptimizerFileTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private static readonly Func<Parameter[], OptimizerHelper>[] Makers =
    [
        parameters => optim.SGD(parameters, 0.1, momentum: 0.9),
        parameters => optim.SGD(parameters, 0.1),
        parameters => optim.Adam(parameters, 0.1, amsgrad: true, weight_decay: 0.01),
        parameters => optim.AdamW(parameters, 0.1, weight_decay: 0.01),
    ];

    private Parameter At(params float[] values) => nn.Parameter(tensor(values, device: Device));

    private static void Steps(OptimizerHelper optimizer, int from, int to)
    {
        for (var step = from; step < to; step++)
        {
            foreach (var parameter in optimizer.parameters()) parameter.grad = (parameter.detach() + step).sin();
            optimizer.step();
        }
    }

    [Test]
    public void Training_continues_from_a_file_as_if_it_had_not_stopped()
    {
        foreach (var make in Makers)
        {
            Parameter[] whole = [At(1, 2), At(3)], before = [At(1, 2), At(3)];
            Steps(make(whole), 0, 6);
            var first = make(before);
            Steps(first, 0, 3);
            var file = new MemoryStream();
            first.save_state_dict(new BinaryWriter(file));
            file.Position = 0;
            Parameter[] after = [.. before.Select(parameter => nn.Parameter(parameter.detach().clone()))];
            var second = make(after);
            second.load_state_dict(new BinaryReader(file));
            Steps(second, 3, 6);
            foreach (var (a, b) in whole.Zip(after)) Assert.That(a.equal(b).all().item<bool>(), Is.True, first.GetType().Name);
            Assert.That(file.Position, Is.EqualTo(file.Length));
        }
    }

    [Test]
    public void A_copied_state_goes_its_own_way()
    {
        foreach (var make in Makers)
        {
            var (first, second) = (make([At(1, 2)]), make([At(1, 2)]));
            Steps(first, 0, 3);
            second.load_state_dict(first.state_dict());
            Assert.That(first.state_dict().State[0].ApproximatelyEquals(second.state_dict().State[0]), Is.True);
            Steps(second, 3, 6);
            first.Dispose();
            Steps(second, 6, 7);
        }
    }

    [Test]
    public void The_bytes_are_those_of_the_format()
    {
        var weight = nn.Parameter(tensor(new[] { 2f }, device: Device));
        var optimizer = optim.AdamW([weight], lr: 0.5, beta1: 0.25, beta2: 0.75, eps: 0.125, weight_decay: 0.0625);
        weight.grad = tensor(new[] { 1f }, device: Device);
        optimizer.step();
        var file = new MemoryStream();
        optimizer.save_state_dict(new BinaryWriter(file));
        var expected = new MemoryStream();
        using (var writer = new BinaryWriter(expected))
        {
            writer.Write("AdamW");
            writer.Write([1, 1]); // groups, parameters
            foreach (var number in new[] { 0.5, 0.5, 0.25, 0.75, 0.125, 0.0625 }) writer.Write(number); // initial and present rate first
            writer.Write(false); // amsgrad
            writer.Write(false); // maximize
            writer.Write(1L); // steps
            writer.Write([6, 1, 1]);
            writer.Write(0.75f);
            writer.Write([6, 1, 1]);
            writer.Write(0.25f);
            writer.Write(false); // no largest mean square
        }
        Assert.That(file.ToArray(), Is.EqualTo(expected.ToArray()));
    }

    [Test]
    public void The_state_of_another_optimiser_or_of_other_parameters_is_refused()
    {
        var file = new MemoryStream();
        optim.Adam([At(1)]).save_state_dict(new BinaryWriter(file));
        BinaryReader Again() => new(new MemoryStream(file.ToArray()));
        Assert.That(() => optim.AdamW([At(1)]).load_state_dict(Again()), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("Adam, not of AdamW"));
        Assert.That(() => optim.Adam([At(1), At(1)]).load_state_dict(Again()), Throws.ArgumentException.With.Message.Contains("1 parameters").And.Message.Contains("2"));
        Assert.That(() => optim.Adam([At(1, 2)]).load_state_dict(Again()), Throws.ArgumentException.With.Message.Contains("[2]"));
    }

    [Test]
    public void The_state_follows_its_parameter()
    {
        var linear = nn.Linear(2, 1);
        var optimizer = optim.AdamW(linear.parameters());
        linear.to(Device);
        linear.call(ones(1, 2, device: Device)).sum().backward();
        optimizer.step();
        var state = (AdamW.State)optimizer.state_dict().State[0];
        Assert.That((state.exp_avg.device.type, state.step), Is.EqualTo((Device.type, 1L)));
        optimizer.to(CPU);
        Assert.That(state.exp_avg.device.type, Is.EqualTo(DeviceType.CPU));
    }
}
