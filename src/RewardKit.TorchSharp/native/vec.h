// Vectors in GCC's vector extension: the same source gives SSE, AVX2 or AVX-512 code, depending on the flags of the
// file that includes it. No ATen and no standard library here: an inline function compiled for AVX-512 in one file
// must never be the copy that the linker keeps for all files.
#pragma once

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <typename T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <typename T>
struct IntOf;
template <>
struct IntOf<float> {
  using type = int;
  static constexpr int mantissa_bits = 23;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it leaves round(x) in the low bits
  static constexpr float smallest_power = -126.0f;
  static constexpr int exp_terms = 6;                // error 1.2e-7 relative on [-1/2, 1/2]
};
template <>
struct IntOf<double> {
  using type = long;
  static constexpr int mantissa_bits = 52;
  static constexpr double round_magic = 6755399441055744.0;
  static constexpr double smallest_power = -1022.0;
  static constexpr int exp_terms = 13;
};

/// N lanes of T. `type` may be loaded from any address that is aligned for T.
template <typename T, int N>
struct Vec {
  typedef T type __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));
  typedef typename IntOf<T>::type itype __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T)), may_alias));

  static inline type load(const T* p) { return *reinterpret_cast<const type*>(p); }
  static inline void store(T* p, type v) { *reinterpret_cast<type*>(p) = v; }
  static inline type fill(T x) { return x - type{}; }
  static inline type max(type a, type b) { return a > b ? a : b; }

  /// 2^x, 0 below the smallest normal power, NaN for NaN. Taylor series of 2^f around 0 for the fraction f.
  static inline type exp2(type x) {
    constexpr double ln2 = 0.693147180559945309417;
    const type low = fill(IntOf<T>::smallest_power);
    const type clamped = x < low ? low : x;
    const type magic = clamped + IntOf<T>::round_magic;
    const type f = clamped - (magic - IntOf<T>::round_magic);
    double c[IntOf<T>::exp_terms + 1];
    c[0] = 1.0;
    for (int i = 1; i <= IntOf<T>::exp_terms; i++) c[i] = c[i - 1] * ln2 / i;
    type r = fill(static_cast<T>(c[IntOf<T>::exp_terms]));
    for (int i = IntOf<T>::exp_terms - 1; i >= 0; i--) r = r * f + static_cast<T>(c[i]);
    const itype bits = reinterpret_cast<const itype&>(r) + (reinterpret_cast<const itype&>(magic) << IntOf<T>::mantissa_bits);
    return x < low ? type{} : reinterpret_cast<const type&>(bits);
  }

  /// tanh x = m / (m + 2) with m = e^2x - 1 = (2^n - 1) + 2^n (2^f - 1), exact to a few units in the last place around 0, too.
  static inline type tanh(type x) {
    constexpr double ln2 = 0.693147180559945309417;
    const type most = fill(T(20)), least = fill(T(-20));  // beyond them it is 1 to the last bit
    const type y = (x > most ? most : x < least ? least : x) * T(2 / ln2);
    const type magic = y + IntOf<T>::round_magic;
    const type f = y - (magic - IntOf<T>::round_magic);
    double c[IntOf<T>::exp_terms + 1];
    c[0] = 1.0;
    for (int i = 1; i <= IntOf<T>::exp_terms; i++) c[i] = c[i - 1] * ln2 / i;
    type r = fill(static_cast<T>(c[IntOf<T>::exp_terms]));
    for (int i = IntOf<T>::exp_terms - 1; i >= 1; i--) r = r * f + static_cast<T>(c[i]);
    const type one = fill(T(1));
    const itype bits = reinterpret_cast<const itype&>(one) + (reinterpret_cast<const itype&>(magic) << IntOf<T>::mantissa_bits);
    const type power = reinterpret_cast<const type&>(bits);
    const type m = (power - one) + power * (r * f);
    return m / (m + T(2));
  }
};

inline long min_of(long a, long b) { return a < b ? a : b; }
inline long max_of(long a, long b) { return a > b ? a : b; }

}  // namespace
