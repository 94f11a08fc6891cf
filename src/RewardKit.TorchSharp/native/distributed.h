// Process groups over PyTorch's c10d, as far as the libtorch and the headers that build.sh found allow.
#pragma once

#include "shim.h"

#if RK_C10D
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#if RK_TORCH_VERSION >= 200
#include <torch/csrc/distributed/c10d/Backend.hpp>
#else
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#endif
#endif

namespace rk {

#if RK_C10D
// What carries collectives; libtorch 2 gave it a name of its own.
#if RK_TORCH_VERSION >= 200
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif
using Store = c10::intrusive_ptr<c10d::Store>;
using Group = c10::intrusive_ptr<Backend>;
using Work = c10::intrusive_ptr<c10d::Work>;

// Starts the sum of a tensor over all processes, in place. The tensor must live until the work is done.
inline Work start_sum(const Group& group, at::Tensor tensor) {
    std::vector<at::Tensor> list{std::move(tensor)};
    return group->allreduce(list, c10d::AllreduceOptions());
}
#else
using Store = std::shared_ptr<void>;
using Group = std::shared_ptr<void>;
#endif

// Runs a body that needs c10d; 1 and an error without.
template <typename Body>
int32_t with_c10d(Body&& body) {
    return guarded<int32_t>(1, [&]() -> int32_t {
#if RK_C10D
        body();
        return 0;
#else
        TORCH_CHECK(false, "the libtorch that this native part was built for has no distributed training (USE_DISTRIBUTED)");
#endif
    });
}

}  // namespace rk
