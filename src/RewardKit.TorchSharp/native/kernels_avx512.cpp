// CMake gives this file the flags of its instruction set; without them there is no such table.
#include "kernel_table.h"

namespace rewardkit {

#if defined(__AVX512F__)
extern const CpuKernels<float>* const avx512_float;
extern const CpuKernels<double>* const avx512_double;
static constexpr CpuKernels<float> float_table = kernel_table<float>();
static constexpr CpuKernels<double> double_table = kernel_table<double>();
const CpuKernels<float>* const avx512_float = &float_table;
const CpuKernels<double>* const avx512_double = &double_table;
#else
extern const CpuKernels<float>* const avx512_float;
extern const CpuKernels<double>* const avx512_double;
const CpuKernels<float>* const avx512_float = nullptr;
const CpuKernels<double>* const avx512_double = nullptr;
#endif

}  // namespace rewardkit
