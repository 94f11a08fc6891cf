using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class ErrorTests
{
    [Test]
    public void An_operator_that_this_libtorch_lacks_fails_only_when_called()
    {
        Assert.That(() => Native.Find("aten::no_such_operator", ""),
            Throws.InstanceOf<NotSupportedException>().With.Message.Contains("aten::no_such_operator").And.Message.Contains(Native.TorchVersion));
    }

    [Test]
    public void Without_CUDA_the_question_is_answered_and_the_use_refused()
    {
        if (cuda.is_available()) Assert.Ignore("there is a CUDA device here");
        using var a = ones(1);
        Assert.That(() => a.cuda(), Throws.InvalidOperationException.With.Message.Contains("CUDA"));
        Assert.That(() => zeros(1, device: "cuda"), Throws.InvalidOperationException.With.Message.Contains("CUDA"));
    }

    [Test]
    public void Named_dimensions_are_refused()
    {
        Assert.That(() => zeros(2, names: ["N"]), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("Named"));
    }
}
