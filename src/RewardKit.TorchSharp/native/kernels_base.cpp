// The kernels for any processor, and the choice between the tables.
#include "kernel_table.h"

namespace rewardkit {

extern const CpuKernels<float>* const avx2_float;
extern const CpuKernels<double>* const avx2_double;
extern const CpuKernels<float>* const avx512_float;
extern const CpuKernels<double>* const avx512_double;

template <typename T>
static const CpuKernels<T>& choose(const CpuKernels<T>* avx512, const CpuKernels<T>* avx2) {
  static const CpuKernels<T> base = kernel_table<T>();
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (avx512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw"))
    return *avx512;
  if (avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return *avx2;
#endif
  return base;
}

template <>
const CpuKernels<float>& cpu_kernels<float>() {
  static const CpuKernels<float>& table = choose(avx512_float, avx2_float);
  return table;
}

template <>
const CpuKernels<double>& cpu_kernels<double>() {
  static const CpuKernels<double>& table = choose(avx512_double, avx2_double);
  return table;
}

const char* cpu_kernels_name() {
  const auto* table = &cpu_kernels<float>();
  return table == avx512_float ? "AVX-512" : table == avx2_float ? "AVX2" : "baseline";
}

}  // namespace rewardkit
