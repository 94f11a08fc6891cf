// What the shim runs on, for `rewardkit doctor`.
#include "kernels.h"
#include "shim.h"

#include <ATen/Version.h>

#include <cstring>
#include <map>

// Of libtorch, though no header that is always there declares it. Weak: a libtorch without it leaves it null.
namespace caffe2 {
__attribute__((weak, visibility("default"))) const std::map<std::string, std::string>& GetBuildOptions();
}

// The version of the libtorch in this process, which need not be the one that the shim was built for; "" if it hides it.
RK_API const char* rk_loaded_torch_version() {
    if (caffe2::GetBuildOptions == nullptr) return "";
    const auto& options = caffe2::GetBuildOptions();
    const auto found = options.find("TORCH_VERSION");
    return found == options.end() ? "" : found->second.c_str();
}

// libtorch's own account of how it was built and what it found. The caller frees it.
RK_API char* rk_torch_config() {
    return rk::guarded<char*>(nullptr, [] { return strdup(at::show_config().c_str()); });
}

// The instruction set of the kernels of our own that this processor gets.
RK_API const char* rk_cpu_kernels() { return rewardkit::cpu_kernels_name(); }
