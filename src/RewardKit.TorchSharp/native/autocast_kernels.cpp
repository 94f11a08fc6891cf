// What autocast does to the operators of our own. Matrix products run in the lower precision, as libtorch's do; sums over
// many values run in single precision; double precision is left alone.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

namespace rewardkit {
namespace autocast {
namespace {

using at::Tensor;

#if RK_TORCH_VERSION >= 204
at::ScalarType lower_precision(c10::DeviceType type) { return at::autocast::get_autocast_dtype(type); }
#else
at::ScalarType lower_precision(c10::DeviceType type) {
  return type == c10::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
}
#endif

/// Key of the device's autocast; while it stands, operators run as written.
template <c10::DeviceType Type>
struct Off {
  c10::impl::ExcludeDispatchKeyGuard guard{Type == c10::kCUDA ? c10::DispatchKey::AutocastCUDA : c10::DispatchKey::AutocastCPU};
};

template <typename Function>
c10::TypedOperatorHandle<Function> find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Function>();
}

/// The cast of a weight is kept until the outermost autocast scope ends.
template <c10::DeviceType Type>
Tensor cast(at::ScalarType to, const Tensor& x) {
  return at::autocast::cached_cast(to, x, Type);
}

template <c10::DeviceType Type>
Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& segments, double scale, int64_t window,
                        double softcap, bool causal) {
  static const auto op = find<Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, double, int64_t, double, bool)>(
      "rewardkit::packed_attention");
  const Off<Type> off;
  const auto low = lower_precision(Type);
  // The CPU's kernel knows no half types: it computes in single precision and hands over the lower one.
  const auto inner = Type == c10::kCUDA ? low : at::kFloat;
  const Tensor result = op.call(cast<Type>(inner, q), cast<Type>(inner, k), cast<Type>(inner, v), segments, scale, window, softcap, causal);
  return cast<Type>(low, result);
}

template <c10::DeviceType Type>
Tensor token_log_probs(const Tensor& hidden, const Tensor& weight, const Tensor& targets, int64_t chunk) {
  static const auto op = find<Tensor(const Tensor&, const Tensor&, const Tensor&, int64_t)>("rewardkit::token_log_probs");
  const Off<Type> off;
  const auto low = lower_precision(Type);
  return op.call(cast<Type>(low, hidden), cast<Type>(low, weight), targets, chunk);
}

template <c10::DeviceType Type>
Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  static const auto op = find<Tensor(const Tensor&, const Tensor&, double)>("rewardkit::rms_norm");
  const Off<Type> off;
  return op.call(cast<Type>(at::kFloat, x), cast<Type>(at::kFloat, weight), eps);
}

template <c10::DeviceType Type>
Tensor swiglu(const Tensor& gate, const Tensor& up) {
  static const auto op = find<Tensor(const Tensor&, const Tensor&)>("rewardkit::swiglu");
  const Off<Type> off;
  const auto wider = at::promote_types(gate.scalar_type(), up.scalar_type());
  return op.call(cast<Type>(wider, gate), cast<Type>(wider, up));
}

template <c10::DeviceType Type>
void add_kernels(torch::Library& m) {
  m.impl("packed_attention", packed_attention<Type>);
  m.impl("token_log_probs", token_log_probs<Type>);
  m.impl("rms_norm", rms_norm<Type>);
  m.impl("swiglu", swiglu<Type>);
}

TORCH_LIBRARY_IMPL(rewardkit, AutocastCPU, m) { add_kernels<c10::kCPU>(m); }
TORCH_LIBRARY_IMPL(rewardkit, AutocastCUDA, m) { add_kernels<c10::kCUDA>(m); }

}  // namespace
}  // namespace autocast
}  // namespace rewardkit
