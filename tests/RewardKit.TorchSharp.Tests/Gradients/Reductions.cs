using TorchSharp;
using static RewardKit.Tests.Domain;
using static RewardKit.TorchSharp.Tests.Gradients.GradientCase;

namespace RewardKit.TorchSharp.Tests.Gradients;

internal static class Reductions
{
    public static IEnumerable<GradientCase> Cases =>
    [
        One("aten::sum", x => Ops.sum(x[0]), Any(2, 3)),
        One("aten::sum.dim_IntList", x => Ops.sum_dim_IntList(x[0], [0, -1]), Any(2, 2, 3)),
        One("aten::mean", x => Ops.mean(x[0]), Any(2, 3)),
        One("aten::mean.dim", x => Ops.mean_dim(x[0], [1], true), Any(2, 3)),
        One("aten::std", x => Ops.std(x[0]), Any(2, 3)),
        One("aten::std.dim", x => Ops.std_dim(x[0], [1], false), Any(2, 3)),
        One("aten::std.correction", x => Ops.std_correction(x[0], [0], 1), Any(3, 2)),
        One("aten::var", x => Ops.var(x[0], false), Any(2, 3)),
        One("aten::var.dim", x => Ops.var_dim(x[0], [1], true, true), Any(2, 3)),
        One("aten::var.correction", x => Ops.var_correction(x[0], [0], 1), Any(3, 2)),
        Many("aten::var_mean.correction", x => Both(Ops.var_mean_correction(x[0], [1], 1)), Any(2, 3)),
        One("aten::prod", x => Ops.prod(x[0]), Away(2, 3)),
        One("aten::prod.dim_int", x => Ops.prod_dim_int(x[0], 1), Away(2, 3)),
        One("aten::max", x => Ops.max(x[0]), Any(2, 3)),
        Many("aten::max.dim", x => Both(Ops.max_dim(x[0], 1)), Any(2, 3)),
        One("aten::min", x => Ops.min(x[0]), Any(2, 3)),
        Many("aten::min.dim", x => Both(Ops.min_dim(x[0], 0, true)), Any(2, 3)),
        One("aten::amax", x => Ops.amax(x[0], [0, 1]), Any(2, 3, 2)),
        One("aten::amin", x => Ops.amin(x[0], [1]), Any(2, 3)),
        One("aten::median", x => Ops.median(x[0]), Any(5)),
        One("aten::cumsum", x => Ops.cumsum(x[0], 1), Any(2, 3)),
        One("aten::cumprod", x => Ops.cumprod(x[0], 1), Away(2, 3)),
        Many("aten::cummax", x => Both(Ops.cummax(x[0], 1)), Any(2, 4)),
        One("aten::logsumexp", x => Ops.logsumexp(x[0], [1]), Any(2, 3)),
        One("aten::logcumsumexp", x => Ops.logcumsumexp(x[0], 1), Any(2, 3)),
        One("aten::norm.Scalar", x => Ops.norm_Scalar(x[0], 3.0), Away(2, 3)),
        One("aten::norm.ScalarOpt_dim", x => Ops.norm_ScalarOpt_dim(x[0], 2.0, [1]), Away(2, 3)),
        One("aten::linalg_vector_norm", x => Ops.linalg_vector_norm(x[0], 1.0, [1], true), Away(2, 3)),
        One("aten::nansum", x => Ops.nansum(x[0], [0]), Any(2, 3)),
        One("aten::trace", x => Ops.trace(x[0]), Any(3, 3)),
        One("aten::softmax.int", x => Ops.softmax_int(x[0], -1), Any(2, 3)),
        One("aten::log_softmax.int", x => Ops.log_softmax_int(x[0], 0), Any(3, 2)),
        One("aten::_softmax", x => Ops._softmax(x[0], 1, false), Any(2, 3)),
        One("aten::_log_softmax", x => Ops._log_softmax(x[0], 1, false), Any(2, 3)),
    ];

    private static torch.Tensor[] Both((torch.Tensor, torch.Tensor) pair) => [pair.Item1, pair.Item2];
}
