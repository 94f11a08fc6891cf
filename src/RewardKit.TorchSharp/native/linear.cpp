// rewardkit::linear: aten::linear, with kernels of our own where there are few rows. Decoding texts token by token is made
// of such products, and OpenBLAS takes three to five times as long over a matrix product with a few rows as it needs to
// read the weights once. These kernels sum each row as if it were alone. With AVX-512 they reach 100 to 150 GFLOP/s a core
// from eight rows on, OpenBLAS 80 to 100 from 64 on.
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <algorithm>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"
#include "shim.h"

namespace rewardkit {
namespace {

// A text among so many gets the same bits as alone.
constexpr int64_t kFewRows = 512;
constexpr int64_t kRowBlock = 32;

bool is_few_rows(const at::Tensor& input, const at::Tensor& weight, int64_t most) {
  return input.dim() >= 1 && weight.dim() == 2 && has_kernel(input) && weight.device().is_cpu() && input.size(-1) == weight.size(1) &&
         input.numel() > 0 && input.numel() <= most * weight.size(1) && input.scalar_type() == weight.scalar_type() &&
         // Autocast rounds the arguments of aten::linear, but not those of other products.
         !c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::AutocastCPU);
}

at::Tensor few_rows(const at::Tensor& input_in, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor input = input_in.contiguous();
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  const at::Tensor out = at::empty(sizes, input.options());
  const int64_t inputs = weight.size(1), outputs = weight.size(0), rows = input.numel() / inputs;
  // Pieces of some 16K weights, in whole blocks of the kernel.
  const int64_t piece = std::max<int64_t>(8, (1 << 14) / inputs / 8 * 8);
  AT_DISPATCH_FLOATING_TYPES(input.scalar_type(), "linear", [&] {
    const auto kernel = cpu_kernels<scalar_t>().linear_rows;
    const auto *x = input.data_ptr<scalar_t>(), *w = weight.data_ptr<scalar_t>();
    const auto* b = bias.defined() ? bias.data_ptr<scalar_t>() : nullptr;
    auto* to = out.data_ptr<scalar_t>();
    parallel_tasks((outputs + piece - 1) / piece, [&](int64_t i) {
      for (int64_t row = 0; row < rows; row += kRowBlock)
        kernel(x + row * inputs, w, b, to + row * outputs, std::min(kRowBlock, rows - row), inputs, outputs, i * piece,
               std::min(piece, outputs - i * piece));
    }, inputs * outputs * std::max<int64_t>(1, rows / 4) >= 1 << 19);
  });
  return out;
}

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight, const rk::Optional<at::Tensor>& bias_in) {
  const at::Tensor bias = bias_in.has_value() ? *bias_in : at::Tensor();
  const bool plain = !bias.defined() || (bias.dim() == 1 && weight.dim() == 2 && bias.size(0) == weight.size(0) && bias.is_contiguous() &&
                                         bias.device().is_cpu() && bias.scalar_type() == weight.scalar_type());
  const bool recorded = at::GradMode::is_enabled() && (input.requires_grad() || weight.requires_grad() || (bias.defined() && bias.requires_grad()));
  if (!recorded && plain && weight.is_contiguous() && is_few_rows(input, weight, kFewRows)) return few_rows(input, weight, bias);
  if (!is_few_rows(input, weight, 1)) return at::linear(input, weight, bias_in);
  const auto row = input.reshape({weight.size(1)});
  const auto out = bias.defined() ? at::addmv(bias, weight, row) : at::mv(weight, row);
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  return out.view(sizes);
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", linear);
}

}  // namespace
}  // namespace rewardkit
