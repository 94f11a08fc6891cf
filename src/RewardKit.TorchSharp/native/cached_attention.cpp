// rewardkit::cached_attention_: one more token of each of several texts whose keys and values are kept.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"

namespace rewardkit {
namespace {

using at::Tensor;

/// A text in the cache: the first `shared` tokens of a row, and `past` of its own from place `own` on, where the new one goes
/// behind them. Texts of a row may share its tokens; what is their own lies apart.
struct Place {
  int64_t row, shared, own, past;
};

Tensor cached_attention(const Tensor& q_in, const Tensor& k_in, const Tensor& v_in, const Tensor& keys, const Tensor& values,
                        const Tensor& places, double scale, int64_t window, double softcap) {
  const Tensor q = q_in.contiguous(), k = k_in.contiguous(), v = v_in.contiguous();
  TORCH_CHECK(has_kernel(q) && q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(2) == k.size(2) &&
                  k.size(1) > 0 && q.size(1) % k.size(1) == 0,
              "cached_attention: q must be [texts, heads, dim], k and v [texts, kv_heads, dim] with heads a multiple of kv_heads, float32 "
              "or float64 on the CPU, not q ", q.scalar_type(), " ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes());
  TORCH_CHECK(keys.dim() == 4 && keys.sizes() == values.sizes() && keys.size(1) == k.size(1) && keys.size(3) == k.size(2) &&
                  keys.is_contiguous() && values.is_contiguous(),
              "cached_attention: keys and values must be contiguous and [rows, kv_heads, capacity, dim], not ", keys.sizes(), " and ",
              values.sizes());
  for (const Tensor& other : {k, v, keys, values})
    TORCH_CHECK(other.scalar_type() == q.scalar_type() && other.device() == q.device(),
                "cached_attention: q, k, v, keys and values must share dtype and device");
  TORCH_CHECK(places.dim() == 2 && places.size(0) == q.size(0) && (places.size(1) == 2 || places.size(1) == 4) &&
                  places.scalar_type() == at::kLong && places.device().is_cpu() && places.is_contiguous(),
              "cached_attention: places must be an int64 tensor on the CPU, [texts, 2] with rows (row, tokens before) or [texts, 4] with rows "
              "(row, shared tokens, place of its own, own tokens before), not ", places.scalar_type(), " ", places.sizes());
  TORCH_CHECK(!at::GradMode::is_enabled() || !(q.requires_grad() || k.requires_grad() || v.requires_grad()),
              "cached_attention has no derivative: call it under no_grad");
  TORCH_CHECK(window >= 0 && softcap >= 0, "cached_attention: window and softcap must not be negative, not ", window, " and ", softcap);
  const int64_t texts = q.size(0), rows = keys.size(0), kv_heads = k.size(1), dim = k.size(2), capacity = keys.size(2);
  const int64_t group = q.size(1) / kv_heads;
  std::vector<Place> at(texts);
  int64_t seen = 0;
  for (int64_t i = 0; i < texts; i++) {
    const auto* place = places.data_ptr<int64_t>() + i * places.size(1);
    at[i] = places.size(1) == 2 ? Place{place[0], place[1], place[1], 0} : Place{place[0], place[1], place[2], place[3]};
    const Place& p = at[i];
    TORCH_CHECK(p.row >= 0 && p.row < rows && p.shared >= 0 && p.own >= p.shared && p.past >= 0 && p.own + p.past < capacity,
                "cached_attention: text ", i, " goes to row ", p.row, " after ", p.shared, " tokens",
                p.own == p.shared ? "" : " and those from " + std::to_string(p.own) + " to " + std::to_string(p.own + p.past), ", and there are ",
                rows, " rows of ", capacity);
    seen += p.shared + p.past + 1;
  }

  const Tensor out = at::empty_like(q);
  AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "cached_attention", [&] {
    const auto kernel = cpu_kernels<scalar_t>().cached_attention;
    parallel_tasks(texts * kv_heads, [&](int64_t task) {
      const Place& p = at[task / kv_heads];
      const int64_t from = (p.row * kv_heads + task % kv_heads) * capacity, to = from + p.own + p.past;
      std::memcpy(keys.data_ptr<scalar_t>() + to * dim, k.data_ptr<scalar_t>() + task * dim, dim * sizeof(scalar_t));
      std::memcpy(values.data_ptr<scalar_t>() + to * dim, v.data_ptr<scalar_t>() + task * dim, dim * sizeof(scalar_t));
      const auto run = [&](int64_t begin, int64_t end) {
        return CachedRun<scalar_t>{keys.data_ptr<scalar_t>() + (from + begin) * dim, values.data_ptr<scalar_t>() + (from + begin) * dim,
                                   std::max<int64_t>(0, end - begin)};
      };
      const int64_t length = p.shared + p.past + 1, hidden = window > 0 ? std::max<int64_t>(0, length - window) : 0;
      CachedAttention<scalar_t> a{};
      a.runs[0] = run(hidden, p.shared);
      a.runs[1] = run(p.own + std::max<int64_t>(0, hidden - p.shared), p.own + p.past + 1);
      a.q = q.data_ptr<scalar_t>() + task * group * dim, a.out = out.data_ptr<scalar_t>() + task * group * dim;
      a.group = group, a.dim = dim, a.length = length - hidden, a.scale = scale, a.softcap = softcap;
      std::unique_ptr<scalar_t[]> scratch(new scalar_t[a.length]);
      kernel(a, scratch.get());
    }, seen * q.size(1) * dim >= 1 << 18);
  });
  return out;
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("cached_attention_(Tensor q, Tensor k, Tensor v, Tensor(a!) keys, Tensor(b!) values, Tensor places, float scale, int window=0, "
        "float softcap=0.) -> Tensor", cached_attention);
}

}  // namespace
}  // namespace rewardkit
