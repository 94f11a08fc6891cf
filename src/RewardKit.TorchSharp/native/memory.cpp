// What libtorch's CUDA allocator holds.
#include "shim.h"

#include <dlfcn.h>

#if RK_TORCH_VERSION >= 209
#include <c10/core/CachingDeviceAllocator.h>
#elif RK_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace {

#if RK_TORCH_VERSION >= 209
c10::DeviceAllocator& cuda_allocator() {
    auto* found = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::kCUDA));
    TORCH_CHECK(found, "this libtorch has no CUDA allocator with statistics");
    return *found;
}
auto cuda_stats(int32_t device) { return cuda_allocator().getDeviceStats(static_cast<c10::DeviceIndex>(device)); }
void reset_cuda_peak(int32_t device) { cuda_allocator().resetPeakStats(static_cast<c10::DeviceIndex>(device)); }
void empty_cuda_cache() { cuda_allocator().emptyCache(); }
#elif RK_CUDA
auto cuda_stats(int32_t device) { return c10::cuda::CUDACachingAllocator::getDeviceStats(device); }
void reset_cuda_peak(int32_t device) { c10::cuda::CUDACachingAllocator::resetPeakStats(device); }
void empty_cuda_cache() { c10::cuda::CUDACachingAllocator::emptyCache(); }
#endif

// The allocator knows a device from its first tensor on.
void touch_cuda(int32_t device) {
    at::empty({1}, at::TensorOptions().device(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device))));
}

#if RK_TORCH_VERSION < 209 && !RK_CUDA
constexpr const char* kNoHeaders =
    "with libtorch before 2.9 this needs a native part that was built where CUDA's headers (cuda_runtime_api.h) are: "
    "install them or set CUDA_HOME, then run `dotnet fsi build.fsx setup`";
#endif

}  // namespace

// Bytes now allocated and reserved, then the peaks of both.
RK_API int32_t rk_cuda_memory_stats(int32_t device, int64_t* bytes) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
#if RK_TORCH_VERSION >= 209 || RK_CUDA
        touch_cuda(device);
        const auto now = cuda_stats(device);
        bytes[0] = now.allocated_bytes[0].current;
        bytes[1] = now.reserved_bytes[0].current;
        bytes[2] = now.allocated_bytes[0].peak;
        bytes[3] = now.reserved_bytes[0].peak;
        return 0;
#else
        TORCH_CHECK(false, kNoHeaders);
#endif
    });
}

RK_API int32_t rk_cuda_memory_reset_peak(int32_t device) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
#if RK_TORCH_VERSION >= 209 || RK_CUDA
        touch_cuda(device);
        reset_cuda_peak(device);
        return 0;
#else
        TORCH_CHECK(false, kNoHeaders);
#endif
    });
}

RK_API int32_t rk_cuda_memory_release() {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
#if RK_TORCH_VERSION >= 209 || RK_CUDA
        touch_cuda(-1);
        empty_cuda_cache();
        return 0;
#else
        TORCH_CHECK(false, kNoHeaders);
#endif
    });
}

// Asks the CUDA runtime that libtorch_cuda brought along; so no header of CUDA's is needed.
RK_API int32_t rk_cuda_memory_info(int32_t device, int64_t* free_bytes, int64_t* total_bytes) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        const auto get = reinterpret_cast<int (*)(int*)>(dlsym(RTLD_DEFAULT, "cudaGetDevice"));
        const auto set = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "cudaSetDevice"));
        const auto info = reinterpret_cast<int (*)(size_t*, size_t*)>(dlsym(RTLD_DEFAULT, "cudaMemGetInfo"));
        TORCH_CHECK(get && set && info, "the CUDA runtime is not loaded");
        int before = 0;
        size_t available = 0, total = 0;
        int status = get(&before);
        if (status == 0 && device >= 0) status = set(device);
        if (status == 0) status = info(&available, &total);
        if (device >= 0) set(before);
        TORCH_CHECK(status == 0, "cudaMemGetInfo failed with CUDA error ", status);
        *free_bytes = static_cast<int64_t>(available);
        *total_bytes = static_cast<int64_t>(total);
        return 0;
    });
}
