// Included by each kernels_*.cpp, which is compiled for one instruction set.
#pragma once

#include "attention_kernel.h"
#include "decode_kernel.h"
#include "pointwise_kernel.h"

namespace {

template <typename T>
constexpr rewardkit::CpuKernels<T> kernel_table() {
  return {attention_scratch<T>, attention_forward<T>, attention_backward<T>, cached_attention<T>,  linear_rows<T>,
          adamw<T>,             log_sum_exp<T>,       log_prob_backward<T>,  rms_norm<T>,          rms_norm_backward<T>,
          rotary<T>,            swiglu<T>,            swiglu_backward<T>};
}

}  // namespace
