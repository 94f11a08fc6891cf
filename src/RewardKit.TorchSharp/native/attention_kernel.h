// Attention over tiles of 32 queries by 64 keys, after FlashAttention-2 (Dao, arXiv:2307.08691): the scores of a tile
// live in cache, the softmax is kept up to date as tiles go by, and the backward pass computes the scores again.
// Scores lie with the queries in the lanes, [keys, queries], so that a head of 8 dimensions fills wide vectors, too.
#pragma once

#include "kernels.h"
#include "vec.h"

namespace {

using rewardkit::Attention;
using rewardkit::Component;
using rewardkit::Segment;
using rewardkit::TokenRange;

constexpr long kQueries = 32;
constexpr long kKeys = 64;

/// C[MR, NR * N] (+)= A[MR, k] B[k, NR * N], A with any strides, in registers.
template <typename T, int N, int MR, int NR, bool Accumulate>
inline void product_block(const T* a, long a_row, long a_col, const T* b, long b_row, T* c, long c_row, long k) {
  using V = Vec<T, N>;
  typename V::type sum[MR][NR];
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NR; j++) sum[i][j] = Accumulate ? V::load(c + i * c_row + j * N) : typename V::type{};
  for (long l = 0; l < k; l++) {
    typename V::type row[NR];
    for (int j = 0; j < NR; j++) row[j] = V::load(b + l * b_row + j * N);
    for (int i = 0; i < MR; i++) {
      const T x = a[i * a_row + l * a_col];
      for (int j = 0; j < NR; j++) sum[i][j] += x * row[j];
    }
  }
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NR; j++) V::store(c + i * c_row + j * N, sum[i][j]);
}

template <typename T, int N, int NR, bool Accumulate>
inline void product_columns(const T* a, long a_row, long a_col, const T* b, long b_row, T* c, long c_row, long m, long k) {
  constexpr int MR = kVectorBytes == 64 ? 8 : 4;
  long i = 0;
  for (; i + MR <= m; i += MR)
    product_block<T, N, MR, NR, Accumulate>(a + i * a_row, a_row, a_col, b, b_row, c + i * c_row, c_row, k);
  for (; i < m; i++) product_block<T, N, 1, NR, Accumulate>(a + i * a_row, a_row, a_col, b, b_row, c + i * c_row, c_row, k);
}

/// C[m, n] (+)= A[m, k] B[k, n]; n is a multiple of 8.
template <typename T, bool Accumulate>
inline void product(const T* a, long a_row, long a_col, const T* b, long b_row, T* c, long c_row, long m, long n, long k) {
  constexpr int N = kLanes<T> < 8 ? kLanes<T> : 8, W = kLanes<T>;
  long j = 0;
  for (; j + 2 * W <= n; j += 2 * W) product_columns<T, W, 2, Accumulate>(a, a_row, a_col, b + j, b_row, c + j, c_row, m, k);
  for (; j + W <= n; j += W) product_columns<T, W, 1, Accumulate>(a, a_row, a_col, b + j, b_row, c + j, c_row, m, k);
  for (; j + N <= n; j += N) product_columns<T, N, 1, Accumulate>(a, a_row, a_col, b + j, b_row, c + j, c_row, m, k);
}

inline long padded_dim(long dim) { return (dim + 7) / 8 * 8; }

/// Rows of one head, in the component's numbering, with the dimension padded by zeros to `width`.
template <typename T>
inline void gather_rows(const T* from, long row, long dim, long width, const Component& c, T* to) {
  for (long r = 0; r < c.range_count; r++)
    for (long t = 0; t < c.ranges[r].length; t++) {
      const T* source = from + (c.ranges[r].start + t) * row;
      T* target = to + (c.ranges[r].packed + t) * width;
      for (long d = 0; d < dim; d++) target[d] = source[d];
      for (long d = dim; d < width; d++) target[d] = 0;
    }
}

template <typename T>
inline void scatter_rows(const T* from, long row, long dim, long width, const Component& c, T* to) {
  for (long r = 0; r < c.range_count; r++)
    for (long t = 0; t < c.ranges[r].length; t++)
      for (long d = 0; d < dim; d++)
        to[(c.ranges[r].start + t) * row + d] = from[(c.ranges[r].packed + t) * width + d];
}

/// `count` rows as columns, [width, kQueries], times `factor`; columns and rows beyond them are zero.
template <typename T>
inline void transpose_queries(const T* from, long row, long dim, long width, long count, T factor, T* to) {
  for (long d = 0; d < width; d++)
    for (long i = 0; i < kQueries; i++) to[d * kQueries + i] = d < dim && i < count ? from[i * row + d] * factor : T(0);
}

