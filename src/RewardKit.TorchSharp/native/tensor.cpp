// Tensors from memory and back, their properties, and autograd.
#include "shim.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <cstring>

using rk::Handle;

std::atomic<int64_t> rk::live_tensors{0};

RK_API int64_t rk_live_tensors() { return rk::live_tensors.load(std::memory_order_relaxed); }

// A new CPU tensor with a copy of the memory.
RK_API Handle rk_tensor_from_memory(const void* data, int64_t bytes, const int64_t* sizes, int64_t dims, int32_t dtype) {
    return rk::guarded<Handle>(nullptr, [&] {
        auto tensor = at::empty(at::IntArrayRef(sizes, dims), static_cast<at::ScalarType>(dtype));
        TORCH_CHECK(static_cast<int64_t>(tensor.nbytes()) == bytes, "memory of ", bytes, " bytes for a tensor of ",
                    tensor.nbytes());
        if (bytes > 0) std::memcpy(tensor.data_ptr(), data, bytes);
        return rk::give(std::move(tensor));
    });
}

RK_API void rk_tensor_free(Handle handle) {
    rk::live_tensors.fetch_sub(1, std::memory_order_relaxed);
    c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(handle);
}

RK_API Handle rk_tensor_share(Handle handle) { return rk::give(rk::tensor(handle)); }

RK_API int64_t rk_tensor_dim(Handle handle) { return handle->dim(); }
RK_API int64_t rk_tensor_numel(Handle handle) { return handle->numel(); }
RK_API int32_t rk_tensor_dtype(Handle handle) { return static_cast<int32_t>(c10::typeMetaToScalarType(handle->dtype())); }
RK_API int64_t rk_tensor_itemsize(Handle handle) { return handle->itemsize(); }

RK_API void rk_tensor_sizes(Handle handle, int64_t* sizes) {
    auto from = handle->sizes();
    for (size_t k = 0; k < from.size(); k++) sizes[k] = from[k];
}

RK_API void rk_tensor_strides(Handle handle, int64_t* strides) {
    if (handle->layout() != c10::kStrided) {  // a sparse gradient has none, and would throw
        std::fill_n(strides, handle->dim(), 0);
        return;
    }
    auto from = handle->strides();
    for (size_t k = 0; k < from.size(); k++) strides[k] = from[k];
}

RK_API int32_t rk_tensor_device(Handle handle, int32_t* index) {
    auto device = handle->device();
    *index = device.index();
    return static_cast<int32_t>(device.type());
}

RK_API int32_t rk_tensor_is_contiguous(Handle handle) {
    return handle->layout() == c10::kStrided && handle->is_contiguous();
}
RK_API int32_t rk_tensor_requires_grad(Handle handle) { return rk::tensor(handle).requires_grad(); }
RK_API int32_t rk_tensor_is_leaf(Handle handle) { return rk::tensor(handle).is_leaf(); }

RK_API void* rk_tensor_data(Handle handle) {
    return rk::guarded<void*>(nullptr, [&] { return rk::tensor(handle).data_ptr(); });
}

// Where the elements of a strided tensor lie now. Reads fields only; rk_tensor_data makes sure first that they are there.
RK_API const void* rk_tensor_data_now(Handle handle) {
    if (!handle->has_storage()) return nullptr;
    const auto& storage = handle->unsafe_storage();
    return static_cast<const char*>(storage.unsafeGetStorageImpl()->data_ptr().get()) +
           handle->storage_offset() * static_cast<int64_t>(handle->itemsize());
}

RK_API int32_t rk_tensor_is_pinned(Handle handle) {
    return rk::guarded<int32_t>(-1, [&]() -> int32_t { return rk::tensor(handle).is_pinned(); });
}

RK_API Handle rk_tensor_pin(Handle handle) {
    return rk::guarded<Handle>(nullptr, [&] { return rk::give(rk::tensor(handle).pin_memory()); });
}

// The single element of a tensor, waiting for its device: 1 integer, 2 floating point, 3 bool; 0 is an error.
RK_API int32_t rk_tensor_item(Handle handle, int64_t* integer, double* number) {
    return rk::guarded<int32_t>(0, [&]() -> int32_t {
        auto scalar = rk::tensor(handle).item();
        if (scalar.isFloatingPoint()) {
            *number = scalar.toDouble();
            return 2;
        }
        *integer = scalar.toLong();
        return scalar.isBoolean() ? 3 : 1;
    });
}

RK_API int32_t rk_tensor_set_requires_grad(Handle handle, int32_t value) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        rk::tensor(handle).requires_grad_(value != 0);
        return 0;
    });
}

RK_API int32_t rk_tensor_retain_grad(Handle handle) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        rk::tensor(handle).retain_grad();
        return 0;
    });
}

RK_API Handle rk_tensor_grad(Handle handle) { return rk::give(rk::tensor(handle).grad()); }

RK_API int32_t rk_tensor_set_grad(Handle handle, Handle grad) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        auto self = rk::tensor(handle);
        auto value = rk::tensor(grad);
        if (value.defined()) {
            TORCH_CHECK(value.sizes() == self.sizes() && value.device() == self.device() &&
                            value.scalar_type() == self.scalar_type(),
                        "a gradient ", value.scalar_type(), " ", value.sizes(), " on ", value.device(),
                        " does not fit a tensor ", self.scalar_type(), " ", self.sizes(), " on ", self.device());
        }
        self.mutable_grad() = value;
        return 0;
    });
}

// Puts the storage, sizes and autograd metadata of `source` in place of those of `handle`, as Tensor.data = does.
RK_API int32_t rk_tensor_set_data(Handle handle, Handle source) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        rk::tensor(handle).set_data(rk::tensor(source));
        return 0;
    });
}

RK_API int32_t rk_backward(const Handle* outputs, int32_t outputs_count, const Handle* gradients,
                           int32_t gradients_count, int32_t retain_graph, int32_t create_graph, const Handle* inputs,
                           int32_t inputs_count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        rk::Optional<bool> retain;
        if (retain_graph >= 0) retain = retain_graph != 0;
        torch::autograd::backward(rk::tensors(outputs, outputs_count), rk::tensors(gradients, gradients_count),
                                  retain, create_graph != 0, rk::tensors(inputs, inputs_count));
        return 0;
    });
}

// Writes one gradient per input; null where an unused input is allowed.
RK_API int32_t rk_grad(const Handle* outputs, int32_t outputs_count, const Handle* inputs, int32_t inputs_count,
                       const Handle* gradients, int32_t gradients_count, int32_t retain_graph, int32_t create_graph,
                       int32_t allow_unused, Handle* results) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        auto list = torch::autograd::grad(rk::tensors(outputs, outputs_count), rk::tensors(inputs, inputs_count),
                                          rk::tensors(gradients, gradients_count), retain_graph != 0,
                                          create_graph != 0, allow_unused != 0);
        for (size_t k = 0; k < list.size(); k++) results[k] = rk::give(std::move(list[k]));
        return 0;
    });
}
