// Custom autograd functions, whose forward and backward are managed code, and anomaly mode.
#include "shim.h"

#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdlib>
#include <new>

namespace {

using rk::Handle;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The managed side of every function. Forward and backward return null, or a handle to the exception they ended with;
// the gradients' references go over to the managed side.
struct Callbacks {
    void* (*forward)(void* state, AutogradContext* context, variable_list* outputs);
    void* (*backward)(void* state, AutogradContext* context, Handle* gradients, int32_t count, variable_list* results);
    void (*release)(void* handle);
};
Callbacks callbacks;

// A handle to a managed object, freed with the last owner: the graph's node, or an exception on its way.
struct ManagedObject : torch::CustomClassHolder {
    explicit ManagedObject(void* handle) : handle(handle) {}
    ~ManagedObject() override { callbacks.release(handle); }
    void* const handle;
};

void check(void* exception) {
    if (exception == nullptr) return;
    throw rk::ManagedError(std::shared_ptr<void>(exception, [](void* handle) { callbacks.release(handle); }));
}

using Owner = c10::intrusive_ptr<ManagedObject>;
const char* const key = "managed";

struct CustomFunction : torch::autograd::Function<CustomFunction> {
    static variable_list forward(AutogradContext* context, const Owner* owner, at::TensorList) {
        context->saved_data[key] = c10::IValue::make_capsule(*owner);
        variable_list outputs;
        check(callbacks.forward((*owner)->handle, context, &outputs));
        return outputs;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto holder = context->saved_data[key].toCapsule();
        std::vector<Handle> handles;
        handles.reserve(gradients.size());
        for (auto& gradient : gradients) handles.push_back(rk::give(std::move(gradient)));
        variable_list results(1);  // the owner is an input, too, and has no gradient
        check(callbacks.backward(static_cast<ManagedObject*>(holder.get())->handle, context, handles.data(),
                                 static_cast<int32_t>(handles.size()), &results));
        return results;
    }
};

// Hands a list over in memory that rk_memory_free frees.
void give_list(variable_list& list, Handle** results, int32_t* count) {
    *results = static_cast<Handle*>(std::malloc(sizeof(Handle) * (list.size() + 1)));
    if (*results == nullptr) throw std::bad_alloc();
    *count = static_cast<int32_t>(list.size());
    for (size_t k = 0; k < list.size(); k++) (*results)[k] = rk::give(std::move(list[k]));
}

}  // namespace

RK_API void rk_function_callbacks(Callbacks functions) { callbacks = functions; }

// Runs a function with these tensor inputs and records it; takes over the handle `state` in any case. The list of results
// is freed with rk_memory_free.
RK_API int32_t rk_function_apply(void* state, const Handle* inputs, int32_t inputs_count, Handle** results,
                                 int32_t* results_count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        auto owner = c10::make_intrusive<ManagedObject>(state);
        auto list = rk::tensors(inputs, inputs_count);
        at::TensorList tensors(list);
        const Owner* pointer = &owner;
        auto outputs = CustomFunction::apply(pointer, tensors);
        give_list(outputs, results, results_count);
        return 0;
    });
}

// Adds tensors to a list that a callback fills.
RK_API int32_t rk_function_return(variable_list* list, const Handle* handles, int32_t count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        for (int32_t k = 0; k < count; k++) list->push_back(rk::tensor(handles[k]));
        return 0;
    });
}

RK_API int32_t rk_context_save(AutogradContext* context, const Handle* handles, int32_t count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        context->save_for_backward(rk::tensors(handles, count));
        return 0;
    });
}

RK_API int32_t rk_context_mark_dirty(AutogradContext* context, const Handle* handles, int32_t count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        context->mark_dirty(rk::tensors(handles, count));
        return 0;
    });
}

RK_API int32_t rk_context_mark_non_differentiable(AutogradContext* context, const Handle* handles, int32_t count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        context->mark_non_differentiable(rk::tensors(handles, count));
        return 0;
    });
}

RK_API void rk_context_materialize(AutogradContext* context, int32_t value) { context->set_materialize_grads(value != 0); }

// The saved tensors; fails where one was changed since, or where an earlier backward pass freed them.
RK_API int32_t rk_context_saved(AutogradContext* context, Handle** results, int32_t* results_count) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        auto saved = context->get_saved_variables();
        give_list(saved, results, results_count);
        return 0;
    });
}

RK_API int32_t rk_anomaly_mode() { return torch::autograd::AnomalyMode::is_enabled(); }
RK_API int32_t rk_anomaly_checks_nan() { return torch::autograd::AnomalyMode::should_check_nan(); }
RK_API void rk_set_anomaly_mode(int32_t enabled, int32_t check_nan) {
    torch::autograd::AnomalyMode::set_enabled(enabled != 0, check_nan != 0);
}
