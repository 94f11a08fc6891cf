// What every source of the shim shares: how a tensor, an argument and an error cross the border to the managed side.
#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#define RK_API extern "C" __attribute__((visibility("default")))

namespace rk {

// Before 2.2 libtorch had an optional of its own; its name stayed for years after.
#if RK_TORCH_VERSION < 203
template <typename T>
using Optional = c10::optional<T>;
#else
template <typename T>
using Optional = std::optional<T>;
#endif

// A tensor crosses the border as a TensorImpl* that holds one reference; the undefined tensor is null.
using Handle = at::TensorImpl*;

// Handles given and not yet freed, so that a test can find leaks that the managed side does not see.
extern std::atomic<int64_t> live_tensors;

// Hands a reference over to the managed side, which gives it back with rk_tensor_free.
inline Handle give(at::Tensor tensor) {
    if (!tensor.defined()) return nullptr;
    live_tensors.fetch_add(1, std::memory_order_relaxed);
    return tensor.unsafeReleaseTensorImpl();
}

// The tensor behind a handle, with a reference of its own.
inline at::Tensor tensor(Handle handle) {
    if (handle == nullptr) return {};
    return at::Tensor::wrap_tensor_impl(
        c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::unsafe_reclaim_from_nonowning(handle));
}

inline std::vector<at::Tensor> tensors(const Handle* handles, int64_t count) {
    std::vector<at::Tensor> list;
    list.reserve(count);
    for (int64_t i = 0; i < count; i++) list.push_back(tensor(handles[i]));
    return list;
}

// An exception of managed code on its way through libtorch, from a backward function to the managed call that ran it. Each
// copy shares the handle to the managed object.
struct ManagedError : std::runtime_error {
    explicit ManagedError(std::shared_ptr<void> exception)
        : std::runtime_error("an exception in managed code"), exception(std::move(exception)) {}
    std::shared_ptr<void> exception;
};

// The managed side reads the text of the last error of its thread with rk_last_error, and the managed exception, if it was
// one, with rk_last_exception.
void set_error(std::string text, std::shared_ptr<void> exception = nullptr);

// Runs the body; an exception becomes the thread's last error and the value `failed`.
template <typename Result, typename Body>
Result guarded(Result failed, Body&& body) {
    try {
        return body();
    } catch (const ManagedError& error) {
        set_error(error.what(), error.exception);
    } catch (const c10::Error& error) {
        set_error(error.what_without_backtrace());
    } catch (const std::exception& error) {
        set_error(error.what());
    } catch (...) {
        set_error("unknown native error");
    }
    return failed;
}

}  // namespace rk
