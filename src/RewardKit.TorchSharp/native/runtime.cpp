// Errors, grad mode, random numbers, threads and devices.
#include "shim.h"

#include <ATen/Parallel.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/cuda.h>

namespace {
thread_local std::string last_error;
thread_local std::shared_ptr<void> last_exception;
}

void rk::set_error(std::string text, std::shared_ptr<void> exception) {
    last_error = std::move(text);
    last_exception = std::move(exception);
}

RK_API const char* rk_last_error() { return last_error.c_str(); }
RK_API void* rk_last_exception() { return last_exception.get(); }
RK_API void rk_forget_exception() { last_exception = nullptr; }

RK_API int32_t rk_grad_mode() { return c10::GradMode::is_enabled(); }
RK_API void rk_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }

// The guard must be freed on the thread that made it.
RK_API void* rk_inference_mode(int32_t enabled) { return new c10::InferenceMode(enabled != 0); }
RK_API void rk_inference_mode_free(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }
RK_API int32_t rk_is_inference_mode() { return c10::InferenceMode::is_enabled(); }

RK_API int32_t rk_default_dtype() { return static_cast<int32_t>(c10::get_default_dtype_as_scalartype()); }

RK_API int32_t rk_set_default_dtype(int32_t dtype) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        c10::set_default_dtype(c10::scalarTypeToTypeMeta(static_cast<c10::ScalarType>(dtype)));
        return 0;
    });
}

RK_API int32_t rk_threads() { return at::get_num_threads(); }
RK_API void rk_set_threads(int32_t count) { at::set_num_threads(count); }

RK_API void* rk_generator_default(int32_t device_type, int32_t device_index) {
    return rk::guarded<void*>(nullptr, [&]() -> void* {
        c10::Device device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
        return new at::Generator(at::globalContext().defaultGenerator(device));
    });
}

// A generator of its own, in the state that a fresh one of that device has.
RK_API void* rk_generator_new(int32_t device_type, int32_t device_index, uint64_t seed) {
    return rk::guarded<void*>(nullptr, [&]() -> void* {
        c10::Device device(static_cast<c10::DeviceType>(device_type), static_cast<c10::DeviceIndex>(device_index));
        auto generator = at::globalContext().defaultGenerator(device).clone();
        generator.set_current_seed(seed);
        return new at::Generator(std::move(generator));
    });
}

RK_API void rk_generator_free(at::Generator* generator) { delete generator; }

// CUDA's generators refuse while a graph is captured.
RK_API int32_t rk_generator_set_seed(at::Generator* generator, uint64_t seed) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        std::lock_guard<std::mutex> lock(generator->mutex());
        generator->set_current_seed(seed);
        return 0;
    });
}

RK_API int32_t rk_generator_seed(at::Generator* generator, uint64_t* seed) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        *seed = generator->current_seed();
        return 0;
    });
}

RK_API int32_t rk_generator_reseed(at::Generator* generator, uint64_t* seed) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        std::lock_guard<std::mutex> lock(generator->mutex());
        *seed = generator->seed();
        return 0;
    });
}

RK_API rk::Handle rk_generator_state(at::Generator* generator) {
    return rk::guarded<rk::Handle>(nullptr, [&] {
        std::lock_guard<std::mutex> lock(generator->mutex());
        return rk::give(generator->get_state());
    });
}

RK_API int32_t rk_generator_set_state(at::Generator* generator, rk::Handle state) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        std::lock_guard<std::mutex> lock(generator->mutex());
        generator->set_state(rk::tensor(state));
        return 0;
    });
}

// Seeds the default generator of every device.
RK_API int32_t rk_manual_seed(uint64_t seed) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        at::manual_seed(seed);
        return 0;
    });
}

RK_API int32_t rk_cuda_device_count() {
    return rk::guarded<int32_t>(0, []() -> int32_t { return static_cast<int32_t>(torch::cuda::device_count()); });
}

RK_API int32_t rk_cudnn_is_available() {
    return rk::guarded<int32_t>(0, []() -> int32_t { return torch::cuda::cudnn_is_available(); });
}

RK_API int32_t rk_cuda_synchronize(int64_t device) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        torch::cuda::synchronize(device);
        return 0;
    });
}

RK_API int32_t rk_cuda_manual_seed(uint64_t seed, int32_t all) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        if (all != 0) torch::cuda::manual_seed_all(seed);
        else torch::cuda::manual_seed(seed);
        return 0;
    });
}
