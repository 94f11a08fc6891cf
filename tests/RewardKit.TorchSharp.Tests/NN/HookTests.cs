using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace RewardKit.TorchSharp.Tests.NN;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class HookTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private sealed class Product() : Module<Tensor, Tensor, Tensor>(nameof(Product))
    {
        public override Tensor forward(Tensor input1, Tensor input2) => input1 * input2;
    }

    [Test]
    public void Hooks_see_and_change_arguments_and_results_in_order()
    {
        var order = new List<string>();
        var module = new Product();
        module.register_forward_pre_hook(m => order.Add("module pre " + m.GetName()));
        module.register_forward_pre_hook((_, left, right) =>
        {
            order.Add("pre");
            return (left + 1, right);
        });
        module.register_forward_hook((_, left, _, result) =>
        {
            order.Add($"post {left.item<float>()}");
            return result * 10;
        });
        module.register_forward_hook(_ => order.Add("module post"));
        var (a, b) = (tensor(2f, Device), tensor(5f, Device));
        Assert.That(module.call(a, b).item<float>(), Is.EqualTo(150));
        Assert.That(order, Is.EqualTo(new[] { "module pre Product", "pre", "post 3", "module post" }));
        Assert.That(module.forward(a, b).item<float>(), Is.EqualTo(10));
    }

    [Test]
    public void A_removed_hook_is_not_called_and_null_changes_nothing()
    {
        var linear = Linear(2, 2).to(Device);
        var calls = 0;
        var hook = linear.register_forward_hook((_, _, _) =>
        {
            calls++;
            return null!;
        });
        var x = ones(1, 2, device: Device);
        Assert.That(linear.call(x).equal(linear.forward(x)).all().item<bool>(), Is.True);
        hook.remove();
        linear.call(x);
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public void The_modules_of_a_sequence_are_called_with_their_hooks()
    {
        var first = Linear(2, 2);
        var seen = 0;
        first.register_forward_hook(_ => seen++);
        Sequential(first, ReLU()).to(Device).call(ones(1, 2, device: Device));
        Assert.That(seen, Is.EqualTo(1));
    }

    private sealed class Named : nn.Module
    {
        [ComponentName(Name = "w")] private readonly Parameter _weight = Parameter(zeros(1));
        private readonly Linear first;
        private readonly Linear again;

        public Named() : base(nameof(Named))
        {
            first = again = Linear(1, 1, hasBias: false);
            RegisterComponents();
            GC.KeepAlive((_weight, first, again));
        }
    }

    [Test]
    public void Fields_are_registered_under_their_own_or_a_given_name_each()
    {
        var module = new Named();
        Assert.That(module.state_dict().Keys, Is.EquivalentTo(new[] { "w", "first.weight", "again.weight" }));
        Assert.That(module.named_parameters().Select(entry => entry.name), Is.EqualTo(new[] { "w", "first.weight" }));
    }

    private sealed class Follows : Module<Tensor, Tensor>
    {
        public Tensor Cache = zeros(1);

        public Follows() : base(nameof(Follows)) => Cache.DetachFromDisposeScope();

        protected override void RegisterComponents()
        {
        }

        protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
        {
            base._toEpilog(dtype, device, non_blocking);
            Cache = Cache.to(dtype ?? Cache.dtype, device ?? Cache.device);
        }

        public override Tensor forward(Tensor input) => input + Cache;
    }

    [Test]
    public void A_module_below_moves_what_it_overrides_to_move()
    {
        var below = new Follows();
        Sequential(Linear(1, 1), below).to(Device, float64);
        Assert.That((below.Cache.dtype, below.Cache.device.type), Is.EqualTo((float64, Device.type)));
    }

    [Test]
    public void Moving_keeps_the_objects_and_their_gradients()
    {
        var linear = Linear(2, 1);
        var weight = linear.weight;
        weight.grad = ones(1, 2);
        linear.to(Device, float64);
        Assert.That(linear.weight, Is.SameAs(weight));
        Assert.That((weight.dtype, weight.device.type, weight.grad!.dtype, weight.is_leaf), Is.EqualTo((float64, Device.type, float64, true)));
        linear.call(ones(1, 2, float64, Device)).sum().backward();
        Assert.That(weight.grad!.cpu().data<double>().ToArray(), Is.EqualTo(new[] { 2.0, 2 }));
    }

    [Test]
    public void Parameters_do_not_become_integers() =>
        Assert.That(() => Linear(1, 1).to(int64), Throws.ArgumentException.With.Message.Contains("Int64"));

    [Test]
    public void A_dictionary_and_a_list_of_modules_register_what_they_hold()
    {
        var modules = ModuleDict(("a", (nn.Module)Linear(1, 1, false)));
        modules["b"] = Linear(1, 1, false);
        modules.Insert(0, ("c", Linear(1, 1, false)));
        modules.Remove("a");
        Assert.That(modules.state_dict().Keys, Is.EqualTo(new[] { "c.weight", "b.weight" }));
        Assert.That(((IList<(string Name, nn.Module)>)modules).Select(entry => entry.Name), Is.EqualTo(new[] { "c", "b" }));
        Assert.That((modules.ContainsKey("b"), modules.TryGetValue("a", out _), modules[1].Item1), Is.EqualTo((true, false, "b")));
        var list = ModuleList(Linear(1, 1, false));
        list.append(Linear(1, 1, false));
        list.extend([Linear(1, 1, false)]);
        Assert.That(list.state_dict().Keys, Is.EqualTo(new[] { "0.weight", "1.weight", "2.weight" }));
    }
}
