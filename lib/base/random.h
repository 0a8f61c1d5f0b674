#pragma once

#include <cstdint>
#include <string>

namespace godwit {

// A small seeded generator (xoshiro256**): the same seed gives the same sequence everywhere, so a
// printed seed replays a run. Not for secrets. One thread at a time.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t Next();
  // Uniform in [0, bound); bound must not be 0.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [0, 1).
  double Fraction();
  bool Chance(double probability) { return Fraction() < probability; }

 private:
  std::uint64_t state_[4];
};

// 64 bits of the kernel's randomness, for seeds.
std::uint64_t RandomSeed();

// A ULID: 26 characters, ordered by time, unique. For run ids.
std::string MakeRunId();

}  // namespace godwit
