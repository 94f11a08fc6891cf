// rewardkit::adamw_: one step of AdamW (Loshchilov and Hutter, arXiv:1711.05101) in one pass over memory, with the
// arithmetic of torch.optim.AdamW.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels.h"
#include "parallel.h"

namespace rewardkit {
namespace {

using at::Tensor;
using at::TensorList;

constexpr int64_t kPiece = 1 << 14;

bool is_plain(const Tensor& t, at::ScalarType type) { return t.device().is_cpu() && t.is_contiguous() && t.scalar_type() == type; }

template <typename T>
AdamWStep<T> step_constants(double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step, double grad_scale) {
  return {1 - lr * weight_decay, beta1, beta2, lr / (1 - std::pow(beta1, step)), std::sqrt(1 - std::pow(beta2, step)), eps, grad_scale};
}

template <typename T>
void fused(const std::vector<std::array<Tensor, 4>>& all, const AdamWStep<T>& constants) {
  struct Piece {
    T *param, *grad, *exp_avg, *exp_avg_sq;
    int64_t length;
  };
  std::vector<Piece> pieces;
  for (const auto& t : all)
    for (int64_t at = 0; at < t[0].numel(); at += kPiece)
      pieces.push_back({t[0].data_ptr<T>() + at, t[1].data_ptr<T>() + at, t[2].data_ptr<T>() + at, t[3].data_ptr<T>() + at,
                        std::min(kPiece, t[0].numel() - at)});
  const auto kernel = cpu_kernels<T>().adamw;
  parallel_tasks(pieces.size(), [&](int64_t i) {
    const Piece& p = pieces[i];
    kernel(p.param, p.grad, p.exp_avg, p.exp_avg_sq, p.length, constants);
  });
}

/// libtorch's own kernel over all tensors, which it has for CUDA since 2.0; false where it has none. It wants one device
/// and one type a call.
bool on_device(const std::vector<Tensor>& p, const std::vector<Tensor>& g, const std::vector<Tensor>& m, const std::vector<Tensor>& v,
               double lr, double beta1, double beta2, double eps, double weight_decay, int64_t step) {
#if RK_TORCH_VERSION >= 200
  const auto is_like_first = [&](const Tensor& t) { return t.device() == p[0].device() && t.scalar_type() == p[0].scalar_type(); };
  for (const auto* list : {&p, &g, &m, &v})
    if (!std::all_of(list->begin(), list->end(), is_like_first)) return false;
  if (!p[0].is_cuda()) return false;
  const std::vector<Tensor> steps(p.size(), at::full({}, static_cast<double>(step), p[0].options().dtype(at::kFloat)));
  at::_fused_adamw_(p, g, m, v, {}, steps, lr, beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false);
  return true;
#else
  return false;
#endif
}

void adamw_(TensorList params, TensorList grads, TensorList exp_avgs, TensorList exp_avg_sqs, double lr, double beta1, double beta2,
            double eps, double weight_decay, int64_t step, double grad_scale) {
  TORCH_CHECK(params.size() == grads.size() && params.size() == exp_avgs.size() && params.size() == exp_avg_sqs.size(),
              "adamw_: the lists must be of one length, not ", params.size(), ", ", grads.size(), ", ", exp_avgs.size(), ", ",
              exp_avg_sqs.size());
  TORCH_CHECK(step >= 1, "adamw_: steps count from 1, not ", step);
  at::NoGradGuard no_grad;
  std::vector<std::array<Tensor, 4>> floats, doubles;
  std::vector<Tensor> p, g, m, v;
  for (size_t i = 0; i < params.size(); i++) {
    const Tensor &param = params[i], &m_i = exp_avgs[i], &v_i = exp_avg_sqs[i];
    const Tensor grad = grads[i].contiguous();
    TORCH_CHECK(grad.sizes() == param.sizes() && m_i.sizes() == param.sizes() && v_i.sizes() == param.sizes(),
                "adamw_: tensors of entry ", i, " differ in shape: ", param.sizes(), ", ", grad.sizes(), ", ", m_i.sizes(), ", ", v_i.sizes());
    const auto plain = [&](at::ScalarType type) {
      return is_plain(param, type) && is_plain(grad, type) && is_plain(m_i, type) && is_plain(v_i, type);
    };
    if (plain(at::kFloat)) {
      floats.push_back({param, grad, m_i, v_i});
    } else if (plain(at::kDouble)) {
      doubles.push_back({param, grad, m_i, v_i});
    } else {
      p.push_back(param), g.push_back(grad), m.push_back(m_i), v.push_back(v_i);
    }
  }
  fused<float>(floats, step_constants<float>(lr, beta1, beta2, eps, weight_decay, step, grad_scale));
  fused<double>(doubles, step_constants<double>(lr, beta1, beta2, eps, weight_decay, step, grad_scale));
  // Autograd must notice that the memory changed.
  for (const auto* list : {&floats, &doubles})
    for (const auto& t : *list) t[0].unsafeGetTensorImpl()->bump_version();

  if (p.empty()) return;
  if (grad_scale != 1) g = at::_foreach_mul(g, grad_scale);
  if (on_device(p, g, m, v, lr, beta1, beta2, eps, weight_decay, step)) return;
  const auto c = step_constants<double>(lr, beta1, beta2, eps, weight_decay, step, grad_scale);
  at::_foreach_mul_(p, c.decay);
  at::_foreach_mul_(m, beta1);
  at::_foreach_add_(m, g, 1 - beta1);
  at::_foreach_mul_(v, beta2);
  at::_foreach_addcmul_(v, g, g, 1 - beta2);
  auto denominator = at::_foreach_sqrt(v);
  at::_foreach_div_(denominator, c.root_correction);
  at::_foreach_add_(denominator, eps);
  at::_foreach_addcdiv_(p, m, denominator, -c.step_size);
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def(
      "adamw_(Tensor(a!)[] params, Tensor[] grads, Tensor(b!)[] exp_avgs, Tensor(c!)[] exp_avg_sqs, float lr, float beta1, "
      "float beta2, float eps, float weight_decay, int step, float grad_scale) -> ()",
      adamw_);
}

}  // namespace
}  // namespace rewardkit
