#pragma once

// A list of a service, page by page. Where a page ended travels as a token, which a client hands
// back without looking into it. It names nothing that the page didn't, and says nothing about whose
// list it is: that is the caller's own, always.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/deadline.h"
#include "common/store/store.h"

namespace amana::store {

// How many entries a page has, of what a client asked for; 0 leaves it to the server.
uint32_t PageSize(uint32_t asked);

struct IndexPage {
  std::vector<IndexEntry> entries;
  std::string next_token;  // 39 characters of base32; empty: this was the last
};

// The next range.limit entries of `index` in all shards, behind those that `token` (empty: none)
// has seen. Members begin with an id as text, which is theirs alone. Nothing that stays in the
// index is left out or given twice while others come and go. kPageTokenInvalid.
absl::StatusOr<IndexPage> ReadIndexPage(Store& store, const std::string& index, IndexRange range,
                                        const std::string& token, Deadline deadline);

}  // namespace amana::store
