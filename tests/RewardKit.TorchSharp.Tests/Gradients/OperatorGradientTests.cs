using TorchSharp;

namespace RewardKit.TorchSharp.Tests.Gradients;

/// <summary>Every differentiable operator that the layer knows has the gradient that finite differences say, in float64.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class OperatorGradientTests(DeviceType type) : DeviceTests(type)
{
    internal static readonly GradientCase[] All = [.. Elementwise.Cases, .. Reductions.Cases, .. Shapes.Cases, .. Networks.Cases];

    private static IEnumerable<TestCaseData> Cases() =>
        All.GroupBy(one => one.Operator).SelectMany(group => group.Select((one, index) =>
            new TestCaseData(one).SetArgDisplayNames(index == 0 ? one.Operator : $"{one.Operator} {index + 1}")));

    [TestCaseSource(nameof(Cases))]
    public void Agrees_with_finite_differences(object one)
    {
        var (op, call, inputs) = (GradientCase)one;
        var parts = op.Split('.');
        try
        {
            Native.Find(parts[0], parts.Length > 1 ? parts[1] : "");
        }
        catch (NotSupportedException error)
        {
            Assert.Ignore(error.Message);
        }
        FiniteDifferences.Check(call, Device, inputs);
    }
}
