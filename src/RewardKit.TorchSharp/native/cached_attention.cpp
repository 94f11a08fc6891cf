// rewardkit::cached_attention_: one more token of each of several texts whose keys and values are kept.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"

namespace rewardkit {
namespace {

using at::Tensor;

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
  TORCH_CHECK(places.dim() == 2 && places.size(0) == q.size(0) && places.size(1) == 2 && places.scalar_type() == at::kLong &&
                  places.device().is_cpu() && places.is_contiguous(),
              "cached_attention: places must be an int64 tensor [texts, 2] on the CPU with rows (row, tokens before), not ",
              places.scalar_type(), " ", places.sizes());
  TORCH_CHECK(!at::GradMode::is_enabled() || !(q.requires_grad() || k.requires_grad() || v.requires_grad()),
              "cached_attention has no derivative: call it under no_grad");
  TORCH_CHECK(window >= 0 && softcap >= 0, "cached_attention: window and softcap must not be negative, not ", window, " and ", softcap);
  const auto* place = places.data_ptr<int64_t>();
  const int64_t texts = q.size(0), rows = keys.size(0), kv_heads = k.size(1), dim = k.size(2), capacity = keys.size(2);
  const int64_t group = q.size(1) / kv_heads;
  for (int64_t i = 0; i < texts; i++)
    TORCH_CHECK(place[2 * i] >= 0 && place[2 * i] < rows && place[2 * i + 1] >= 0 && place[2 * i + 1] < capacity, "cached_attention: text ", i,
                " goes to row ", place[2 * i], " after ", place[2 * i + 1], " tokens, and there are ", rows, " rows of ", capacity);

  int64_t seen = 0;
  for (int64_t i = 0; i < texts; i++) seen += place[2 * i + 1] + 1;
  const Tensor out = at::empty_like(q);
  AT_DISPATCH_FLOATING_TYPES(q.scalar_type(), "cached_attention", [&] {
    const auto kernel = cpu_kernels<scalar_t>().cached_attention;
    parallel_tasks(texts * kv_heads, [&](int64_t task) {
      const int64_t text = task / kv_heads, past = place[2 * text + 1];
      const int64_t from = (place[2 * text] * kv_heads + task % kv_heads) * capacity;
      std::memcpy(keys.data_ptr<scalar_t>() + (from + past) * dim, k.data_ptr<scalar_t>() + task * dim, dim * sizeof(scalar_t));
      std::memcpy(values.data_ptr<scalar_t>() + (from + past) * dim, v.data_ptr<scalar_t>() + task * dim, dim * sizeof(scalar_t));
      CachedAttention<scalar_t> a{};
      const int64_t first = window > 0 ? std::max<int64_t>(0, past + 1 - window) : 0;
      a.q = q.data_ptr<scalar_t>() + task * group * dim, a.out = out.data_ptr<scalar_t>() + task * group * dim;
      a.keys = keys.data_ptr<scalar_t>() + (from + first) * dim, a.values = values.data_ptr<scalar_t>() + (from + first) * dim;
      a.group = group, a.dim = dim, a.length = past + 1 - first, a.scale = scale, a.softcap = softcap;
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
