// Tensors in files as torch::save writes them.
#include "shim.h"

#include <torch/serialize/archive.h>

using rk::Handle;

RK_API int32_t rk_tensor_save(Handle handle, const char* path) {
    return rk::guarded<int32_t>(1, [&]() -> int32_t {
        torch::serialize::OutputArchive archive;
        archive.write("0", rk::tensor(handle));
        archive.save_to(path);
        return 0;
    });
}

RK_API Handle rk_tensor_load(const char* path) {
    return rk::guarded<Handle>(nullptr, [&] {
        torch::serialize::InputArchive archive;
        archive.load_from(path);
        at::Tensor tensor;
        archive.read("0", tensor);
        return rk::give(std::move(tensor));
    });
}
