// rewardkit::token_log_probs: log-probabilities of given tokens, with the logits of a few rows in memory at a time.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"

namespace rewardkit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// At least single precision: half and bfloat16 logits are widened before the softmax.
Tensor logits_of(const Tensor& hidden, const Tensor& weight) {
  const Tensor logits = at::mm(hidden, weight.t());
  return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
}

Tensor log_sum_exp_rows(const Tensor& logits) {
  if (!has_kernel(logits)) return at::logsumexp(logits, 1);
  const Tensor lse = at::empty({logits.size(0)}, logits.options());
  AT_DISPATCH_FLOATING_TYPES(logits.scalar_type(), "token_log_probs", [&] {
    const auto kernel = cpu_kernels<scalar_t>().log_sum_exp;
    const int64_t n = logits.size(1);
    const auto* from = logits.data_ptr<scalar_t>();
    auto* to = lse.data_ptr<scalar_t>();
    parallel_tasks(logits.size(0), [&](int64_t row) { to[row] = kernel(from + row * n, n); });
  });
  return lse;
}

/// The gradient of the logits, written over them: gradient * (one_hot(target) - softmax).
void logits_to_gradient_(const Tensor& logits, const Tensor& lse, const Tensor& targets, const Tensor& gradient) {
  if (!has_kernel(logits)) {
    logits.sub_(lse.unsqueeze(1)).exp_().mul_(gradient.neg().unsqueeze(1));
    logits.scatter_add_(1, targets.unsqueeze(1), gradient.unsqueeze(1));
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(logits.scalar_type(), "token_log_probs_backward", [&] {
    const auto kernel = cpu_kernels<scalar_t>().log_prob_backward;
    const int64_t n = logits.size(1);
    auto* rows = logits.data_ptr<scalar_t>();
    const auto *sums = lse.data_ptr<scalar_t>(), *gradients = gradient.data_ptr<scalar_t>();
    const auto* target = targets.data_ptr<int64_t>();
    parallel_tasks(logits.size(0), [&](int64_t row) { kernel(rows + row * n, n, sums[row], target[row], gradients[row]); });
  });
}

class TokenLogProbs : public torch::autograd::Function<TokenLogProbs> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& hidden_in, const Tensor& weight, const Tensor& targets_in, int64_t chunk) {
    const Tensor hidden = hidden_in.contiguous(), targets = targets_in.contiguous();
    const auto type = hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const Tensor result = at::empty({hidden.size(0)}, hidden.options().dtype(type)), lse = at::empty_like(result);
    for (int64_t start = 0; start < hidden.size(0); start += chunk) {
      const int64_t rows = std::min(chunk, hidden.size(0) - start);
      const Tensor logits = logits_of(hidden.narrow(0, start, rows), weight);
      const Tensor sums = log_sum_exp_rows(logits);
      lse.narrow(0, start, rows).copy_(sums);
      result.narrow(0, start, rows).copy_(logits.gather(1, targets.narrow(0, start, rows).unsqueeze(1)).squeeze(1) - sums);
    }
    ctx->save_for_backward({hidden, weight, targets, lse});
    ctx->saved_data["chunk"] = chunk;
    ctx->saved_data["hidden_grad"] = hidden_in.requires_grad();
    ctx->saved_data["weight_grad"] = weight.requires_grad();
    return result;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "token_log_probs has no second derivative");
    const auto saved = ctx->get_saved_variables();
    const Tensor &hidden = saved[0], &weight = saved[1], &targets = saved[2], &lse = saved[3];
    const Tensor gradient = gradients[0].to(lse.scalar_type()).contiguous();
    const int64_t chunk = ctx->saved_data["chunk"].toInt();
    Tensor dhidden, dweight;
    if (ctx->saved_data["hidden_grad"].toBool()) dhidden = at::empty_like(hidden);
    if (ctx->saved_data["weight_grad"].toBool()) dweight = at::zeros_like(weight, weight.options(), at::MemoryFormat::Contiguous);
    for (int64_t start = 0; start < hidden.size(0); start += chunk) {
      const int64_t rows = std::min(chunk, hidden.size(0) - start);
      const Tensor part = hidden.narrow(0, start, rows);
      const Tensor logits = logits_of(part, weight);
      logits_to_gradient_(logits, lse.narrow(0, start, rows), targets.narrow(0, start, rows), gradient.narrow(0, start, rows));
      const Tensor dlogits = logits.to(hidden.scalar_type());
      if (dhidden.defined()) {
        Tensor into = dhidden.narrow(0, start, rows);
        at::mm_out(into, dlogits, weight);
      }
      if (dweight.defined()) dweight.addmm_(dlogits.t(), part);
    }
    return {dhidden, dweight, Tensor(), Tensor()};
  }
};

Tensor token_log_probs(const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk) {
  TORCH_CHECK(hidden.dim() == 2 && weight.dim() == 2 && hidden.size(1) == weight.size(1) && targets.dim() == 1 &&
                  targets.size(0) == hidden.size(0) && targets.scalar_type() == at::kLong,
              "token_log_probs: hidden must be [rows, hidden], weight [vocab, hidden] and targets int64 [rows], not hidden ",
              hidden.sizes(), ", weight ", weight.sizes(), ", targets ", targets.scalar_type(), " ", targets.sizes());
  TORCH_CHECK(hidden.scalar_type() == weight.scalar_type() && hidden.device() == weight.device() && hidden.device() == targets.device(),
              "token_log_probs: hidden, weight and targets must share the device, hidden and weight the dtype");
  TORCH_CHECK(chunk > 0, "token_log_probs: chunk must be positive, not ", chunk);
  TORCH_CHECK(!targets.device().is_cpu() || targets.numel() == 0 ||
                  (targets.min().item<int64_t>() >= 0 && targets.max().item<int64_t>() < weight.size(0)),
              "token_log_probs: a target lies outside the vocabulary of ", weight.size(0));
  return TokenLogProbs::apply(hidden, weight, targets, chunk);
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("token_log_probs(Tensor hidden, Tensor weight, Tensor targets, int chunk) -> Tensor", token_log_probs);
}

}  // namespace
}  // namespace rewardkit
