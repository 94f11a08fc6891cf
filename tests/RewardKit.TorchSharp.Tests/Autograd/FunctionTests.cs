using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace RewardKit.TorchSharp.Tests.Autograd;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class FunctionTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    /// <summary>x³ s with s a number.</summary>
    private sealed class ScaledCube : SingleTensorFunction<ScaledCube>
    {
        public override string Name => nameof(ScaledCube);

        public override Tensor forward(AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            ctx.save_data("scale", vars[1]);
            return x.pow(3) * (double)vars[1];
        }

        public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
        {
            var x = ctx.get_saved_variables()[0];
            return [grad_output * 3 * x * x * (double)ctx.get_data("scale"), null!];
        }
    }

    /// <summary>exp, whose backward uses the output; and the sign, which has no gradient.</summary>
    private sealed class ExpAndSign : MultiTensorFunction<ExpAndSign>
    {
        public static int UndefinedSeen;

        public override string Name => nameof(ExpAndSign);

        public override List<Tensor> forward(AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            var (exp, sign) = (x.exp(), x.sign());
            ctx.save_for_backward([exp, null!]);
            ctx.mark_non_differentiable([sign]);
            ctx.set_materialize_grads(vars.Length < 2);
            return [exp, sign];
        }

        public override List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs)
        {
            UndefinedSeen = grad_outputs.Count(gradient => gradient.IsInvalid);
            var saved = ctx.get_saved_variables();
            Assert.That(saved[1], Is.Null);
            List<Tensor> gradients = [grad_outputs[0] * saved[0]];
            if (!ctx.MaterializeGrads) gradients.Add(null!);
            return gradients;
        }
    }

    /// <summary>Doubles in place.</summary>
    private sealed class DoubleInPlace : SingleTensorFunction<DoubleInPlace>
    {
        public override string Name => nameof(DoubleInPlace);

        public override Tensor forward(AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            x.mul_(2);
            ctx.mark_dirty([x]);
            return x;
        }

        public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output) => [grad_output * 2];
    }

    /// <summary>Passes its input on; what backward does is given as an argument.</summary>
    private sealed class Passing : SingleTensorFunction<Passing>
    {
        public override string Name => nameof(Passing);

        public override Tensor forward(AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("backward", vars[1]);
            return ((Tensor)vars[0]).clone();
        }

        public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output) =>
            ((Func<Tensor, List<Tensor>>)ctx.get_data("backward"))(grad_output);
    }

    private Tensor Input(params double[] values) => tensor(values, device: Device, requires_grad: true);

    private static Tensor Pass(Tensor x, Func<Tensor, List<Tensor>> backward) => Passing.apply(x, backward);

    [Test]
    public void The_gradient_is_the_slope_of_the_function()
    {
        var x = Input(0.5, -1.25, 2);
        var weights = tensor(new[] { 1.0, -2, 0.5 }, device: Device);
        (ScaledCube.apply(x, 0.7) * weights).sum().backward();
        const double step = 1e-5;
        for (var k = 0; k < 3; k++)
        {
            double At(double shift)
            {
                var moved = x.detach().clone();
                moved[k] += shift;
                return (ScaledCube.apply(moved, 0.7) * weights).sum().item<double>();
            }
            Assert.That(x.grad![k].item<double>(), Is.EqualTo((At(step) - At(-step)) / (2 * step)).Within(1e-8));
        }
    }

    [Test]
    public void Without_a_gradient_wanted_nothing_is_recorded()
    {
        Assert.That(ScaledCube.apply(tensor(2.0, device: Device), 1.0).requires_grad, Is.False);
        using (no_grad()) Assert.That(ScaledCube.apply(Input(2), 1.0).requires_grad, Is.False);
        Assert.That(ScaledCube.apply(Input(2), 1.0).requires_grad, Is.True);
    }

    [Test]
    public void A_backward_of_differentiable_operators_has_a_derivative()
    {
        // (s x³)'' = 6 s x
        var x = Input(2);
        var first = autograd.grad([ScaledCube.apply(x, 0.5).sum()], [x], create_graph: true)[0];
        var second = autograd.grad([first.sum()], [x])[0];
        Assert.That((first.item<double>(), second.item<double>()), Is.EqualTo((6.0, 6.0)));
    }

    [Test]
    public void An_output_can_be_saved_and_another_have_no_gradient()
    {
        var x = Input(1, -1);
        var outputs = ExpAndSign.apply(x);
        Assert.That(outputs.Select(output => output.requires_grad), Is.EqualTo(new[] { true, false }));
        outputs[0].sum().backward();
        Assert.That(x.grad!.cpu().data<double>().ToArray(), Is.EqualTo(new[] { Math.E, 1 / Math.E }).Within(1e-12));
        Assert.That(ExpAndSign.UndefinedSeen, Is.Zero);
    }

    [Test]
    public void Gradients_that_nobody_gave_stay_undefined_where_wanted()
    {
        var x = Input(1, -1);
        ExpAndSign.apply(x, "no zeros")[0].sum().backward();
        Assert.That(ExpAndSign.UndefinedSeen, Is.EqualTo(1));
        Assert.That(x.grad!.sum().item<double>(), Is.EqualTo(Math.E + 1 / Math.E).Within(1e-12));
    }

    [Test]
    public void An_input_changed_in_place_continues_as_the_output()
    {
        var x = Input(1, 2);
        var y = x * 3;
        var z = DoubleInPlace.apply(y);
        (z * z).sum().backward(); // (6 x)² has the gradient 72 x
        Assert.That(x.grad!.cpu().data<double>().ToArray(), Is.EqualTo(new[] { 72.0, 144 }));
        Assert.That(y.cpu().data<double>().ToArray(), Is.EqualTo(new[] { 6.0, 12 }));
        Assert.That(() => DoubleInPlace.apply(Input(1)), Throws.InstanceOf<ExternalException>().With.Message.Contains("leaf Variable"));
    }

    [Test]
    public void A_saved_tensor_that_was_changed_is_noticed()
    {
        var x = Input(1, 2);
        var y = x * 1;
        var z = ScaledCube.apply(y, 1.0);
        y.add_(1);
        Assert.That(() => z.sum().backward(),
            Throws.InstanceOf<ExternalException>().With.Message.Contains("get_saved_variables").And.Message.Contains("modified by an inplace operation"));
    }

    [Test]
    public void A_second_backward_finds_the_saved_tensors_freed_unless_told_to_keep_them()
    {
        var x = Input(2);
        var y = ScaledCube.apply(x, 1.0).sum();
        y.backward([], retain_graph: true);
        y.backward();
        Assert.That(x.grad!.item<double>(), Is.EqualTo(24.0));
        Assert.That(() => y.backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("second time"));
    }

    [Test]
    public void An_exception_of_backward_is_that_of_the_call()
    {
        var x = Input(1);
        var thrown = new ArithmeticException("no slope here");
        var y = Pass(x, _ => throw thrown) * 2;
        Assert.That(() => y.sum().backward(), Throws.Exception.SameAs(thrown));
        Assert.That(() => autograd.grad([y.sum()], [x]), Throws.Exception.SameAs(thrown));
        // What libtorch itself refuses later is not taken for it.
        Assert.That(() => x.mm(x), Throws.InstanceOf<ExternalException>().With.Message.Contains("aten::mm"));
        Assert.That(x.grad, Is.Null);
    }

    [Test]
    public void An_exception_of_forward_is_that_of_the_call() =>
        Assert.That(() => ScaledCube.apply(Input(1), "not a number"), Throws.InstanceOf<InvalidCastException>());

    [Test]
    public void An_exception_passes_through_a_backward_within_a_backward()
    {
        var thrown = new ArithmeticException("deep down");
        var outer = Pass(Input(1), gradient =>
        {
            using (enable_grad()) Pass(Input(1), _ => throw thrown).sum().backward();
            return [gradient, null!];
        });
        Assert.That(() => outer.sum().backward(), Throws.Exception.SameAs(thrown));
    }

    [Test]
    public void Wrong_gradients_are_refused()
    {
        Tensor Bad(Func<Tensor, List<Tensor>> backward) => Pass(Input(1, 2), backward).sum();

        Assert.That(() => Bad(gradient => [gradient]).backward(), Throws.InvalidOperationException.With.Message.Contains("Passing").And.Message.Contains("2 arguments"));
        Assert.That(() => Bad(gradient => [gradient, gradient]).backward(), Throws.InvalidOperationException.With.Message.Contains("no tensor"));
        Assert.That(() => Bad(gradient => [gradient, null!, gradient]).backward(), Throws.InvalidOperationException);
        Assert.That(() => Bad(_ => [ones(3, device: Device), null!]).backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("[3]"));
        Assert.That(() => Bad(gradient =>
        {
            gradient.Dispose();
            return [gradient, null!];
        }).backward(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => Bad(gradient => [gradient, null!, null!]).backward(), Throws.Nothing);
    }

    [Test]
    public void The_context_is_of_use_only_within_the_function()
    {
        AutogradContext? kept = null;
        KeptContext.Keep = context => kept = context;
        KeptContext.apply(Input(1)).sum().backward();
        Assert.That(() => kept!.get_saved_variables(), Throws.InvalidOperationException.With.Message.Contains("get_saved_variables"));
        Assert.That(() => kept!.save_for_backward([]), Throws.InvalidOperationException);
    }

    private sealed class KeptContext : SingleTensorFunction<KeptContext>
    {
        public static Action<AutogradContext> Keep = _ => { };

        public override string Name => nameof(KeptContext);

        public override Tensor forward(AutogradContext ctx, params object[] vars)
        {
            Keep(ctx);
            return (Tensor)vars[0] * 1;
        }

        public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output) => [grad_output];
    }

    [Test]
    public void Anomaly_mode_names_the_function_that_returned_nan()
    {
        using (detect_anomaly())
        {
            Assert.That((AnomalyMode.IsEnabled, AnomalyMode.ShouldCheckNaN), Is.EqualTo((true, true)));
            var y = Pass(Input(1), gradient => [gradient * double.NaN, null!]);
            Assert.That(() => y.sum().backward(), Throws.InvalidOperationException.With.Message.Contains("Passing").And.Message.Contains("nan"));
            Assert.That(() => (Input(0) / 0 * 0).sqrt().sum().backward(), Throws.InstanceOf<ExternalException>().With.Message.Contains("nan values"));
            using (set_detect_anomaly(true, check_nan: false))
                Assert.That(() => Pass(Input(1), gradient => [gradient * double.NaN, null!]).sum().backward(), Throws.Nothing);
            Assert.That(AnomalyMode.ShouldCheckNaN, Is.True);
        }
        Assert.That(AnomalyMode.IsEnabled, Is.False);
    }
}
