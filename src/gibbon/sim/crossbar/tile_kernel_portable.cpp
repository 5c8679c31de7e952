#include <algorithm>
#include <cstring>
#include <type_traits>

#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

namespace {

/// Vectors of the compiler's own: four lanes on any machine.
struct Portable {
  using Int = std::int32_t __attribute__((vector_size(16)));
  using Float = float __attribute__((vector_size(16)));
  static constexpr int kLanes = 4;
  static constexpr int kVectors = 4;
  static constexpr int kOutputs = 2;

  static Int broadcast_int(std::int32_t value) { return Int{value, value, value, value}; }
  static Float broadcast(float value) { return Float{value, value, value, value}; }
  static Int load_bytes(const std::uint8_t* bytes) { return copy<Int>(bytes); }
  static Int load(const std::int32_t* from) { return copy<Int>(from); }
  static void store(std::int32_t* to, Int value) { std::memcpy(to, &value, sizeof(value)); }
  static Float load_float(const std::int32_t* from) { return copy<Float>(from); }
  static void store_float(std::int32_t* to, Float value) { std::memcpy(to, &value, sizeof(value)); }
  static Int dot(Int sum, Int digits, Int weights) {
    for (int byte = 0; byte < 4; ++byte) {
      const Int digit = (digits >> (8 * byte)) & 0xff;
      const std::int32_t weight = static_cast<std::int8_t>(weights[0] >> (8 * byte));
      sum += digit * weight;
    }
    return sum;
  }
  static Int add(Int a, Int b) { return a + b; }
  static Int shift_left(Int a, int bits) { return a * (1 << bits); }
  static Int to_int(Float a) { return __builtin_convertvector(a, Int); }
  static Float to_float(Int a) { return __builtin_convertvector(a, Float); }
  static Float add(Float a, Float b) { return a + b; }
  static Float subtract(Float a, Float b) { return a - b; }
  static Float multiply(Float a, Float b) { return a * b; }
  static Float multiply_add(Float a, Float b, Float c) { return a * b + c; }
  static Float clamp(Float a, Float low, Float high) {
    a = a < low ? low : a;
    return a > high ? high : a;
  }
  static Float gather(const float* origin, Int index) {
    return Float{origin[index[0]], origin[index[1]], origin[index[2]], origin[index[3]]};
  }

 private:
  template <typename T>
  static T copy(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
};

#include "gibbon/sim/crossbar/tile_kernel.inc"

}  // namespace

TileKernel portable_tile_kernel() {
  return {kTilePixels<Portable>, &run_tile<Portable>};
}

}  // namespace gibbon::sim