/// The keys of one query tile, a tile at a time: those of the prefix, then the queries' own up to the last query, from
/// the first one on that lies in a query's window. A tile's first key is counted from the segment's start, so that the
/// prefix lies before 0; and so do all keys where the segment is not causal.
template <typename F>
inline void for_key_tiles(const Segment& s, long first_query, long query_count, long window, F&& tile) {
  const long oldest = first_query - window + 1, end = s.causal ? first_query + query_count : s.own.length;
  for (long k = max_of(0, s.prefix.length + oldest); k < s.prefix.length; k += kKeys)
    tile(s.prefix.packed + k, min_of(kKeys, s.prefix.length - k), k - s.prefix.length);
  for (long k = max_of(0, oldest); k < end; k += kKeys) tile(s.own.packed + k, min_of(kKeys, end - k), s.causal ? k : k - s.own.length);
}

/// Scores of keys that come after their query, or too long before it, become -inf.
template <typename T>
inline void mask_hidden_keys(T* scores, long keys, long first_key, long first_query, long window) {
  for (long j = max_of(0, min_of(keys, first_query - first_key + 1)); j < keys; j++)
    for (long i = 0; i < min_of(kQueries, first_key + j - first_query); i++) scores[j * kQueries + i] = -__builtin_inf();
  for (long j = 0; j < min_of(keys, first_query + kQueries - window - first_key); j++)
    for (long i = max_of(0, first_key + j + window - first_query); i < kQueries; i++) scores[j * kQueries + i] = -__builtin_inf();
}

/// Scores in units of log2: cap * tanh(x). The queries were scaled so that x = score / softcap.
template <typename T>
inline void cap_scores(T* scores, long keys, T cap) {
  using V = Vec<T, kLanes<T>>;
  for (long i = 0; i < keys * kQueries; i += kLanes<T>) V::store(scores + i, V::tanh(V::load(scores + i)) * cap);
}

template <typename T>
long attention_scratch(long tokens, long dim) {
  const long width = padded_dim(dim);
  return 4 * tokens * width + 2 * kKeys * kQueries + 6 * kQueries * width + 3 * kQueries;
}

constexpr double kLog2E = 1.44269504088896340736;

/// What the queries are multiplied by, so that scores come out in units of log2 or, to be capped, of the cap.
template <typename T>
inline T query_factor(const Attention<T>& p) {
  return T(p.softcap > 0 ? p.scale / p.softcap : p.scale * kLog2E);
}

template <typename T>
void attention_forward(const Attention<T>& p, const Component& c, long kv_head, T* scratch) {
  using V = Vec<T, kLanes<T>>;
  constexpr int W = kLanes<T>;
  const long width = padded_dim(p.dim), kv_row = p.kv_heads * p.dim, q_row = p.heads * p.dim, group = p.heads / p.kv_heads;
  const T cap = T(p.softcap * kLog2E);
  T* k = scratch;
  T* v = k + c.tokens * width;
  T* scores = v + c.tokens * width;
  T* q = scores + kKeys * kQueries;
  T* out = q + kQueries * width;
  T* top = out + kQueries * width;
  T* sum = top + kQueries;
  gather_rows(p.k + kv_head * p.dim, kv_row, p.dim, width, c, k);
  gather_rows(p.v + kv_head * p.dim, kv_row, p.dim, width, c, v);

  for (long s = 0; s < c.segment_count; s++)
    for (long head = kv_head * group; head < (kv_head + 1) * group; head++)
      for (long first = 0; first < c.segments[s].own.length; first += kQueries) {
        const long count = min_of(kQueries, c.segments[s].own.length - first), token = c.segments[s].own.start + first;
        transpose_queries(p.q + token * q_row + head * p.dim, q_row, p.dim, width, count, query_factor(p), q);
        for (long i = 0; i < kQueries * width; i++) out[i] = 0;
        // Finite, for a query may see nothing of a tile, and the difference of two infinities is no number.
        for (long i = 0; i < kQueries; i++) top[i] = T(-1e30), sum[i] = 0;

        for_key_tiles(c.segments[s], first, count, p.window, [&](long key, long keys, long first_key) {
          product<T, false>(k + key * width, width, 1, q, kQueries, scores, kQueries, keys, kQueries, p.dim);
          if (p.softcap > 0) cap_scores(scores, keys, cap);
          mask_hidden_keys(scores, keys, first_key, first, p.window);
          for (long i = 0; i < kQueries; i += W) {
            const auto before = V::load(top + i);
            auto most = before;
            for (long j = 0; j < keys; j++) most = V::max(V::load(scores + j * kQueries + i), most);
            const auto shrink = V::exp2(before - most);
            auto total = V::load(sum + i) * shrink;
            for (long j = 0; j < keys; j++) {
              const auto e = V::exp2(V::load(scores + j * kQueries + i) - most);
              V::store(scores + j * kQueries + i, e);
              total += e;
            }
            V::store(top + i, most);
            V::store(sum + i, total);
            for (long d = 0; d < p.dim; d++) V::store(out + d * kQueries + i, V::load(out + d * kQueries + i) * shrink);
          }
          product<T, true>(v + key * width, 1, width, scores, kQueries, out, kQueries, p.dim, kQueries, keys);
        });

        for (long i = 0; i < count; i++) {
          T* target = p.out + (token + i) * q_row + head * p.dim;
          for (long d = 0; d < p.dim; d++) target[d] = out[d * kQueries + i] / sum[i];
          p.lse[(token + i) * p.heads + head] = top[i] + T(__builtin_log2(sum[i]));
        }
      }
}

