// What decoding a text token by token is made of: a few rows through a linear layer, and one query against many keys.
// Each result is summed in an order that does not depend on the rows beside it, so that a text gets the same bits alone
// and in company.
#pragma once

#include "kernels.h"
#include "vec.h"

namespace {

/// The sum of the lanes, halves first.
template <typename T, int N>
inline T sum_halves(typename Vec<T, N>::type v) {
  if constexpr (N == 1) {
    return v[0];
  } else {
    T lanes[N];
    Vec<T, N>::store(lanes, v);
    return sum_halves<T, N / 2>(Vec<T, N / 2>::load(lanes) + Vec<T, N / 2>::load(lanes + N / 2));
  }
}

/// R rows of x times C rows of w.
template <typename T, int R, int C>
inline void dot_block(const T* x, const T* w, const T* bias, T* out, int64_t inputs, int64_t outputs) {
  constexpr int W = kLanes<T>;
  using V = Vec<T, W>;
  typename V::type sum[R][C] = {};
  long i = 0;
  for (; i + W <= inputs; i += W) {
    typename V::type row[R];
    for (int r = 0; r < R; r++) row[r] = V::load(x + r * inputs + i);
    for (int c = 0; c < C; c++) {
      const auto column = V::load(w + c * inputs + i);
      for (int r = 0; r < R; r++) sum[r][c] += row[r] * column;
    }
  }
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++) {
      T total = sum_halves<T, W>(sum[r][c]);
      for (long j = i; j < inputs; j++) total += x[r * inputs + j] * w[c * inputs + j];
      out[r * outputs + c] = bias ? total + bias[c] : total;
    }
}

template <typename T, int C>
inline void dot_rows(const T* x, const T* w, const T* bias, T* out, int64_t rows, int64_t inputs, int64_t outputs) {
  constexpr int R = 4;
  long r = 0;
  for (; r + R <= rows; r += R) dot_block<T, R, C>(x + r * inputs, w, bias, out + r * outputs, inputs, outputs);
  for (; r < rows; r++) dot_block<T, 1, C>(x + r * inputs, w, bias, out + r * outputs, inputs, outputs);
}

template <typename T>
void linear_rows(const T* x, const T* w, const T* bias, T* out, int64_t rows, int64_t inputs, int64_t outputs, int64_t first, int64_t count) {
  constexpr int C = kVectorBytes == 64 ? 4 : 2;  // with R above as many sums as fit in registers
  w += first * inputs;
  out += first;
  if (bias) bias += first;
  long c = 0;
  if (rows == 1)
    for (; c + 2 * C <= count; c += 2 * C) dot_block<T, 1, 2 * C>(x, w + c * inputs, bias ? bias + c : nullptr, out + c, inputs, outputs);
  for (; c + C <= count; c += C) dot_rows<T, C>(x, w + c * inputs, bias ? bias + c : nullptr, out + c, rows, inputs, outputs);
  for (; c < count; c++) dot_rows<T, 1>(x, w + c * inputs, bias ? bias + c : nullptr, out + c, rows, inputs, outputs);
}

/// N vectors of the weighted sum of values, from dimension d.
template <typename T, int N>
inline void weigh(const rewardkit::CachedAttention<T>& a, const T* weights, T scale, T* out, long d) {
  constexpr int W = kLanes<T>;
  using V = Vec<T, W>;
  typename V::type sum[N] = {};
  for (const auto& run : a.runs)
    for (long j = 0; j < run.length; j++, weights++)
      for (int n = 0; n < N; n++) sum[n] += *weights * V::load(run.values + j * a.dim + d + n * W);
  for (int n = 0; n < N; n++) V::store(out + d + n * W, sum[n] * scale);
}

template <typename T>
void cached_attention(const rewardkit::CachedAttention<T>& a, T* scores) {
  constexpr int W = kLanes<T>;
  using V = Vec<T, W>;
  for (long g = 0; g < a.group; g++) {
    const T* q = a.q + g * a.dim;
    T* out = a.out + g * a.dim;
    T most = -__builtin_inf();
    T* next = scores;
    for (const auto& run : a.runs)
      for (long j = 0; j < run.length; j++) {
        const T* key = run.keys + j * a.dim;
        typename V::type sum{};
        long d = 0;
        for (; d + W <= a.dim; d += W) sum += V::load(q + d) * V::load(key + d);
        T score = sum_halves<T, W>(sum);
        for (; d < a.dim; d++) score += q[d] * key[d];
        score *= T(a.scale);
        if (a.softcap > 0) score = Vec<T, 1>::tanh(Vec<T, 1>::fill(score / T(a.softcap)))[0] * T(a.softcap);
        *next++ = score;
        most = score > most ? score : most;
      }
    T total = 0;
    long j = 0;
    typename V::type totals{};
    constexpr double inv_ln2 = 1.44269504088896340736;
    for (; j + W <= a.length; j += W) {
      const auto weight = V::exp2((V::load(scores + j) - most) * T(inv_ln2));
      V::store(scores + j, weight);
      totals += weight;
    }
    total = sum_halves<T, W>(totals);
    for (; j < a.length; j++) total += scores[j] = Vec<T, 1>::exp2(Vec<T, 1>::fill((scores[j] - most) * T(inv_ln2)))[0];

    const T scale = 1 / total;
    long d = 0;
    for (; d + 4 * W <= a.dim; d += 4 * W) weigh<T, 4>(a, scores, scale, out, d);
    for (; d + W <= a.dim; d += W) weigh<T, 1>(a, scores, scale, out, d);
    for (; d < a.dim; d++) {
      // One loop over both runs: where one ends must not change how the compiler rounds.
      T sum = 0;
      for (long k = 0; k < a.length; k++) {
        const long second = k - a.runs[0].length;
        sum += scores[k] * (second < 0 ? a.runs[0].values[k * a.dim + d] : a.runs[1].values[second * a.dim + d]);
      }
      out[d] = sum * scale;
    }
  }
}

}  // namespace
