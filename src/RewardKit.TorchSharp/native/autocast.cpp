// Autocast state of the calling thread.
#include "shim.h"

#include <ATen/autocast_mode.h>

namespace {

// Before 2.4 each kind of device had functions of its own.
#if RK_TORCH_VERSION >= 204
bool autocast_enabled(c10::DeviceType type) { return at::autocast::is_autocast_enabled(type); }
at::ScalarType autocast_dtype(c10::DeviceType type) { return at::autocast::get_autocast_dtype(type); }
void set_autocast(c10::DeviceType type, bool on, at::ScalarType to) {
    at::autocast::set_autocast_enabled(type, on);
    at::autocast::set_autocast_dtype(type, to);
}
#else
bool autocast_enabled(c10::DeviceType type) {
    return type == c10::kCUDA ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
}
at::ScalarType autocast_dtype(c10::DeviceType type) {
    return type == c10::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
}
void set_autocast(c10::DeviceType type, bool on, at::ScalarType to) {
    if (type == c10::kCUDA) {
        at::autocast::set_enabled(on);
        at::autocast::set_autocast_gpu_dtype(to);
    } else {
        at::autocast::set_cpu_enabled(on);
        at::autocast::set_autocast_cpu_dtype(to);
    }
}
#endif

}  // namespace

// Device types are CPU (0) or CUDA (1); the managed side checks.
RK_API int32_t rk_autocast_enabled(int32_t device_type) { return autocast_enabled(static_cast<c10::DeviceType>(device_type)); }
RK_API int32_t rk_autocast_dtype(int32_t device_type) {
    return static_cast<int32_t>(autocast_dtype(static_cast<c10::DeviceType>(device_type)));
}

RK_API void rk_autocast_enter(int32_t device_type, int32_t on, int32_t to) {
    at::autocast::increment_nesting();
    set_autocast(static_cast<c10::DeviceType>(device_type), on != 0, static_cast<at::ScalarType>(to));
}

// Back to what was before. The casts of the weights are kept until the outermost scope ends.
RK_API void rk_autocast_leave(int32_t device_type, int32_t on, int32_t to) {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    set_autocast(static_cast<c10::DeviceType>(device_type), on != 0, static_cast<at::ScalarType>(to));
}

RK_API int32_t rk_autocast_cache_enabled() { return at::autocast::is_autocast_cache_enabled(); }
RK_API void rk_autocast_set_cache_enabled(int32_t on) { at::autocast::set_autocast_cache_enabled(on != 0); }
