// Several processes: a store for small texts, and groups that sum and send tensors.
#include "distributed.h"

#if RK_GLOO
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#if RK_NCCL
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

#if RK_GLOO
// Gloo listens on an address of its own: the interface that GLOO_SOCKET_IFNAME names, loopback where the store is there,
// else what this machine's name resolves to.
auto gloo_device(const std::string& host) {
    using Gloo = c10d::ProcessGroupGloo;
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    if (interface != nullptr && *interface != 0) return Gloo::createDeviceForInterface(interface);
    if (host == "127.0.0.1" || host == "localhost") return Gloo::createDeviceForHostname("127.0.0.1");
    return Gloo::createDefaultDevice();
}
#endif

#if RK_C10D
std::string key_of(const char* key) { return key; }
#endif

}  // namespace

// What groups on a kind of device lack: 0 nothing, 1 c10d in libtorch, 2 the backend's headers when the shim was built.
RK_API int32_t rk_distributed_lacks(int32_t cuda) {
#if !RK_C10D
    return 1;
#else
    if (cuda != 0) {
#if RK_NCCL
        return 0;
#else
        return 2;
#endif
    }
#if RK_GLOO
    return 0;
#else
    return 2;
#endif
#endif
}

// A store that one process serves and all use; keys stand under a prefix of the run's own. The server returns at once, the
// others when they have reached it.
RK_API int32_t rk_store_open(const char* host, int32_t port, int32_t server, const char* prefix, int64_t timeout_ms,
                             rk::Store** store) {
    return rk::with_c10d([&] {
#if RK_C10D
        c10d::TCPStoreOptions options;
        options.port = static_cast<uint16_t>(port);
        options.isServer = server != 0;
        options.waitWorkers = false;
        options.timeout = std::chrono::milliseconds(timeout_ms);
        auto tcp = c10::make_intrusive<c10d::TCPStore>(host, options);
        *store = new rk::Store(c10::make_intrusive<c10d::PrefixStore>(prefix, std::move(tcp)));
#endif
    });
}

RK_API void rk_store_free(rk::Store* store) {
    rk::with_c10d([&] { delete store; });
}

RK_API int32_t rk_store_set(rk::Store* store, const char* key, const char* value, int64_t bytes) {
    return rk::with_c10d([&] {
#if RK_C10D
        (*store)->set(key_of(key), std::vector<uint8_t>(value, value + bytes));
#endif
    });
}

// Reads a key in memory that rk_memory_free frees; null where it is not set. Never waits: a store of 1.13 is out of step
// with its server after a wait that timed out.
RK_API int32_t rk_store_get(rk::Store* store, const char* key, char** value, int64_t* bytes) {
    return rk::with_c10d([&] {
#if RK_C10D
        *value = nullptr;
        *bytes = 0;
        if (!(*store)->check({key_of(key)})) return;
        const auto found = (*store)->get(key_of(key));
        *value = static_cast<char*>(std::malloc(found.size() + 1));
        if (*value == nullptr) throw std::bad_alloc();
        std::memcpy(*value, found.data(), found.size());
        *bytes = static_cast<int64_t>(found.size());
#endif
    });
}

// A group of `size` processes, of which this one is `rank`; returns when all are there.
RK_API int32_t rk_group_open(rk::Store* store, const char* host, int32_t cuda, int32_t rank, int32_t size, int64_t timeout_ms,
                             rk::Group** group) {
    return rk::with_c10d([&] {
#if RK_C10D
        const std::chrono::milliseconds timeout(timeout_ms);
        if (cuda != 0) {
#if RK_NCCL
            auto options = c10d::ProcessGroupNCCL::Options::create();
            options->timeout = timeout;
            *group = new rk::Group(c10::make_intrusive<c10d::ProcessGroupNCCL>(*store, rank, size, options));
            return;
#endif
        } else {
#if RK_GLOO
            auto options = c10d::ProcessGroupGloo::Options::create(timeout);
            options->devices.push_back(gloo_device(host));
            *group = new rk::Group(c10::make_intrusive<c10d::ProcessGroupGloo>(*store, rank, size, options));
            return;
#endif
        }
        TORCH_CHECK(false, "this native part was built without the headers of ", cuda != 0 ? "NCCL" : "Gloo");
#endif
    });
}

RK_API void rk_group_free(rk::Group* group) {
    rk::with_c10d([&] { delete group; });
}

// Sums a tensor over all processes, in place.
RK_API int32_t rk_group_sum(rk::Group* group, rk::Handle tensor) {
    return rk::with_c10d([&] {
#if RK_C10D
        rk::start_sum(*group, rk::tensor(tensor))->wait();
#endif
    });
}

// Gives every process the values that the tensor has on `root`, in place.
RK_API int32_t rk_group_broadcast(rk::Group* group, rk::Handle tensor, int32_t root) {
    return rk::with_c10d([&] {
#if RK_C10D
        std::vector<at::Tensor> list{rk::tensor(tensor)};
        c10d::BroadcastOptions options;
        options.rootRank = root;
        (*group)->broadcast(list, options)->wait();
#endif
    });
}
