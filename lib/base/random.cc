#include "lib/base/random.h"

#include <sys/random.h>

#include <bit>
#include <chrono>
#include <cstdlib>

namespace godwit {
namespace {

// Spreads a small seed over the whole state (splitmix64).
std::uint64_t Spread(std::uint64_t& seed) {
  seed += 0x9E3779B97F4A7C15;
  std::uint64_t mixed = seed;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = Spread(seed);
}

std::uint64_t Random::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::Below(std::uint64_t bound) {
  // Rejects the incomplete last range, so that every value is equally likely.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t value = Next();
  while (value >= limit) value = Next();
  return value % bound;
}

double Random::Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

std::uint64_t RandomSeed() {
  std::uint64_t seed = 0;
  // At most 256 bytes: never short, never interrupted once the kernel's pool is ready.
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) std::abort();
  return seed;
}

std::string MakeRunId() {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  std::string id(26, '0');
  auto time = static_cast<std::uint64_t>(now.count());
  for (int i = 9; i >= 0; --i, time >>= 5) id[static_cast<std::size_t>(i)] = kAlphabet[time & 31];
  Random random(RandomSeed());
  for (std::size_t i = 10; i < id.size(); ++i) id[i] = kAlphabet[random.Below(32)];
  return id;
}

}  // namespace godwit
