// rewardkit::packed_attention: attention over sequences that lie one after the other, without padding, where a sequence
// may continue another (a response its prompt), so that what they share is computed once.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <tuple>
#include <vector>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"
#include "varlen_attention.h"

namespace rewardkit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<Row> read_segments(const Tensor& segments, int64_t tokens) {
  TORCH_CHECK(segments.dim() == 2 && segments.size(1) == 4 && segments.scalar_type() == at::kLong && segments.device().is_cpu(),
              "packed_attention: segments must be an int64 tensor [n, 4] on the CPU with rows (start, length, prefix_start, "
              "prefix_length), not ", segments.scalar_type(), " ", segments.sizes(), " on ", segments.device());
  const Tensor table = segments.contiguous();
  const auto* from = table.data_ptr<int64_t>();
  std::vector<Row> rows;
  std::vector<char> taken(tokens);
  for (int64_t i = 0; i < table.size(0); i++, from += 4) {
    const Row r{from[0], from[1], from[2], from[3]};
    const auto inside = [&](int64_t start, int64_t length) { return start >= 0 && length >= 0 && start <= tokens - length; };
    TORCH_CHECK(inside(r.start, r.length) && inside(r.prefix_start, r.prefix_length), "packed_attention: segment ", i, " (",
                r.start, ", ", r.length, ", ", r.prefix_start, ", ", r.prefix_length, ") reaches outside the ", tokens, " tokens");
    for (int64_t t = r.start; t < r.start + r.length; t++) {
      TORCH_CHECK(!taken[t], "packed_attention: token ", t, " belongs to two segments; the second is ", i);
      taken[t] = 1;
    }
    TORCH_CHECK(r.prefix_length == 0 || r.prefix_start >= r.start + r.length || r.start >= r.prefix_start + r.prefix_length,
                "packed_attention: segment ", i, " overlaps its own prefix");
    if (r.length > 0) rows.push_back(r);
  }
  return rows;
}

/// The segments, sorted into components that share no token.
struct Plan {
  std::vector<TokenRange> ranges;
  std::vector<Segment> segments;
  std::vector<Component> components;

  Plan(const std::vector<Row>& rows, bool causal) {
    // Overlapping ranges (own and prefix ranges of all segments) melt into one; a segment joins its two.
    struct Interval {
      int64_t start, end, row;
    };
    std::vector<Interval> intervals;
    for (size_t i = 0; i < rows.size(); i++) {
      intervals.push_back({rows[i].start, rows[i].start + rows[i].length, int64_t(i)});
      if (rows[i].prefix_length > 0)
        intervals.push_back({rows[i].prefix_start, rows[i].prefix_start + rows[i].prefix_length, int64_t(i)});
    }
    std::sort(intervals.begin(), intervals.end(), [](auto& a, auto& b) { return std::tie(a.start, a.row) < std::tie(b.start, b.row); });
    std::vector<int64_t> parent(rows.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int64_t i) {
      while (parent[i] != i) i = parent[i] = parent[parent[i]];
      return i;
    };
    std::vector<Interval> merged;
    for (const auto& next : intervals)
      if (!merged.empty() && next.start < merged.back().end) {
        merged.back().end = std::max(merged.back().end, next.end);
        const int64_t a = root(merged.back().row), b = root(next.row);
        parent[std::max(a, b)] = std::min(a, b);
      } else {
        merged.push_back(next);
      }

    std::vector<std::vector<size_t>> ranges_of(rows.size()), segments_of(rows.size());
    for (size_t i = 0; i < merged.size(); i++) ranges_of[root(merged[i].row)].push_back(i);
    for (size_t i = 0; i < rows.size(); i++) segments_of[root(i)].push_back(i);
    ranges.reserve(merged.size());
    segments.reserve(rows.size());
    for (size_t c = 0; c < rows.size(); c++) {
      if (segments_of[c].empty()) continue;
      const auto first_range = ranges.size(), first_segment = segments.size();
      int64_t packed = 0;
      for (size_t i : ranges_of[c]) {
        ranges.push_back({merged[i].start, merged[i].end - merged[i].start, packed});
        packed += ranges.back().length;
      }
      const auto place = [&](int64_t start, int64_t length) {
        for (auto r = ranges.begin() + first_range; r != ranges.end(); ++r)
          if (start >= r->start && start < r->start + r->length) return TokenRange{start, length, r->packed + start - r->start};
        return TokenRange{start, 0, 0};  // an empty prefix
      };
      for (size_t i : segments_of[c])
        segments.push_back({place(rows[i].start, rows[i].length), place(rows[i].prefix_start, rows[i].prefix_length), causal});
      components.push_back({ranges.data() + first_range, int64_t(ranges.size() - first_range), segments.data() + first_segment,
                            int64_t(segments.size() - first_segment), packed});
    }
  }
};

