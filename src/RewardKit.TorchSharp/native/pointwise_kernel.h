// One pass over memory each: the optimiser step, the softmax of the vocabulary, normalisation, rotary positions, SwiGLU.
#pragma once

#include "kernels.h"
#include "vec.h"

namespace {

using rewardkit::AdamWStep;

constexpr double kLn2 = 0.693147180559945309417, kInvLn2 = 1.44269504088896340736;

/// Calls body(vector type tag, index) for whole vectors and then for single values.
template <typename T, typename F>
inline void for_lanes(long n, F&& body) {
  long i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) body(Vec<T, kLanes<T>>{}, i);
  for (; i < n; i++) body(Vec<T, 1>{}, i);
}

template <typename T, int N>
inline T sum_of(typename Vec<T, N>::type v) {
  T sum = 0;
  for (int i = 0; i < N; i++) sum += v[i];
  return sum;
}

/// Sum of term(vector type tag, index), a vector, over 0 .. n-1.
template <typename T, typename F>
inline T sum_lanes(long n, F&& term) {
  constexpr int W = kLanes<T>;
  typename Vec<T, W>::type sum{};
  long i = 0;
  for (; i + W <= n; i += W) sum += term(Vec<T, W>{}, i);
  T total = sum_of<T, W>(sum);
  for (; i < n; i++) total += term(Vec<T, 1>{}, i)[0];
  return total;
}

template <typename T>
void adamw(T* param, const T* grad, T* exp_avg, T* exp_avg_sq, int64_t n, const AdamWStep<T>& s) {
  const T decay = s.decay, beta1 = s.beta1, beta2 = s.beta2, rest1 = 1 - s.beta1, rest2 = 1 - s.beta2;
  const T step = s.step_size, correction = s.root_correction, eps = s.eps, scale = s.grad_scale;
  for (long i = 0; i < n; i++) {
    const T g = grad[i] * scale;
    const T m = exp_avg[i] * beta1 + g * rest1;
    const T v = exp_avg_sq[i] * beta2 + g * g * rest2;
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    param[i] = param[i] * decay - step * (m / (static_cast<T>(sizeof(T) == 4 ? __builtin_sqrtf(v) : __builtin_sqrt(v)) / correction + eps));
  }
}

template <typename T>
T log_sum_exp(const T* row, int64_t n) {
  constexpr int W = kLanes<T>;
  using V = Vec<T, W>;
  auto most = V::fill(-__builtin_inf());
  long i = 0;
  for (; i + W <= n; i += W) most = V::max(V::load(row + i), most);
  T top = -__builtin_inf();
  for (int l = 0; l < W; l++) top = most[l] > top ? most[l] : top;
  for (; i < n; i++) top = row[i] > top ? row[i] : top;
  const T sum = sum_lanes<T>(n, [&](auto v, long j) { return v.exp2((v.load(row + j) - top) * T(kInvLn2)); });
  return top + T(__builtin_log(sum));
}

template <typename T>
void log_prob_backward(T* row, int64_t n, T lse, int64_t target, T gradient) {
  for_lanes<T>(n, [&](auto v, long i) { v.store(row + i, v.exp2((v.load(row + i) - lse) * T(kInvLn2)) * -gradient); });
  row[target] += gradient;
}

template <typename T>
void rms_norm(const T* x, const T* weight, T* out, T* inverse, int64_t rows, int64_t dim, double eps) {
  for (long r = 0; r < rows; r++, x += dim, out += dim) {
    const T squares = sum_lanes<T>(dim, [&](auto v, long i) { return v.load(x + i) * v.load(x + i); });
    const T scale = 1 / __builtin_sqrt(squares / dim + eps);
    for_lanes<T>(dim, [&](auto v, long i) { v.store(out + i, v.load(x + i) * scale * v.load(weight + i)); });
    inverse[r] = scale;
  }
}

template <typename T>
void rms_norm_backward(const T* dout, const T* x, const T* weight, const T* inverse, T* dx, T* dweight, int64_t rows,
                       int64_t dim) {
  for (long r = 0; r < rows; r++, x += dim, dout += dim, dx += dim) {
    const T scale = inverse[r];
    const T dot = sum_lanes<T>(dim, [&](auto v, long i) { return v.load(dout + i) * v.load(weight + i) * v.load(x + i); });
    const T pull = dot * scale * scale / dim;
    for_lanes<T>(dim, [&](auto v, long i) {
      const auto g = v.load(dout + i), value = v.load(x + i);
      v.store(dx + i, (g * v.load(weight + i) - value * pull) * scale);
      v.store(dweight + i, v.load(dweight + i) + g * value * scale);
    });
  }
}

template <typename T>
void rotary(const T* x, const T* cos, const T* sin, T* out, int64_t tokens, int64_t heads, int64_t dim, T sign) {
  const long half = dim / 2;
  for (long t = 0; t < tokens; t++, cos += half, sin += half)
    for (long h = 0; h < heads; h++, x += dim, out += dim)
      for (long d = 0; d < half; d++) {
        const T a = x[d], b = x[d + half], s = sin[d] * sign;
        out[d] = a * cos[d] - b * s;
        out[d + half] = b * cos[d] + a * s;
      }
}

template <typename V, typename T>
inline typename V::type sigmoid(typename V::type x) {
  const auto e = V::exp2((x > 0 ? -x : x) * T(kInvLn2));
  const auto q = T(1) / (T(1) + e);
  return x > 0 ? q : e * q;
}

template <typename T>
void swiglu(const T* gate, const T* up, T* out, int64_t n) {
  for_lanes<T>(n, [&](auto v, long i) {
    const auto g = v.load(gate + i);
    v.store(out + i, g * sigmoid<decltype(v), T>(g) * v.load(up + i));
  });
}

template <typename T>
void swiglu_backward(const T* dout, const T* gate, const T* up, T* dgate, T* dup, int64_t n) {
  for_lanes<T>(n, [&](auto v, long i) {
    const auto g = v.load(gate + i), d = v.load(dout + i), s = sigmoid<decltype(v), T>(g);
    v.store(dgate + i, d * v.load(up + i) * s * (T(1) + g * (T(1) - s)));
    v.store(dup + i, d * g * s);
  });
}

}  // namespace
