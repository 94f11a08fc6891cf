#pragma once

#include <ATen/ATen.h>

namespace rewardkit {

/// Whether the kernels of kernels.h take this tensor; all others go through ATen's own operators.
inline bool has_kernel(const at::Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

}  // namespace rewardkit