template <typename T, typename Kernel>
void run_tasks(const Plan& plan, const Attention<T>& problem, const Kernel& kernel) {
  const auto& kernels = cpu_kernels<T>();
  parallel_tasks(plan.components.size() * problem.kv_heads, [&](int64_t task) {
    const Component& component = plan.components[task / problem.kv_heads];
    std::unique_ptr<T[]> scratch(new T[kernels.attention_scratch(component.tokens, problem.dim)]);
    kernel(kernels)(problem, component, task % problem.kv_heads, scratch.get());
  });
}

class FusedAttention : public torch::autograd::Function<FusedAttention> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& q_in, const Tensor& k_in, const Tensor& v_in, const Tensor& segments,
                        double scale, int64_t window, double softcap, bool causal) {
    const Tensor q = q_in.contiguous(), k = k_in.contiguous(), v = v_in.contiguous();
    const Plan plan(read_segments(segments, q.size(0)), causal);
    const Tensor out = at::zeros_like(q), lse = at::zeros({q.size(0), q.size(1)}, q.options());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "packed_attention", [&] {
      Attention<scalar_t> p{};
      p.q = q.data_ptr<scalar_t>(), p.k = k.data_ptr<scalar_t>(), p.v = v.data_ptr<scalar_t>();
      p.out = out.data_ptr<scalar_t>(), p.lse = lse.data_ptr<scalar_t>();
      p.heads = q.size(1), p.kv_heads = k.size(1), p.dim = q.size(2);
      p.scale = scale, p.window = window, p.softcap = softcap;
      run_tasks(plan, p, [](auto& kernels) { return kernels.attention_forward; });
    });
    // Autograd refuses a backward pass over segments that were overwritten since.
    ctx->save_for_backward({q, k, v, out, lse, segments});
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["window"] = window;
    ctx->saved_data["softcap"] = softcap;
    ctx->saved_data["causal"] = causal;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "packed_attention has no second derivative");
    const auto saved = ctx->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3], &lse = saved[4];
    const Tensor dout = gradients[0].contiguous();
    const Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
    const Plan plan(read_segments(saved[5], q.size(0)), ctx->saved_data["causal"].toBool());
    AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "packed_attention_backward", [&] {
      Attention<scalar_t> p{};
      p.q = q.data_ptr<scalar_t>(), p.k = k.data_ptr<scalar_t>(), p.v = v.data_ptr<scalar_t>();
      p.dout = dout.data_ptr<scalar_t>(), p.out = out.data_ptr<scalar_t>(), p.lse = lse.data_ptr<scalar_t>();
      p.dq = dq.data_ptr<scalar_t>(), p.dk = dk.data_ptr<scalar_t>(), p.dv = dv.data_ptr<scalar_t>();
      p.heads = q.size(1), p.kv_heads = k.size(1), p.dim = q.size(2);
      p.scale = ctx->saved_data["scale"].toDouble();
      p.window = ctx->saved_data["window"].toInt(), p.softcap = ctx->saved_data["softcap"].toDouble();
      run_tasks(plan, p, [](auto& kernels) { return kernels.attention_backward; });
    });
    return {dq, dk, dv, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

/// Any device and floating type, from ATen's operators: one masked softmax per segment.
Tensor composite(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<Row>& rows, double scale, int64_t window,
                 double softcap, bool causal) {
  const int64_t group = q.size(1) / k.size(1);
  const auto wide = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  std::vector<Tensor> parts;
  std::vector<int64_t> order;
  for (const Row& r : rows) {
    const auto keys_of = [&](const Tensor& x) {
      const Tensor own = x.narrow(0, r.start, r.length);
      const Tensor all = r.prefix_length > 0 ? at::cat({x.narrow(0, r.prefix_start, r.prefix_length), own}) : own;
      return all.repeat_interleave(group, 1).transpose(0, 1);  // [heads, keys, dim]
    };
    Tensor scores = at::matmul(q.narrow(0, r.start, r.length).transpose(0, 1), keys_of(k).transpose(1, 2)) * scale;
    if (softcap > 0) scores = at::tanh(scores / softcap) * softcap;
    if (causal) {
      const Tensor all = at::ones({r.length, r.prefix_length + r.length}, q.options().dtype(at::kBool));
      const Tensor hidden = all.triu(r.prefix_length + 1).logical_or(all.tril(std::max(r.prefix_length - window, -r.length)));
      scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity());
    }
    const Tensor weights = scores.softmax(-1, wide).to(q.scalar_type());
    parts.push_back(at::matmul(weights, keys_of(v)).transpose(0, 1));
    for (int64_t t = r.start; t < r.start + r.length; t++) order.push_back(t);
  }
  const Tensor out = at::zeros_like(q);
  if (parts.empty()) return out;
  const Tensor index = at::tensor(order, at::kLong).to(q.device());
  return out.index_copy(0, index, at::cat(parts));
}

Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments, double scale, int64_t window,
                        double softcap, bool causal) {
  TORCH_CHECK(q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(2) == k.size(2) &&
                  k.size(1) > 0 && q.size(1) % k.size(1) == 0,
              "packed_attention: q must be [tokens, heads, dim], k and v [tokens, kv_heads, dim] with heads a multiple of "
              "kv_heads, not q ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes());
  TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type() && q.device() == k.device() &&
                  q.device() == v.device(),
              "packed_attention: q, k and v must share dtype and device");
  TORCH_CHECK(window >= 0 && softcap >= 0, "packed_attention: window and softcap must not be negative, not ", window, " and ", softcap);
  TORCH_CHECK(causal || window == 0, "packed_attention: a window goes with causal attention only");
  const int64_t no_window = std::numeric_limits<int64_t>::max() / 4;
  if (has_kernel(q)) return FusedAttention::apply(q, k, v, segments, scale, window == 0 ? no_window : window, softcap, causal);
  const auto rows = read_segments(segments, q.size(0));
  Tensor out;
  if (may_have_varlen(q, window, softcap) && varlen_attention(q, k, v, rows, scale, window, causal, out)) return out;
  return composite(q, k, v, rows, scale, window == 0 ? no_window : window, softcap, causal);
}

/// What varlen_attention gathers: the tokens of the queries and of the keys in order, and where their sequences end.
std::tuple<Tensor, Tensor, Tensor, Tensor> packed_indices(const Tensor& segments, int64_t tokens) {
  const Gathered plan(read_segments(segments, tokens));
  return {at::tensor(plan.queries, at::kLong), at::tensor(plan.keys, at::kLong), at::tensor(plan.query_ends, at::kInt),
          at::tensor(plan.key_ends, at::kInt)};
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("packed_attention(Tensor q, Tensor k, Tensor v, Tensor segments, float scale, int window=0, float softcap=0., bool causal=True) "
        "-> Tensor", packed_attention);
  m.def("packed_indices(Tensor segments, int tokens) -> (Tensor queries, Tensor keys, Tensor query_ends, Tensor key_ends)", packed_indices);
}

}  // namespace
}  // namespace rewardkit
