// One function that calls any operator of libtorch's dispatcher with boxed arguments.
#include "shim.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <cstdlib>

namespace {

// Mirrors struct Arg on the managed side.
enum Tag : int32_t {
    None = 0,
    TensorTag = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    TensorList = 5,
    IntList = 6,
    DoubleList = 7,
    BoolList = 8,
    String = 9,
    DeviceTag = 10,
    GeneratorTag = 11,
    OptionalTensorList = 12,
    ScalarList = 13,
    Default = 14,  // the schema's own default value
};

struct Value {
    int32_t tag;
    int32_t count;
    union {
        int64_t i;
        double d;
        void* p;
    };
};
static_assert(sizeof(Value) == 16, "the managed side relies on this size");

template <typename T, typename U>
c10::IValue list_of(const Value& value) {
    c10::List<T> list;
    list.reserve(value.count);
    auto* items = static_cast<const U*>(value.p);
    for (int32_t k = 0; k < value.count; k++) list.push_back(static_cast<T>(items[k]));
    return list;
}

c10::IValue to_ivalue(const Value& value) {
    switch (value.tag) {
        case TensorTag:
            return rk::tensor(static_cast<rk::Handle>(value.p));
        case Int:
            return value.i;
        case Double:
            return value.d;
        case Bool:
            return value.i != 0;
        case TensorList: {
            c10::List<at::Tensor> list;
            list.reserve(value.count);
            for (int32_t k = 0; k < value.count; k++) list.push_back(rk::tensor(static_cast<rk::Handle*>(value.p)[k]));
            return list;
        }
        case OptionalTensorList: {
            c10::List<rk::Optional<at::Tensor>> list;
            list.reserve(value.count);
            for (int32_t k = 0; k < value.count; k++) {
                auto handle = static_cast<rk::Handle*>(value.p)[k];
                list.push_back(handle ? rk::Optional<at::Tensor>(rk::tensor(handle)) : rk::Optional<at::Tensor>());
            }
            return list;
        }
        case IntList:
            return list_of<int64_t, int64_t>(value);
        case DoubleList:
            return list_of<double, double>(value);
        case BoolList:
            return list_of<bool, uint8_t>(value);
        case ScalarList: {
            c10::List<at::Scalar> list;
            for (int32_t k = 0; k < value.count; k++) list.push_back(at::Scalar(static_cast<double*>(value.p)[k]));
            return c10::IValue(list);
        }
        case String:
            return std::string(static_cast<const char*>(value.p), value.count);
        case DeviceTag:
            return c10::Device(static_cast<c10::DeviceType>(value.i), static_cast<c10::DeviceIndex>(value.count));
        case GeneratorTag:
            return *static_cast<at::Generator*>(value.p);
        default:
            return {};
    }
}

// Memory that the managed side frees with rk_memory_free.
template <typename U, typename List>
void give_list(const List& list, Tag tag, Value& value) {
    auto* items = static_cast<U*>(std::malloc(sizeof(U) * (list.size() + 1)));
    for (size_t k = 0; k < list.size(); k++) items[k] = static_cast<U>(list[k]);
    value.tag = tag;
    value.count = static_cast<int32_t>(list.size());
    value.p = items;
}

void from_ivalue(c10::IValue& result, Value& value) {
    value.count = 0;
    value.p = nullptr;
    if (result.isTensor()) {
        value.tag = TensorTag;
        value.p = rk::give(std::move(result).toTensor());
    } else if (result.isTensorList()) {
        auto list = result.toTensorVector();
        value.tag = TensorList;
        value.count = static_cast<int32_t>(list.size());
        auto* handles = static_cast<rk::Handle*>(std::malloc(sizeof(rk::Handle) * (list.size() + 1)));
        for (size_t k = 0; k < list.size(); k++) handles[k] = rk::give(std::move(list[k]));
        value.p = handles;
    } else if (result.isBool()) {
        value.tag = Bool;
        value.i = result.toBool();
    } else if (result.isInt()) {
        value.tag = Int;
        value.i = result.toInt();
    } else if (result.isDouble()) {
        value.tag = Double;
        value.d = result.toDouble();
    } else if (result.isNone()) {
        value.tag = None;
    } else if (result.isIntList()) {
        give_list<int64_t>(result.toIntVector(), IntList, value);
    } else if (result.isDoubleList()) {
        give_list<double>(result.toDoubleVector(), DoubleList, value);
    } else if (result.isBoolList()) {
        give_list<uint8_t>(result.toBoolList().vec(), BoolList, value);
    } else if (result.isString()) {
        give_list<char>(result.toStringRef(), String, value);
    } else {
        TORCH_CHECK(false, "a result of kind ", result.tagKind(), " cannot be handed over");
    }
}

}  // namespace

// Looks an operator up; null if this libtorch has none of that name. The result lives as long as the process.
RK_API void* rk_operator(const char* name, const char* overload) {
    return rk::guarded<void*>(nullptr, [&]() -> void* {
        auto found = c10::Dispatcher::singleton().findSchema({name, overload});
        if (!found) {
            rk::set_error(std::string("libtorch " RK_TORCH_VERSION_TEXT " has no operator ") + name +
                          (*overload ? std::string(".") + overload : ""));
            return nullptr;
        }
        return new c10::OperatorHandle(*found);
    });
}

// Calls an operator. Arguments that this libtorch's schema has beyond `args_count` take their default values.
// `results_wanted` results are written; the rest is dropped. Returns 0, or 1 with the error text set.
RK_API int32_t rk_call(void* op, const Value* args, int32_t args_count, Value* results, int32_t results_wanted) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        auto& handle = *static_cast<c10::OperatorHandle*>(op);
        const auto& parameters = handle.schema().arguments();
        const auto given = static_cast<size_t>(args_count);
        TORCH_CHECK(given <= parameters.size(), "libtorch " RK_TORCH_VERSION_TEXT " knows this operator with ",
                    parameters.size(), " arguments only: ", handle.schema());
        torch::jit::Stack stack;
        stack.reserve(parameters.size());
        for (size_t k = 0; k < parameters.size(); k++) {
            if (k < given && args[k].tag != Default) {
                stack.push_back(to_ivalue(args[k]));
                continue;
            }
            const auto& fallback = parameters[k].default_value();
            TORCH_CHECK(fallback, "libtorch " RK_TORCH_VERSION_TEXT " demands the argument '", parameters[k].name(),
                        "': ", handle.schema());
            stack.push_back(*fallback);
        }
        handle.callBoxed(stack);
        TORCH_CHECK(static_cast<size_t>(results_wanted) <= stack.size(), "only ", stack.size(), " results");
        for (int32_t k = 0; k < results_wanted; k++) from_ivalue(stack[k], results[k]);
        return 0;
    });
}

// The arithmetic that loops are made of, without boxes; null where it fails, and then the boxed call tells why.
RK_API rk::Handle rk_arithmetic(int32_t kind, rk::Handle left, rk::Handle right) {
    return rk::guarded<rk::Handle>(nullptr, [&]() -> rk::Handle {
        switch (kind) {
            case 0: return rk::give(at::add(rk::tensor(left), rk::tensor(right)));
            case 1: return rk::give(at::sub(rk::tensor(left), rk::tensor(right)));
            case 2: return rk::give(at::mul(rk::tensor(left), rk::tensor(right)));
            case 3: return rk::give(at::div(rk::tensor(left), rk::tensor(right)));
            default: return nullptr;
        }
    });
}

RK_API void rk_memory_free(void* memory) { std::free(memory); }
