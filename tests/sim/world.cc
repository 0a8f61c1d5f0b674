#include "tests/sim/world.h"

#include <utility>

#include "lib/plan/attributes.h"
#include "lib/policy/permit_issuer.h"

namespace godwit {
namespace {

constexpr const char* kOutside[] = {"o", "src", "srcx/a", "t/dst", "t/dstx", "t/ds", "zz"};

constexpr std::chrono::seconds kSecond{1};

MemoryOptions WithClock(MemoryOptions options, const Clock& clock) {
  options.clock = &clock;
  return options;
}

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

std::string OddKey(Random& random) {
  static constexpr const char* kAtoms[] = {"/",
                                           "/",
                                           "-",
                                           ".",
                                           "0",
                                           "a",
                                           "b",
                                           "\xED\x9F\xBF",
                                           "\xEE\x80\x80",
                                           "\xEF\xBF\xBD",
                                           "\xF0\x90\x80\x80",
                                           "\xF0\x9F\x98\x80",
                                           "\xF4\x8F\xBF\xBF"};
  std::string key;
  for (std::uint64_t n = 1 + random.Below(5); n > 0; --n) {
    key += kAtoms[random.Below(sizeof(kAtoms) / sizeof(kAtoms[0]))];
  }
  return key;
}

std::string RandomKey(Random& random, bool odd) {
  if (odd && random.Chance(0.7)) return OddKey(random);
  static constexpr const char* kKeys[] = {
      "a",      "a-b",    "a.tmp",   "a/",        "a/b",         "a/b-",        "a/b/c",  "a0",
      "b",      "b/c",    "b/d.tmp", "b//c",      "c %2F+",      "caf\xC3\xA9", "d/../e", "d/e",
      "skip/a", "skip/b", "x.tmp",   ".godwit-1", "y/.godwit/z", "z",           "z/\x01", "zz"};
  constexpr std::size_t kCount = sizeof(kKeys) / sizeof(kKeys[0]);
  if (random.Chance(0.2)) return "n/" + std::to_string(random.Below(100));
  return kKeys[random.Below(kCount)];
}

World::World(const Scenario& scenario) : scenario_(scenario) {
  source_inner_ = std::make_unique<MemoryStore>(WithClock(scenario_.source, clock_));
  source_ = std::make_unique<SimStore>(*source_inner_);
  if (!one_store()) {
    target_inner_ = std::make_unique<MemoryStore>(WithClock(scenario_.target, clock_));
    target_ = std::make_unique<SimStore>(*target_inner_);
  }
  if (!one_store() && scenario_.target.capabilities.is_local) {
    disk_ = std::make_unique<SimDisk>(*target_inner_);
    target_->set_disk(disk_.get());
  }
  Populate();
  // No time of what follows is one of what was there.
  clock_.Advance(kSecond);
  ForgetChanges();
}

void World::Populate() {
  Random random(scenario_.seed ^ 0x5eed);
  for (const char* key : kOutside) {
    PermitIssuer permits;
    const std::string content = NewContent("", random);
    for (SimStore* store : {source_.get(), &target_store()}) {
      const std::string& prefix = store == source_.get() ? scenario_.endpoints.source_prefix
                                                         : scenario_.endpoints.target_prefix;
      // A file of the folder's own name, or of one above it, cannot be.
      const bool clashes = store->Describe().is_local && prefix.starts_with(std::string(key) + "/");
      if (prefix.empty() || clashes) continue;
      MemorySource body(Bytes(content));
      static_cast<void>(store->Put({}, permits.Judge(key), key, {}, body).ok());
    }
  }
  for (int i = 0; i < scenario_.keys; ++i) {
    Random own((scenario_.seed ^ 0x5eed) * 10'000 + static_cast<std::uint64_t>(i));
    const std::string key = RandomKey(own, scenario_.odd_names);
    if (!scenario_.left_out.contains(i)) AddPair(key, own);
  }
  for (int i = 0; i < scenario_.extra_keys; ++i) {
    Put({true, "m/" + std::to_string(i), "extra " + std::to_string(i), {}}, random);
  }
}

// A key at the source, at the target, or at both, in every relation that matters.
void World::AddPair(const std::string& key, Random& random) {
  // A key may come twice, and its first source be known by the time of the second one.
  if (scenario_.source.whole_seconds) clock_.Advance(kSecond);
  std::uint64_t relation = random.Below(7);
  if (scenario_.all_marked && relation == 4) relation = 3;
  const std::string content = NewContent("", random);
  if (relation != 0) Put({false, key, content, {}}, random);
  if (relation == 1) return;
  const std::optional<SimObject> source = source_->Look(SourceKey(key));
  std::optional<PreciseTime> mark;
  if (source) {
    const std::optional<PreciseTime> recorded = source->meta.attributes.mtime;
    mark = recorded ? recorded : source->meta.entry.modified;
  }
  switch (relation) {
    case 2:  // As another run left it.
    case 3:
      return Put({true, key, content, mark}, random);
    case 4:
      return Put({true, key, content, {}}, random);  // Equal, not marked.
    case 5:
      return Put({true, key, NewContent(content, random), {}}, random);  // Same size.
    default:
      return Put({true, key, NewContent("", random), {}}, random);
  }
}

// Every content is another one; `like` gives the size, and all bytes but one or two.
std::string World::NewContent(const std::string& like, Random& random) {
  std::string content = like;
  if (like.size() < 4) {
    content.clear();
    const std::uint64_t size = random.Chance(0.05) ? 0 : 1 + random.Below(60);
    for (std::uint64_t i = 0; i < size; ++i) content += static_cast<char>('a' + random.Below(26));
    return content;
  }
  char& byte = content[random.Below(content.size())];
  byte = static_cast<char>(byte == 'A' ? 'B' : 'A');
  return content;
}

void World::Put(const Write& write, Random& random) {
  // What others write at the target within the second in which the source was written cannot be
  // told from a copy of it.
  const bool apart = write.at_target && !write.mtime && scenario_.source.whole_seconds;
  if (apart) clock_.Advance(kSecond);
  clock_.Advance(std::chrono::microseconds(1 + random.Below(5'000)));
  SimStore& store = write.at_target ? target_store() : *source_;
  // What is a folder there is not listed as an object.
  if (store.Describe().is_local && write.key.ends_with('/')) return;
  const std::string key = write.at_target ? TargetKey(write.key) : SourceKey(write.key);
  PutOptions options;
  const std::optional<SimObject> source =
      scenario_.all_marked && write.mtime ? source_->Look(SourceKey(write.key)) : std::nullopt;
  if (source) {
    const AttributeRules& rules = scenario_.options.attributes;
    options.attributes = TargetAttributes(rules, source->meta, write.key);
  }
  options.attributes.mtime = write.mtime;
  if (!store.Describe().is_local && !write.at_target) {
    if (random.Chance(0.5)) options.attributes.content_type = "text/x-sim";
    if (random.Chance(0.3)) options.attributes.user_metadata = {{"owner", "sim"}};
    if (random.Chance(0.5)) options.attributes.mtime = PreciseTime{clock_.WallNow(), 9};
  }
  MemorySource body(Bytes(write.content));
  static_cast<void>(store.Put({}, PermitIssuer().Judge(key), key, options, body).ok());
  const std::optional<SimObject> object = store.Look(key);
  if (!object) return;
  if (apart) clock_.Advance(kSecond);
  if (write.at_target) {
    RememberTarget(*object);
    foreign_.insert(write.key);
  } else {
    source_versions_[write.key].emplace(object->version(), *object);
    source_changed_ = true;
  }
}

void World::Remove(bool at_target, const std::string& key) {
  clock_.Advance(std::chrono::milliseconds(1));
  SimStore& store = at_target ? target_store() : *source_;
  const DeleteRequest request{at_target ? TargetKey(key) : SourceKey(key), {}};
  static_cast<void>(store.Delete({}, PermitIssuer().Judge(key), {&request, 1}).ok());
  at_target ? static_cast<void>(foreign_.insert(key)) : static_cast<void>(source_changed_ = true);
}

std::string World::ChangeSomething(Random& random) {
  const SimStore::Outside source_is_ours(*source_);
  const SimStore::Outside target_is_ours(target_store());
  const bool at_target = random.Chance(0.3);
  const Tree tree = at_target ? Target() : Source();
  std::string key = RandomKey(random, scenario_.odd_names);
  if (!tree.empty() && random.Chance(0.7)) {
    auto chosen = tree.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random.Below(tree.size())));
    key = chosen->first;
  }
  const auto there = tree.find(key);
  const std::string where = at_target ? "target " : "source ";
  if (there != tree.end() && random.Chance(0.3)) {
    Remove(at_target, key);
    return where + "removed " + key;
  }
  const bool same_size = there != tree.end() && random.Chance(0.5);
  const bool touched = there != tree.end() && random.Chance(0.15);
  const std::string& old = there != tree.end() ? there->second.content : key;
  Put({at_target, key, touched ? old : NewContent(same_size ? old : "", random), {}}, random);
  return where + (touched ? "touched " : "wrote ") + key;
}

bool World::ReplaceAlike(const std::string& key, Random& random) {
  const SimStore::Outside source_is_ours(*source_);
  const std::optional<SimObject> there = source_->Look(SourceKey(key));
  if (!there) return false;
  Put({false, key, NewContent(there->content, random), {}}, random);
  return true;
}

Tree World::Look(SimStore& store, const MemoryStore& inner, const std::string& prefix) {
  Tree tree;
  for (const auto& [key, content] : inner.Contents()) {
    if (!key.starts_with(prefix) || key.size() == prefix.size()) continue;
    if (std::optional<SimObject> object = store.Look(key)) {
      tree.emplace(key.substr(prefix.size()), *std::move(object));
    }
  }
  return tree;
}

Tree World::Source() { return Look(*source_, *source_inner_, scenario_.endpoints.source_prefix); }

Tree World::Target() {
  return Look(target_store(), one_store() ? *source_inner_ : *target_inner_,
              scenario_.endpoints.target_prefix);
}

std::map<std::string, Version> World::Outside() {
  std::map<std::string, Version> outside;
  const std::string& of_source = scenario_.endpoints.source_prefix;
  const std::string& of_target = scenario_.endpoints.target_prefix;
  for (const auto& [key, content] : source_inner_->Contents()) {
    const bool inside = key.starts_with(of_source) || (one_store() && key.starts_with(of_target));
    if (!inside) outside.emplace("source:" + key, source_->Look(key)->version());
  }
  if (one_store()) return outside;
  for (const auto& [key, content] : target_inner_->Contents()) {
    if (key.starts_with(of_target)) continue;
    outside.emplace("target:" + key, target_->Look(key)->version());
  }
  return outside;
}

std::string World::SourceKey(std::string_view key) const {
  return scenario_.endpoints.source_prefix + std::string(key);
}

std::string World::TargetKey(std::string_view key) const {
  return scenario_.endpoints.target_prefix + std::string(key);
}

std::vector<UploadEntry> World::OpenUploads() { return target_store().ListUploads({}, "").value(); }

void World::ForgetUploads(Random& random) {
  if (target_store().Describe().is_local) return;
  MemoryStore& store = one_store() ? *source_inner_ : *target_inner_;
  for (const UploadEntry& upload : OpenUploads()) {
    if (random.Chance(0.5)) continue;
    const WritePermit permit = PermitIssuer().Judge(upload.key);
    if (random.Chance(0.4)) {
      static_cast<void>(store.AbortUpload({}, permit, upload.key, upload.upload_id).ok());
    } else {
      store.LosePart(upload.upload_id, static_cast<std::uint32_t>(random.Below(4)));
    }
  }
}

bool World::CutPower(Random& random) {
  if (disk_) {
    const std::string& prefix = scenario_.endpoints.target_prefix;
    for (const std::string& key : disk_->CutPower(random)) {
      fallen_back_.insert(key.substr(prefix.size()));
    }
  }
  return jobs_.CutPower(random);
}

std::optional<Timestamp> World::BeginRun() {
  const std::optional<Timestamp> before = unsettled_since_;
  jobs_.BeginRun();
  if (!unsettled_since_) unsettled_since_ = clock_.WallNow();
  was_settled_ = !before;
  return before;
}

void World::EndRun(const SyncSummary& summary) {
  const bool settled = scenario_.options.settles() && summary.skipped == 0;
  if (summary.exit_code == 0 && (settled || was_settled_)) unsettled_since_.reset();
}

const std::map<Version, SimObject>& World::SourceVersions(const std::string& key) const {
  static const std::map<Version, SimObject> kNone;
  const auto found = source_versions_.find(key);
  return found == source_versions_.end() ? kNone : found->second;
}

std::optional<std::string> World::TargetContent(const Version& version) const {
  const auto found = target_contents_.find(version);
  if (found == target_contents_.end()) return std::nullopt;
  return found->second;
}

void World::RememberTarget(const SimObject& object) {
  target_contents_.emplace(object.version(), object.content);
}

void World::ForgetChanges() {
  foreign_.clear();
  fallen_back_.clear();
  source_changed_ = false;
}

}  // namespace godwit
