using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.NN;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class ModuleTests(DeviceType type) : DeviceTests(type)
{
    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        public readonly Linear up = nn.Linear(3, 4);
        private readonly ModuleList<Linear> _downs = nn.ModuleList(nn.Linear(4, 3, hasBias: false), nn.Linear(4, 3, hasBias: false));
        private readonly Parameter gain = nn.Parameter(ones(3));
        private readonly Tensor table = arange(3, float32);

        public Block() : base(nameof(Block))
        {
            register_buffer("scratch", zeros(2), persistent: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var x = up.call(input).relu();
            return ((_downs[0].call(x) + _downs[1].call(x)) * gain + table).MoveToOuterDisposeScope();
        }
    }

    private sealed class Tied : nn.Module<Tensor, Tensor>
    {
        public readonly Embedding embed = nn.Embedding(5, 2);
        public readonly Linear head;

        public Tied() : base(nameof(Tied))
        {
            head = nn.Linear(embed.weight);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(embed.call(input));
    }

    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Fields_are_found_in_order_under_their_names()
    {
        var block = new Block().to(Device);
        Assert.That(block.named_parameters().Select(entry => entry.name),
            Is.EqualTo(new[] { "gain", "up.weight", "up.bias", "_downs.0.weight", "_downs.1.weight" }));
        Assert.That(block.named_buffers().Select(entry => entry.name), Is.EqualTo(new[] { "scratch", "table" }));
        Assert.That(block.named_modules().Select(entry => entry.name), Is.EqualTo(new[] { "up", "_downs", "_downs.0", "_downs.1" }));
        Assert.That(block.parameters(recurse: false).Count(), Is.EqualTo(1));
    }

    [Test]
    public void A_shared_parameter_counts_once_and_is_saved_under_both_paths()
    {
        var tied = new Tied().to(Device);
        Assert.That(tied.named_parameters().Select(entry => entry.name), Is.EqualTo(new[] { "embed.weight" }));
        Assert.That(tied.state_dict().Keys, Is.EquivalentTo(new[] { "embed.weight", "head.weight" }));
    }

    [Test]
    public void The_state_dictionary_leaves_out_what_is_not_persistent() =>
        Assert.That(new Block().to(Device).state_dict(prefix: "model").Keys, Is.EquivalentTo(new[]
        {
            "model.gain", "model.up.weight", "model.up.bias", "model._downs.0.weight", "model._downs.1.weight", "model.table",
        }));

    [Test]
    public void A_loaded_state_gives_the_same_results()
    {
        var (one, other) = (new Block().to(Device), new Block().to(Device));
        var x = randn(2, 3, device: Device);
        Assert.That(other.call(x).Floats(), Is.Not.EqualTo(one.call(x).Floats()));
        other.load_state_dict(one.state_dict());
        Assert.That(other.call(x).Floats(), Is.EqualTo(one.call(x).Floats()));
    }

    [Test]
    public void A_state_that_does_not_fit_is_refused_by_name_and_changes_nothing()
    {
        var block = new Block().to(Device);
        var before = block.up.weight.Floats();
        var state = new Block().to(Device).state_dict();
        state.Remove("gain");
        state["other"] = zeros(1, device: Device);
        Assert.That(() => block.load_state_dict(state), Throws.InvalidOperationException.With.Message.Contains("missing: [gain], unexpected: [other]"));
        state = new Block().to(Device).state_dict();
        state["up.bias"] = zeros(5, device: Device);
        Assert.That(() => block.load_state_dict(state), Throws.InvalidOperationException.With.Message.Contains("'up.bias' of Block has the shape [4], the value given [5]"));
        Assert.That(block.up.weight.Floats(), Is.EqualTo(before));
    }

    [Test]
    public void A_loose_load_says_what_was_missing_and_left_over()
    {
        var block = new Block().to(Device);
        var (missing, unexpected) = block.load_state_dict(new() { ["gain"] = full(3, 7, device: Device), ["x"] = zeros(1, device: Device) }, strict: false, skip: ["table"]);
        Assert.That(missing, Is.EquivalentTo(new[] { "up.weight", "up.bias", "_downs.0.weight", "_downs.1.weight" }));
        Assert.That(unexpected, Is.EqualTo(new[] { "x" }));
        Assert.That(block.get_parameter("gain")!.Floats(), Is.All.EqualTo(7f));
    }

    [Test]
    public void Conversion_keeps_the_objects_and_the_gradients()
    {
        var block = new Block().to(Device);
        var weight = block.up.weight;
        block.call(ones(1, 3, device: Device)).sum().backward();
        var gradient = weight.grad!.Floats();
        Assert.That(block.to(ScalarType.Float64), Is.SameAs(block));
        Assert.That(block.up.weight, Is.SameAs(weight));
        Assert.That(block.state_dict().Values.Select(tensor => tensor.dtype), Is.All.EqualTo(ScalarType.Float64));
        Assert.That(weight.grad!.Doubles(), Is.EqualTo(gradient.Select(value => (double)value)));
        block.zero_grad();
        block.call(ones([1, 3], ScalarType.Float64, device: Device)).sum().backward();
        Assert.That(weight.grad!.dtype, Is.EqualTo(ScalarType.Float64));
    }

    [Test]
    public void Train_and_eval_reach_every_module()
    {
        var model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)));
        model.eval();
        Assert.That(model.call(ones(100, device: Device)).Floats(), Is.All.EqualTo(1f));
        model.train();
        // Of what both leave, each scales by two.
        Assert.That(model.call(ones(1000, device: Device)).Floats(), Is.All.AnyOf(0f, 4f).And.Some.EqualTo(0f).And.Some.EqualTo(4f));
    }

    [Test]
    public void Zero_grad_frees_or_clears()
    {
        var layer = nn.Linear(2, 1, device: Device);
        layer.call(ones(1, 2, device: Device)).sum().backward();
        layer.zero_grad(set_to_none: false);
        Assert.That(layer.weight.grad!.Floats(), Is.All.EqualTo(0f));
        layer.zero_grad();
        Assert.That(layer.weight.grad, Is.Null);
    }

    [Test]
    public void Apply_visits_children_first()
    {
        var seen = new List<string>();
        new Block().to(Device).apply(module => seen.Add(module.GetName()));
        Assert.That(seen, Is.EqualTo(new[] { "Linear", "Linear", "Linear", "ModuleList", "Block" }));
    }

    [Test]
    public void Parts_are_found_by_path()
    {
        var block = new Block().to(Device);
        Assert.That(block.get_parameter("_downs.1.weight")!.shape, Is.EqualTo(new long[] { 3, 4 }));
        Assert.That(block.has_parameter("_downs.2.weight"), Is.False);
        Assert.That(block.get_buffer("table")!.Floats(), Is.EqualTo(new[] { 0f, 1f, 2f }));
    }

    [Test]
    public void Replacing_a_weight_replaces_its_registration()
    {
        var layer = nn.Linear(2, 2, hasBias: false, device: Device);
        layer.weight = nn.Parameter(tensor(new float[,] { { 1, 0 }, { 0, 1 } }, device: Device));
        Assert.That(layer.parameters().Single(), Is.SameAs(layer.weight));
        Assert.That(layer.call(tensor(new float[] { 3, 4 }, device: Device)).Floats(), Is.EqualTo(new[] { 3f, 4f }));
    }

    [Test]
    public void A_module_outlives_the_scope_it_was_made_in_and_disposes_its_parts()
    {
        Block block;
        using (NewDisposeScope()) block = new Block().to(Device);
        var weight = block.up.weight;
        Assert.That(weight.IsInvalid, Is.False);
        block.Dispose();
        Assert.That(weight.IsInvalid);
    }

    [Test]
    public void Lists_name_their_modules_anew()
    {
        var list = nn.ModuleList(nn.Linear(1, 1, false, device: Device), nn.Linear(1, 2, false, device: Device), nn.Linear(1, 3, false, device: Device));
        list.RemoveAt(0);
        Assert.That(list.named_parameters().Select(entry => (entry.name, entry.parameter.size(0))), Is.EqualTo(new[] { ("0.weight", 2L), ("1.weight", 3L) }));
        var dictionary = nn.ModuleDict<nn.Module>(("b", nn.ReLU()), ("a", nn.Identity()));
        Assert.That(dictionary.named_children().Select(entry => entry.name), Is.EqualTo(new[] { "b", "a" }));
    }
}
