// Which operators there are, and what they take.
#include "shim.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <cstring>
#include <sstream>

namespace {

// Text that the managed side frees with rk_memory_free.
char* give_text(const std::string& text) { return strdup(text.c_str()); }

// A type as a kind, with '?' before an optional and '[' before a list: "[?TensorType".
std::string encode_type(const c10::Type& type) {
    if (type.kind() == c10::TypeKind::OptionalType) return "?" + encode_type(*type.containedTypes()[0]);
    if (type.kind() == c10::TypeKind::ListType) return "[" + encode_type(*type.containedTypes()[0]);
    return c10::typeKindToString(type.kind());
}

}  // namespace

// The full names of all operators, one a line.
RK_API char* rk_operator_names() {
    return rk::guarded<char*>(nullptr, [&]() -> char* {
        std::ostringstream text;
        for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
            if (!c10::Dispatcher::singleton().findSchema(name)) continue;
            text << name.name;
            if (!name.overload_name.empty()) text << '.' << name.overload_name;
            text << '\n';
        }
        return give_text(text.str());
    });
}

// The schema as libtorch writes it; the number of results; then a line for each argument: name, type, 1 where it goes by keyword only, 1 where
// it has a default, with tabs between.
RK_API char* rk_operator_schema(const c10::OperatorHandle* op) {
    return rk::guarded<char*>(nullptr, [&]() -> char* {
        std::ostringstream text;
        text << op->schema() << '\n' << op->schema().returns().size() << '\n';
        for (const auto& argument : op->schema().arguments())
            text << argument.name() << '\t' << encode_type(*argument.type()) << '\t' << argument.kwarg_only() << '\t'
                 << argument.default_value().has_value() << '\n';
        return give_text(text.str());
    });
}

// Whether the operator runs on this kind of device, by a kernel of its own or one for all.
RK_API int32_t rk_operator_has_kernel(const c10::OperatorHandle* op, int32_t device_type) {
    return rk::guarded<int32_t>(0, [&]() -> int32_t {
        const auto key = static_cast<c10::DeviceType>(device_type) == c10::kCUDA ? c10::DispatchKey::CUDA : c10::DispatchKey::CPU;
        for (auto candidate : {key, c10::DispatchKey::CompositeImplicitAutograd, c10::DispatchKey::CompositeExplicitAutograd})
            if (op->hasKernelForDispatchKey(candidate)) return 1;
        return 0;
    });
}
