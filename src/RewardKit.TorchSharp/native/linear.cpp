// rewardkit::linear: aten::linear, with a matrix-vector product where there is one row. Decoding a text token by token is
// made of such products, and OpenBLAS takes three to five times as long over a matrix product with one row.
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include "shim.h"

namespace rewardkit {
namespace {

bool is_one_row(const at::Tensor& input, const at::Tensor& weight) {
  return input.dim() >= 1 && weight.dim() == 2 && input.device().is_cpu() && input.numel() == weight.size(1) &&
         input.size(-1) == weight.size(1) && input.scalar_type() == weight.scalar_type() &&
         (input.scalar_type() == at::kFloat || input.scalar_type() == at::kDouble) &&
         // Autocast rounds the arguments of aten::linear, but not those of a matrix-vector product.
         !c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::AutocastCPU);
}

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight, const rk::Optional<at::Tensor>& bias) {
  if (!is_one_row(input, weight)) return at::linear(input, weight, bias);
  const auto row = input.reshape({weight.size(1)});
  const bool has_bias = bias.has_value() && bias->defined();
  const auto out = has_bias ? at::addmv(*bias, weight, row) : at::mv(weight, row);
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  return out.view(sizes);
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", linear);
}

}  // namespace
}  // namespace rewardkit
