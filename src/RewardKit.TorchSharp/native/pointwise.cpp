// rewardkit::rms_norm, rotary and swiglu: what a Llama block does between its matrix products, each in one pass.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>

#include "has_kernel.h"
#include "kernels.h"
#include "parallel.h"

namespace rewardkit {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// work(first, count) over rows in blocks of about 16K values.
template <typename F>
void in_row_blocks(int64_t rows, int64_t width, const F& work) {
  const int64_t block = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, width));
  parallel_tasks((rows + block - 1) / block, [&](int64_t i) { work(i * block, std::min(block, rows - i * block), i); });
}

class FusedRmsNorm : public torch::autograd::Function<FusedRmsNorm> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x_in, const Tensor& weight_in, double eps) {
    const Tensor x = x_in.contiguous(), weight = weight_in.contiguous(), out = at::empty_like(x);
    const int64_t dim = weight.numel(), rows = x.numel() / dim;
    const Tensor inverse = at::empty({rows}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rms_norm", [&] {
      const auto *from = x.data_ptr<scalar_t>(), *w = weight.data_ptr<scalar_t>();
      auto *to = out.data_ptr<scalar_t>(), *inv = inverse.data_ptr<scalar_t>();
      in_row_blocks(rows, dim, [&](int64_t first, int64_t count, int64_t) {
        cpu_kernels<scalar_t>().rms_norm(from + first * dim, w, to + first * dim, inv + first, count, dim, eps);
      });
    });
    ctx->save_for_backward({x, weight, inverse});
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "rms_norm has no second derivative");
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &inverse = saved[2];
    const Tensor dout = gradients[0].contiguous(), dx = at::empty_like(x);
    const int64_t dim = weight.numel(), rows = inverse.numel();
    // One row of weight gradients per block, added up in order: the same numbers with any number of threads.
    const int64_t block = std::max<int64_t>(256, (rows + 63) / 64), blocks = (rows + block - 1) / block;
    const Tensor parts = at::zeros({blocks, dim}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rms_norm_backward", [&] {
      const auto *g = dout.data_ptr<scalar_t>(), *from = x.data_ptr<scalar_t>(), *w = weight.data_ptr<scalar_t>();
      const auto* inv = inverse.data_ptr<scalar_t>();
      auto *to = dx.data_ptr<scalar_t>(), *dw = parts.data_ptr<scalar_t>();
      parallel_tasks(blocks, [&](int64_t i) {
        const int64_t first = i * block, at = first * dim;
        cpu_kernels<scalar_t>().rms_norm_backward(g + at, from + at, w, inv + first, to + at, dw + i * dim,
                                                  std::min(block, rows - first), dim);
      });
    });
    return {dx, parts.sum(0).view_as(weight), Tensor()};
  }
};

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  TORCH_CHECK(weight.dim() == 1 && weight.numel() > 0 && x.dim() >= 1 && x.size(-1) == weight.numel(),
              "rms_norm: x must be [..., dim] and weight [dim], not ", x.sizes(), " and ", weight.sizes());
  if (has_kernel(x) && weight.scalar_type() == x.scalar_type() && weight.device() == x.device()) return FusedRmsNorm::apply(x, weight, eps);
  const Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  return (wide * (wide.square().mean(-1, true) + eps).rsqrt()).to(x.scalar_type()) * weight;
}

Tensor rotate(const Tensor& x, const Tensor& cos, const Tensor& sin, double sign) {
  const Tensor out = at::empty_like(x);
  const int64_t tokens = x.size(0), heads = x.size(1), dim = x.size(2);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "rotary", [&] {
    const auto *from = x.data_ptr<scalar_t>(), *c = cos.data_ptr<scalar_t>(), *s = sin.data_ptr<scalar_t>();
    auto* to = out.data_ptr<scalar_t>();
    in_row_blocks(tokens, heads * dim, [&](int64_t first, int64_t count, int64_t) {
      const int64_t at = first * heads * dim, angle = first * (dim / 2);
      cpu_kernels<scalar_t>().rotary(from + at, c + angle, s + angle, to + at, count, heads, dim, scalar_t(sign));
    });
  });
  return out;
}

