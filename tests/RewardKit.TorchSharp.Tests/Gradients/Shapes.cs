using TorchSharp;
using static RewardKit.Tests.Domain;
using static RewardKit.TorchSharp.Tests.Gradients.GradientCase;

namespace RewardKit.TorchSharp.Tests.Gradients;

/// <summary>Operators that move, repeat, choose or convert elements.</summary>
internal static class Shapes
{
    public static IEnumerable<GradientCase> Cases =>
    [
        One("aten::view", x => Ops.view(x[0], [3, 2]), Any(2, 3)),
        One("aten::view_as", x => Ops.view_as(x[0], Ops.reshape(x[0], [6])), Any(2, 3)),
        One("aten::reshape", x => Ops.reshape(Ops.t(x[0]), [-1]), Any(2, 3)),
        One("aten::expand", x => Ops.expand(x[0], [2, 2, 3]), Any(2, 1)),
        One("aten::expand_as", x => Ops.expand_as(x[0], torch.zeros_like(x[0]).expand(2, 3)), Any(2, 1)),
        One("aten::permute", x => Ops.permute(x[0], [2, 0, 1]), Any(2, 1, 3)),
        One("aten::transpose.int", x => Ops.transpose_int(x[0], 0, -1), Any(2, 1, 3)),
        One("aten::t", x => Ops.t(x[0]), Any(2, 3)),
        One("aten::mT", x => Ops.mT(x[0]), Any(2, 2, 3)),
        One("aten::numpy_T", x => Ops.numpy_T(x[0]), Any(2, 3)),
        One("aten::movedim.intlist", x => Ops.movedim_intlist(x[0], [0], [2]), Any(2, 1, 3)),
        One("aten::swapaxes", x => Ops.swapaxes(x[0], 0, 2), Any(2, 1, 3)),
        One("aten::squeeze", x => Ops.squeeze(x[0]), Any(2, 1, 3)),
        One("aten::squeeze.dim", x => Ops.squeeze_dim(x[0], 1), Any(2, 1, 3)),
        One("aten::unsqueeze", x => Ops.unsqueeze(x[0], -1), Any(2, 3)),
        One("aten::flatten.using_ints", x => Ops.flatten_using_ints(x[0], 1), Any(2, 2, 2)),
        One("aten::unflatten.int", x => Ops.unflatten_int(x[0], 1, [2, 2]), Any(2, 4)),
        One("aten::as_strided", x => Ops.as_strided(x[0], [2, 2], [1, 2], 1), Any(6)),
        One("aten::unfold", x => Ops.unfold(x[0], 1, 3, 1), Any(2, 4)),
        One("aten::diagonal", x => Ops.diagonal(x[0], 1), Any(3, 3)),
        One("aten::alias", x => Ops.alias(x[0]), Any(2, 3)),
        One("aten::contiguous", x => Ops.contiguous(Ops.t(x[0])), Any(2, 3)),
        One("aten::clone", x => Ops.clone(x[0]), Any(2, 3)),
        One("aten::narrow", x => Ops.narrow(x[0], 1, 1, 2), Any(2, 4)),
        One("aten::select.int", x => Ops.select_int(x[0], 1, -1), Any(2, 3)),
        One("aten::slice.Tensor", x => Ops.slice_Tensor(x[0], 1, 1, 5, 2), Any(2, 5)),
        Many("aten::unbind.int", x => Ops.unbind_int(x[0], 1), Any(2, 3)),
        Many("aten::split.Tensor", x => Ops.split_Tensor(x[0], 2, 1), Any(2, 3)),
        Many("aten::split_with_sizes", x => Ops.split_with_sizes(x[0], [1, 2], 1), Any(2, 3)),
        Many("aten::chunk", x => Ops.chunk(x[0], 2, 1), Any(2, 3)),
        One("aten::cat", x => Ops.cat(x, 1), Any(2, 3), Any(2, 1)),
        One("aten::stack", x => Ops.stack(x, 1), Any(2, 3), Any(2, 3)),
        Many("aten::broadcast_tensors", x => Ops.broadcast_tensors(x), Any(2, 1), Any(3)),
        Many("aten::meshgrid.indexing", x => Ops.meshgrid_indexing(x, "ij"), Any(2), Any(3)),
        One("aten::repeat", x => Ops.repeat(x[0], [2, 1, 2]), Any(2, 3)),
        One("aten::repeat_interleave.self_int", x => Ops.repeat_interleave_self_int(x[0], 2, 1), Any(2, 3)),
        One("aten::repeat_interleave.self_Tensor", x => Ops.repeat_interleave_self_Tensor(x[0], Longs(x[0], [2], 3, 1), 0), Any(2, 3)),
        One("aten::roll", x => Ops.roll(x[0], [1], [1]), Any(2, 3)),
        One("aten::flip", x => Ops.flip(x[0], [0, 1]), Any(2, 3)),
        One("aten::diag", x => Ops.diag(x[0], 1), Any(3)),
        One("aten::tril", x => Ops.tril(x[0]), Any(3, 3)),
        One("aten::triu", x => Ops.triu(x[0], 1), Any(3, 3)),
        One("aten::constant_pad_nd", x => Ops.constant_pad_nd(x[0], [1, 2, 0, -1], 3.0), Any(3, 2)),
        One("aten::pad", x => Ops.pad(x[0], [1, 2]), Any(2, 3)),
        One("aten::to.dtype", x => Ops.to_dtype(x[0], torch.ScalarType.Float64, copy: true), Any(2, 3)),
        One("aten::to.device", x => Ops.to_device(x[0], torch.CPU, torch.ScalarType.Float64).to(x[0].device), Any(2, 3)),
        One("aten::to.dtype_layout", x => Ops.to_dtype_layout(x[0], copy: true), Any(2, 3)),
        One("aten::_to_copy", x => Ops._to_copy(x[0]), Any(2, 3)),
        One("aten::type_as", x => Ops.type_as(x[0], torch.zeros_like(x[0])), Any(2, 3)),

        One("aten::index.Tensor", x => Ops.index_Tensor(x[0], [Longs(x[0], [3], 2, 0, 2), null]), Any(3, 2)),
        One("aten::index_put", x => Ops.index_put(x[0], [Longs(x[0], [2], 2, 0)], x[1]), Any(3, 2), Any(2)),
        One("aten::index_put", x => Ops.index_put(x[0], [Longs(x[0], [3], 2, 0, 2)], x[1], true), Any(3, 2), Any(3, 2)),
        One("aten::index_select", x => Ops.index_select(x[0], 1, Longs(x[0], [3], 1, 1, 0)), Any(3, 2)),
        One("aten::index_add", x => Ops.index_add(x[0], 0, Longs(x[0], [3], 1, 1, 0), x[1], alpha: 0.5), Any(2, 2), Any(3, 2)),
        One("aten::gather", x => Ops.gather(x[0], 1, Longs(x[0], [2, 3], 0, 1, 1, 2, 2, 0)), Any(2, 3)),
        One("aten::scatter.src", x => Ops.scatter_src(x[0], 1, Longs(x[0], [2, 2], 0, 2, 1, 0), x[1]), Any(2, 3), Any(2, 2)),
        One("aten::scatter.value", x => Ops.scatter_value(x[0], 1, Longs(x[0], [2, 2], 0, 2, 1, 0), 5.0), Any(2, 3)),
        One("aten::scatter_add", x => Ops.scatter_add(x[0], 1, Longs(x[0], [2, 3], 0, 2, 0, 1, 1, 1), x[1]), Any(2, 3), Any(2, 3)),
        One("aten::scatter_reduce.two", x => Ops.scatter_reduce_two(x[0], 1, Longs(x[0], [2, 3], 0, 2, 0, 1, 1, 1), x[1], "mean"), Any(2, 3), Any(2, 3)),
        One("aten::masked_fill.Scalar", x => Ops.masked_fill_Scalar(x[0], Mask(x[0], [3], true, false, true), 5.0), Any(2, 3)),
        One("aten::masked_fill.Tensor", x => Ops.masked_fill_Tensor(x[0], Mask(x[0], [3], true, false, true), x[1].sum()), Any(2, 3), Any(1)),
        One("aten::masked_select", x => Ops.masked_select(x[0], Mask(x[0], [3], true, false, true)), Any(2, 3)),
        One("aten::masked_scatter", x => Ops.masked_scatter(x[0], Mask(x[0], [3], true, false, true), x[1]), Any(2, 3), Any(6)),
        One("aten::take", x => Ops.take(x[0], Longs(x[0], [3], 5, 0, 5)), Any(2, 3)),
        One("aten::take_along_dim", x => Ops.take_along_dim(x[0], Longs(x[0], [2, 2], 2, 0, 1, 1), 1), Any(2, 3)),
        Many("aten::topk", x => Both(Ops.topk(x[0], 2)), Any(2, 4)),
        Many("aten::sort", x => Both(Ops.sort(x[0])), Any(2, 4)),
        Many("aten::sort.stable", x => Both(Ops.sort_stable(x[0], true, 0, true)), Any(3, 2)),
    ];

    private static torch.Tensor[] Both((torch.Tensor, torch.Tensor) pair) => [pair.Item1, pair.Item2];
}
