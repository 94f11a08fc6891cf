using System.Text.RegularExpressions;

namespace RewardKit.TorchSharp.Tests.Gradients;

/// <summary>No operator of the layer goes without a test of its gradient unnoticed.</summary>
public class OperatorGradientListTests
{
    /// <summary>Operators whose result does not change smoothly with any input, or not at all.</summary>
    private static readonly Dictionary<string, string> s_without = new()
    {
        ["the result is a truth value"] =
            "eq.Scalar eq.Tensor ne.Scalar ne.Tensor lt.Scalar lt.Tensor le.Scalar le.Tensor gt.Scalar gt.Tensor ge.Scalar ge.Tensor " +
            "logical_and logical_or logical_xor logical_not isnan isinf isfinite equal allclose isclose isin.Tensor_Tensor all all.dim any any.dim is_pinned",
        ["the operands are integers"] = "bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor bitwise_not one_hot bincount",
        ["the result is made of positions or counts"] =
            "argmax argmin argsort argsort.stable nonzero where count_nonzero searchsorted.Tensor bucketize.Tensor histc",
        ["libtorch, or an early one, refuses the derivative"] = "unique_dim _unique2 aminmax",
        ["only the shape of the input counts"] = "empty_like zeros_like ones_like full_like rand_like randn_like",
        ["it is random"] = "bernoulli bernoulli.p multinomial",
        ["it cuts the graph"] = "detach",
        ["it needs CUDA's memory"] = "pin_memory",
        ["the result is complex"] = "polar",
        ["for optimisers, which record nothing"] = "_foreach_add.Scalar _foreach_sqrt _foreach_norm.Scalar _foreach_neg",
        ["the tests of RewardKit.Torch check their gradients"] =
            "rewardkit::packed_attention rewardkit::token_log_probs rewardkit::rms_norm rewardkit::rotary rewardkit::swiglu",
    };

    [Test]
    public void Every_operator_has_its_gradient_tested_or_a_reason_why_not()
    {
        var tested = OperatorGradientTests.All.Select(one => one.Operator).ToHashSet();
        var without = s_without.Values.SelectMany(names => names.Split(' ')).Select(name => name.Contains("::", StringComparison.Ordinal) ? name : "aten::" + name).ToHashSet();
        var open = Functional().Where(op => !tested.Contains(op) && !without.Contains(op));
        Assert.That(open, Is.Empty, "add a case to the folder Gradients, or the operator to those without a gradient, with the reason");
        Assert.That(tested.Concat(without).Except(Functional()), Is.Empty, "the layer has no such operator");
        Assert.That(tested.Intersect(without), Is.Empty);
    }

    /// <summary>The operators of the list that take tensors and write to none of them.</summary>
    private static HashSet<string> Functional() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "operators.txt"))
            .Where(line => !Regex.IsMatch(line, @"\(\w!\)"))
            .Where(line => Regex.IsMatch(line, @"[(, ]Tensor.*->"))
            .Select(line => line[..line.IndexOf('(', StringComparison.Ordinal)])
            .ToHashSet();
}