class FusedRotary : public torch::autograd::Function<FusedRotary> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& cos_in, const Tensor& sin_in) {
    const Tensor cos = cos_in.contiguous(), sin = sin_in.contiguous();
    ctx->save_for_backward({cos, sin});
    return rotate(x.contiguous(), cos, sin, 1);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "rotary has no second derivative");
    const auto saved = ctx->get_saved_variables();
    return {rotate(gradients[0].contiguous(), saved[0], saved[1], -1), Tensor(), Tensor()};
  }
};

Tensor rotary(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  TORCH_CHECK(x.dim() == 3 && x.size(2) % 2 == 0 && cos.dim() == 2 && cos.size(0) == x.size(0) && cos.size(1) * 2 == x.size(2) &&
                  sin.sizes() == cos.sizes(),
              "rotary: x must be [tokens, heads, dim] with an even dim, cos and sin [tokens, dim / 2], not ", x.sizes(), ", ",
              cos.sizes(), ", ", sin.sizes());
  TORCH_CHECK(!cos.requires_grad() && !sin.requires_grad(), "rotary: cos and sin are constants and must not require gradients");
  if (has_kernel(x) && cos.scalar_type() == x.scalar_type() && sin.scalar_type() == x.scalar_type() && cos.device() == x.device() &&
      sin.device() == x.device())
    return FusedRotary::apply(x, cos, sin);
  const int64_t half = x.size(2) / 2;
  const Tensor a = x.narrow(2, 0, half), b = x.narrow(2, half, half);
  const Tensor c = cos.unsqueeze(1).to(x.options()), s = sin.unsqueeze(1).to(x.options());
  return at::cat({a * c - b * s, b * c + a * s}, 2);
}

class FusedSwiGlu : public torch::autograd::Function<FusedSwiGlu> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_in, const Tensor& up_in) {
    const Tensor gate = gate_in.contiguous(), up = up_in.contiguous(), out = at::empty_like(gate);
    AT_DISPATCH_FLOATING_TYPES(gate.scalar_type(), "swiglu", [&] {
      const auto *g = gate.data_ptr<scalar_t>(), *u = up.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      in_row_blocks(gate.numel(), 1, [&](int64_t i, int64_t n, int64_t) { cpu_kernels<scalar_t>().swiglu(g + i, u + i, to + i, n); });
    });
    ctx->save_for_backward({gate, up});
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "swiglu has no second derivative");
    const auto saved = ctx->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1];
    const Tensor dout = gradients[0].contiguous(), dgate = at::empty_like(gate), dup = at::empty_like(up);
    AT_DISPATCH_FLOATING_TYPES(gate.scalar_type(), "swiglu_backward", [&] {
      const auto *d = dout.data_ptr<scalar_t>(), *g = gate.data_ptr<scalar_t>(), *u = up.data_ptr<scalar_t>();
      auto *dg = dgate.data_ptr<scalar_t>(), *du = dup.data_ptr<scalar_t>();
      in_row_blocks(gate.numel(), 1, [&](int64_t i, int64_t n, int64_t) {
        cpu_kernels<scalar_t>().swiglu_backward(d + i, g + i, u + i, dg + i, du + i, n);
      });
    });
    return {dgate, dup};
  }
};

Tensor swiglu(const Tensor& gate, const Tensor& up) {
  TORCH_CHECK(gate.sizes() == up.sizes() && gate.scalar_type() == up.scalar_type() && gate.device() == up.device(),
              "swiglu: gate and up must agree in shape, dtype and device, not ", gate.sizes(), " and ", up.sizes());
  return has_kernel(gate) ? FusedSwiGlu::apply(gate, up) : at::silu(gate) * up;
}

TORCH_LIBRARY_FRAGMENT(rewardkit, m) {
  m.def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", rms_norm);
  m.def("rotary(Tensor x, Tensor cos, Tensor sin) -> Tensor", rotary);
  m.def("swiglu(Tensor gate, Tensor up) -> Tensor", swiglu);
}

}  // namespace
}  // namespace rewardkit
