#include <algorithm>

#include "fakecloud/encoding.h"
#include "fakecloud/fault.h"

namespace fakecloud {

void FaultEngine::Load(std::vector<FaultRule> rules) {
  const std::lock_guard lock(mutex_);
  states_.clear();
  for (FaultRule& rule : rules) {
    State state;
    state.tokens = static_cast<double>(rule.fault.burst);
    state.refilled = std::chrono::steady_clock::now();
    state.rule = std::move(rule);
    states_.push_back(std::move(state));
  }
  empty_ = states_.empty();
}

bool FaultEngine::Matches(const FaultRule& rule, const RequestFacts& facts) {
  if (!rule.service.empty() && rule.service != facts.service) return false;
  if (!rule.operations.empty() && std::find(rule.operations.begin(), rule.operations.end(),
                                            facts.operation) == rule.operations.end()) {
    return false;
  }
  if (rule.page != 0 && rule.page != facts.page) return false;
  if (rule.fault.kind == FaultKind::kSwap && !facts.has_range) return false;
  return GlobMatches(rule.bucket, facts.bucket) && GlobMatches(rule.key, facts.key);
}

bool FaultEngine::ThrottleFires(State& state) {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> passed = now - state.refilled;
  state.refilled = now;
  const auto rate = static_cast<double>(state.rule.fault.requests_per_second);
  state.tokens =
      std::min(state.tokens + passed.count() * rate, static_cast<double>(state.rule.fault.burst));
  if (state.tokens < 1) return true;
  state.tokens -= 1;
  return false;
}

bool FaultEngine::ExpiryFires(State& state, std::string_view credential) {
  const Fault& fault = state.rule.fault;
  if (fault.each) {
    // Requests without one (of a token service) never expire.
    return !credential.empty() && ++state.uses[std::string(credential)] > fault.count;
  }
  if (state.expired.empty() && state.count.matched > fault.count) state.expired = credential;
  return !state.expired.empty() && state.expired == credential;
}

bool FaultEngine::Fires(State& state, const RequestFacts& facts) {
  const FaultRule& rule = state.rule;
  if (rule.fault.kind == FaultKind::kExpireCredentials) {
    return ExpiryFires(state, facts.credential);
  }
  if (state.count.matched < rule.nth) return false;
  if (rule.times != 0 && state.count.fired >= rule.times) return false;
  return rule.fault.kind != FaultKind::kThrottle || ThrottleFires(state);
}

std::vector<Fault> FaultEngine::Match(const RequestFacts& facts) {
  std::vector<Fault> fired;
  if (empty_) return fired;
  const std::lock_guard lock(mutex_);
  for (State& state : states_) {
    if (!Matches(state.rule, facts)) continue;
    ++state.count.matched;
    if (!Fires(state, facts)) continue;
    ++state.count.fired;
    fired.push_back(state.rule.fault);
  }
  return fired;
}

std::vector<FaultCount> FaultEngine::Counts() const {
  const std::lock_guard lock(mutex_);
  std::vector<FaultCount> counts;
  for (const State& state : states_) counts.push_back(state.count);
  return counts;
}

}  // namespace fakecloud
