#include <algorithm>

#include "tests/contract/store_under_test.h"

namespace godwit {

bool StoreKind::Has(Difference difference) const {
  return std::ranges::find(differences, difference, &KnownDifference::difference) !=
         differences.end();
}

std::vector<StoreKind> AllStoreKinds() {
  std::vector<StoreKind> kinds{MemoryKind(), LocalKind(), LocalFallbackKind(), FakecloudKind(),
                               FakeAzureKind()};
  for (auto more : {ReorderedMemoryKinds, MinioKinds, FakeGcsKinds, GcsServerKinds, AzuriteKinds}) {
    for (StoreKind& kind : more()) kinds.push_back(std::move(kind));
  }
  return kinds;
}

}  // namespace godwit
