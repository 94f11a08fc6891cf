// CUDA graphs. The only source that needs CUDA's headers; without them every function says so.
#include "shim.h"

#if RK_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/cuda.h>

namespace {

// A stream of libtorch's pool that is the thread's current one for a while.
struct SideStream {
    c10::cuda::CUDAStream before = c10::cuda::getCurrentCUDAStream();
    c10::cuda::CUDAStream side = c10::cuda::getStreamFromPool();
};

}  // namespace
#endif

namespace {

template <typename Body>
int32_t with_cuda(Body&& body) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
#if RK_CUDA
        body();
        return 0;
#else
        TORCH_CHECK(false, "this native part was built without CUDA's headers (cuda_runtime_api.h): have PyTorch's "
                    "nvidia-cuda-runtime package or a CUDA toolkit, set CUDA_HOME if it lies elsewhere, and build the native part again");
#endif
    });
}

}  // namespace

RK_API int32_t rk_cuda_graph_supported() {
#if RK_CUDA
    return 1;
#else
    return 0;
#endif
}

// Makes a side stream current, after all that was asked of the device is done.
RK_API int32_t rk_cuda_side_stream_enter(void** stream) {
    return with_cuda([&] {
#if RK_CUDA
        torch::cuda::synchronize();
        auto* entered = new SideStream();
        c10::cuda::setCurrentCUDAStream(entered->side);
        *stream = entered;
#endif
    });
}

// Back to the stream before, once the side stream is done.
RK_API int32_t rk_cuda_side_stream_leave(void* stream) {
    return with_cuda([&] {
#if RK_CUDA
        std::unique_ptr<SideStream> entered(static_cast<SideStream*>(stream));
        c10::cuda::setCurrentCUDAStream(entered->before);
        torch::cuda::synchronize();
#endif
    });
}

// Starts to record what the thread asks of the current stream, with memory of the graph's own. The graph is freed in any
// case with rk_cuda_graph_free.
RK_API int32_t rk_cuda_graph_begin(void** graph) {
    return with_cuda([&] {
#if RK_CUDA
        auto* made = new at::cuda::CUDAGraph();
        *graph = made;
#if RK_TORCH_VERSION >= 201
        // Other threads may use the device meanwhile.
        made->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
#else
        made->capture_begin();
#endif
#endif
    });
}

RK_API int32_t rk_cuda_graph_end(void* graph) {
    return with_cuda([&] {
#if RK_CUDA
        static_cast<at::cuda::CUDAGraph*>(graph)->capture_end();
#endif
    });
}

// Runs the graph on the current stream.
RK_API int32_t rk_cuda_graph_replay(void* graph) {
    return with_cuda([&] {
#if RK_CUDA
        static_cast<at::cuda::CUDAGraph*>(graph)->replay();
#endif
    });
}

RK_API void rk_cuda_graph_free(void* graph) {
#if RK_CUDA
    rk::guarded<int32_t>(1, [&]() -> int32_t {
        delete static_cast<at::cuda::CUDAGraph*>(graph);
        return 0;
    });
#endif
}
