// The CPU kernels behind the fused operators, as plain functions over memory. Each is compiled once per instruction
// set (kernels_*.cpp); `cpu_kernels` picks the best one that this processor runs.
#pragma once

#include <cstdint>

namespace rewardkit {

/// Tokens [start, start + length) of the batch, at `packed` in a component's own numbering.
struct TokenRange {
  int64_t start, length, packed;
};

/// Queries [start, start + length) attend to all keys of the prefix, and to their own: causally, or all.
struct Segment {
  TokenRange own, prefix;
  bool causal;
};

/// Segments connected by prefixes: nothing outside reads or writes their tokens.
struct Component {
  const TokenRange* ranges;  // disjoint; together the component's `tokens`
  int64_t range_count;
  const Segment* segments;
  int64_t segment_count;
  int64_t tokens;
};

/// Contiguous memory: q, out, dout, dq [tokens, heads, dim]; k, v, dk, dv [tokens, kv_heads, dim];
/// lse [tokens, heads] is log2 of the sum of exponentials, scaled by log2(e).
template <typename T>
struct Attention {
  const T *q, *k, *v, *dout;
  T *out, *lse, *dq, *dk, *dv;
  int64_t heads, kv_heads, dim;
  double scale;
  int64_t window;  // a query sees this many keys at most, its own included
  double softcap;  // scores become softcap * tanh(score / softcap); 0: they stay
};

/// Keys and values that lie together, [length, dim].
template <typename T>
struct CachedRun {
  const T *keys, *values;
  int64_t length;
};

/// One text, one key/value head and the `group` query heads that share it: q, out [group, dim]. The text is the two runs, one
/// after the other; `length` is the sum of theirs.
template <typename T>
struct CachedAttention {
  const T* q;
  CachedRun<T> runs[2];
  T* out;
  int64_t group, dim, length;
  double scale, softcap;
};

template <typename T>
struct AdamWStep {
  double decay, beta1, beta2, step_size, root_correction, eps, grad_scale;
};

template <typename T>
struct CpuKernels {
  /// One component, one key/value head (and all query heads that share it). `scratch` has `attention_scratch` values.
  int64_t (*attention_scratch)(int64_t tokens, int64_t dim);
  void (*attention_forward)(const Attention<T>&, const Component&, int64_t kv_head, T* scratch);
  void (*attention_backward)(const Attention<T>&, const Component&, int64_t kv_head, T* scratch);

  /// `scratch` has `length` values.
  void (*cached_attention)(const CachedAttention<T>&, T* scratch);
  /// out[rows, outputs] = x[rows, inputs] w[outputs, inputs]^T + bias, of it `count` columns from `first`; bias may be null.
  void (*linear_rows)(const T* x, const T* w, const T* bias, T* out, int64_t rows, int64_t inputs, int64_t outputs, int64_t first,
                      int64_t count);

  void (*adamw)(T* param, const T* grad, T* exp_avg, T* exp_avg_sq, int64_t n, const AdamWStep<T>&);

  /// Natural log of the sum of exponentials of one row.
  T (*log_sum_exp)(const T* row, int64_t n);
  /// row[i] = -gradient * exp(row[i] - lse), plus gradient at `target`.
  void (*log_prob_backward)(T* row, int64_t n, T lse, int64_t target, T gradient);

  /// rows x dim; `inverse` [rows] receives 1 / rms.
  void (*rms_norm)(const T* x, const T* weight, T* out, T* inverse, int64_t rows, int64_t dim, double eps);
  /// Adds to `dweight` [dim].
  void (*rms_norm_backward)(const T* dout, const T* x, const T* weight, const T* inverse, T* dx, T* dweight, int64_t rows,
                            int64_t dim);
  /// tokens x heads x dim; `sign` -1 turns back.
  void (*rotary)(const T* x, const T* cos, const T* sin, T* out, int64_t tokens, int64_t heads, int64_t dim, T sign);
  void (*swiglu)(const T* gate, const T* up, T* out, int64_t n);
  void (*swiglu_backward)(const T* dout, const T* gate, const T* up, T* dgate, T* dup, int64_t n);
};

template <typename T>
const CpuKernels<T>& cpu_kernels();

/// The instruction set they are compiled for: "AVX-512", "AVX2" or "baseline".
const char* cpu_kernels_name();

}  // namespace rewardkit
