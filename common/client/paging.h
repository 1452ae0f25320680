#pragma once

// Lists that come in pages, read to the end: one that ends too soon hides who is waiting.

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::client {

// More than any list of ours has: a server that never ends is not followed for ever.
inline constexpr int kMaxPages = 10'000;
inline constexpr uint32_t kPageSize = 200;

// One response with the elements of all pages. `call` takes a request and returns an
// absl::StatusOr<Response>.
template <class Call, class Request>
auto AllPages(Call call, Request request) -> decltype(call(request)) {
  typename decltype(call(request))::value_type all;
  request.set_page_size(kPageSize);
  for (int i = 0; i < kMaxPages; ++i) {
    AMANA_ASSIGN_OR_RETURN(const auto page, call(request));
    request.set_page_token(page.next_page_token());
    all.MergeFrom(page);
    all.clear_next_page_token();
    if (request.page_token().empty()) return all;
  }
  return Error(Reason::kPageTokenInvalid);
}

}  // namespace amana::client
