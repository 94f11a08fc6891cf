#if TORCH_PACKAGE
using TorchSharp;

namespace RewardKit.Torch.Tests;

public class PackageTests
{
    private static readonly TestCaseData[] s_refused =
    [
        new TestCaseData(() => { Autocast.Enable(DeviceType.CPU); }).SetArgDisplayNames("autocast"),
        new TestCaseData(() => { Operator.Call("aten::relu", torch.ones(1)); }).SetArgDisplayNames("an operator by name"),
        new TestCaseData(() => { ProcessGroup.Join(new(0, 2, 0, "127.0.0.1", 1), torch.CPU, TimeSpan.FromSeconds(1)); }).SetArgDisplayNames("several processes"),
        new TestCaseData(() => { CudaGraph.Capture(() => { }); }).SetArgDisplayNames("a graph"),
    ];

    [TestCaseSource(nameof(s_refused))]
    public void What_TorchSharp_cannot_do_is_refused_with_the_way_out(Action use) =>
        Assert.That(() => use(), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("-p:TorchProvider=system"));
}
#endif
