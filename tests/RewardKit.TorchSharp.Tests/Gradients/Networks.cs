using TorchSharp;
using static RewardKit.Tests.Domain;
using static RewardKit.TorchSharp.Tests.Gradients.GradientCase;

namespace RewardKit.TorchSharp.Tests.Gradients;

/// <summary>Products of matrices, layers and losses.</summary>
internal static class Networks
{
    private const long Mean = 1;
    private const long Sum = 2;

    public static IEnumerable<GradientCase> Cases =>
    [
        One("aten::mm", x => Ops.mm(x[0], x[1]), Any(2, 3), Any(3, 2)),
        One("aten::bmm", x => Ops.bmm(x[0], x[1]), Any(2, 2, 3), Any(2, 3, 1)),
        One("aten::matmul", x => Ops.matmul(x[0], x[1]), Any(2, 1, 2, 3), Any(2, 3, 2)),
        One("aten::matmul", x => Ops.matmul(x[0], x[1]), Any(2, 2, 3), Any(3)),
        One("aten::mv", x => Ops.mv(x[0], x[1]), Any(2, 3), Any(3)),
        One("aten::dot", x => Ops.dot(x[0], x[1]), Any(3), Any(3)),
        One("aten::outer", x => Ops.outer(x[0], x[1]), Any(2), Any(3)),
        One("aten::addmm", x => Ops.addmm(x[0], x[1], x[2], 0.5, 1.5), Any(2), Any(2, 3), Any(3, 2)),
        One("aten::baddbmm", x => Ops.baddbmm(x[0], x[1], x[2], 0.5, 1.5), Any(2, 2, 2), Any(2, 2, 3), Any(2, 3, 2)),
        One("aten::addmv", x => Ops.addmv(x[0], x[1], x[2], 0.5, 1.5), Any(2), Any(2, 3), Any(3)),
        One("aten::addbmm", x => Ops.addbmm(x[0], x[1], x[2], 0.5, 1.5), Any(2, 2), Any(2, 2, 3), Any(2, 3, 2)),
        One("aten::einsum", x => Ops.einsum("bqd,bkd->bqk", x), Any(2, 2, 3), Any(2, 2, 3)),
        One("rewardkit::linear", x => Ops.linear(x[0], x[1], x[2]), Any(2, 3), Any(4, 3), Any(4)),
        One("rewardkit::linear", x => Ops.linear(x[0], x[1], x[2]), Any(1, 3), Any(4, 3), Any(4)),
        One("aten::cdist", x => Ops.cdist(x[0], x[1]), Any(3, 2), Any(2, 2)),
        One("aten::embedding", x => Ops.embedding(x[0], Longs(x[0], [2, 2], 1, 0, 1, 2)), Any(3, 2)),
        One("aten::dropout", x => Ops.dropout(Seeded(x[0]), 0.4, true), Any(3, 3)),
        Many("aten::native_dropout", x => [Ops.native_dropout(Seeded(x[0]), 0.4, true).Item1], Any(3, 3)),
        Many("aten::native_layer_norm", x => [Ops.native_layer_norm(x[0], [3], x[1], x[2], 1e-5).Item1], Any(2, 3), Any(3), Any(3)),
        One("aten::layer_norm", x => Ops.layer_norm(x[0], [2, 3], x[1], x[2]), Any(2, 2, 3), Any(2, 3), Any(2, 3)),
        One("aten::cosine_similarity", x => Ops.cosine_similarity(x[0], x[1]), Away(2, 3), Away(2, 3)),
        One("aten::scaled_dot_product_attention", x => Ops.scaled_dot_product_attention(x[0], x[1], x[2], is_causal: true),
            Any(1, 2, 3, 2), Any(1, 2, 3, 2), Any(1, 2, 3, 2)),

        One("aten::mse_loss", x => Ops.mse_loss(x[0], x[1]), Any(2, 3), Any(2, 3)),
        One("aten::l1_loss", x => Ops.l1_loss(x[0], x[1], Sum), Any(2, 3), Any(2, 3)),
        One("aten::smooth_l1_loss", x => Ops.smooth_l1_loss(x[0], x[1], Mean, 0.7), Any(2, 3), Any(2, 3)),
        One("aten::huber_loss", x => Ops.huber_loss(x[0], x[1], Sum, 0.7), Any(2, 3), Any(2, 3)),
        One("aten::margin_ranking_loss", x => Ops.margin_ranking_loss(x[0], x[1], torch.ones_like(x[0]), 0.3), Any(4), Any(4)),
        One("aten::binary_cross_entropy", x => Ops.binary_cross_entropy(x[0], x[1]), Probability(2, 3), Probability(2, 3)),
        One("aten::binary_cross_entropy_with_logits", x => Ops.binary_cross_entropy_with_logits(x[0], x[1], pos_weight: torch.full_like(x[0], 1.5)), Any(2, 3), Probability(2, 3)),
        One("aten::kl_div", x => Ops.kl_div(x[0], x[1], Sum), Any(2, 3), Probability(2, 3)),
        One("aten::kl_div", x => Ops.kl_div(x[0], x[1], Sum, true), Any(2, 3), Any(2, 3)),
        One("aten::cross_entropy_loss", x => Ops.cross_entropy_loss(x[0], Longs(x[0], [3], 2, -100, 0), label_smoothing: 0.1), Any(3, 4)),
        One("aten::cross_entropy_loss", x => Ops.cross_entropy_loss(x[0], x[1]), Any(2, 3), Probability(2, 3)),
        One("aten::nll_loss", x => Ops.nll_loss(x[0], Longs(x[0], [3], 2, 1, 0), torch.full_like(x[0][0], 1.5), Sum), Any(3, 4)),
        One("aten::nll_loss_nd", x => Ops.nll_loss_nd(x[0], Longs(x[0], [2, 3], 1, 0, 0, 1, 1, 0)), Any(2, 2, 3)),
    ];

    /// <summary>The same random numbers each time.</summary>
    private static torch.Tensor Seeded(torch.Tensor input)
    {
        torch.manual_seed(5);
        return input;
    }
}