template <typename T>
void attention_backward(const Attention<T>& p, const Component& c, long kv_head, T* scratch) {
  using V = Vec<T, kLanes<T>>;
  constexpr int W = kLanes<T>;
  const long width = padded_dim(p.dim), kv_row = p.kv_heads * p.dim, q_row = p.heads * p.dim, group = p.heads / p.kv_heads;
  const T cap = T(p.softcap * kLog2E);
  T* k = scratch;
  T* v = k + c.tokens * width;
  T* dk = v + c.tokens * width;
  T* dv = dk + c.tokens * width;
  T* scores = dv + c.tokens * width;
  T* dscores = scores + kKeys * kQueries;
  T* q = dscores + kKeys * kQueries;
  T* dout = q + kQueries * width;
  T* dq = dout + kQueries * width;
  T* q_rows = dq + kQueries * width;
  T* dout_rows = q_rows + kQueries * width;
  T* lse = dout_rows + kQueries * width;
  T* delta = lse + kQueries;
  gather_rows(p.k + kv_head * p.dim, kv_row, p.dim, width, c, k);
  gather_rows(p.v + kv_head * p.dim, kv_row, p.dim, width, c, v);
  for (long i = 0; i < 2 * c.tokens * width; i++) dk[i] = 0;

  for (long s = 0; s < c.segment_count; s++)
    for (long head = kv_head * group; head < (kv_head + 1) * group; head++)
      for (long first = 0; first < c.segments[s].own.length; first += kQueries) {
        const long count = min_of(kQueries, c.segments[s].own.length - first), token = c.segments[s].own.start + first;
        const long at = token * q_row + head * p.dim;
        transpose_queries(p.q + at, q_row, p.dim, width, count, query_factor(p), q);
        transpose_queries(p.dout + at, q_row, p.dim, width, count, T(1), dout);
        for (long i = 0; i < kQueries * width; i++) dq[i] = 0, q_rows[i] = 0, dout_rows[i] = 0;
        // Columns without a query get probability 2^-inf = 0.
        for (long i = 0; i < kQueries; i++) lse[i] = __builtin_inf(), delta[i] = 0;
        for (long i = 0; i < count; i++) {
          lse[i] = p.lse[(token + i) * p.heads + head];
          for (long d = 0; d < p.dim; d++) {
            const T g = p.dout[at + i * q_row + d];
            delta[i] += g * p.out[at + i * q_row + d];
            dout_rows[i * width + d] = g;
            q_rows[i * width + d] = p.q[at + i * q_row + d] * T(p.scale);
          }
        }

        for_key_tiles(c.segments[s], first, count, p.window, [&](long key, long keys, long first_key) {
          product<T, false>(k + key * width, width, 1, q, kQueries, scores, kQueries, keys, kQueries, p.dim);
          product<T, false>(v + key * width, width, 1, dout, kQueries, dscores, kQueries, keys, kQueries, p.dim);
          if (p.softcap > 0) cap_scores(scores, keys, cap);
          mask_hidden_keys(scores, keys, first_key, first, p.window);
          for (long i = 0; i < kQueries; i += W) {
            const auto l = V::load(lse + i), shift = V::load(delta + i);
            for (long j = i; j < keys * kQueries; j += kQueries) {
              const auto score = V::load(scores + j), probability = V::exp2(score - l);
              V::store(scores + j, probability);
              auto slope = V::fill(T(1));
              if (p.softcap > 0) slope = V::max(slope - (score / cap) * (score / cap), typename V::type{});  // 0 where masked
              V::store(dscores + j, probability * (V::load(dscores + j) - shift) * slope);
            }
          }
          product<T, true>(k + key * width, 1, width, dscores, kQueries, dq, kQueries, p.dim, kQueries, keys);
          product<T, true>(dscores, kQueries, 1, q_rows, width, dk + key * width, width, keys, width, count);
          product<T, true>(scores, kQueries, 1, dout_rows, width, dv + key * width, width, keys, width, count);
        });

        for (long i = 0; i < count; i++)
          for (long d = 0; d < p.dim; d++) p.dq[at + i * q_row + d] = dq[d * kQueries + i] * T(p.scale);
      }

  scatter_rows(dk, kv_row, p.dim, width, c, p.dk + kv_head * p.dim);
  scatter_rows(dv, kv_row, p.dim, width, c, p.dv + kv_head * p.dim);
}

}  // namespace
