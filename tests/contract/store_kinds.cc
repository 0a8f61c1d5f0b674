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
  for (StoreKind& kind : MinioKinds()) kinds.push_back(std::move(kind));
  for (StoreKind& kind : AzuriteKinds()) kinds.push_back(std::move(kind));
  return kinds;
}

}  // namespace godwit
