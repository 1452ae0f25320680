#pragma once

// Lists that come in pages, read to the end.

#include <utility>

#include "absl/status/statusor.h"
#include "common/base/error.h"
#include "common/client/session.h"

namespace amana::client {

// More than any list of ours has: a server that never ends is not followed for ever.
inline constexpr int kMaxPages = 10'000;
inline constexpr uint32_t kPageSize = 200;

// `add(all, page)` takes over the page's elements.
template <class Response, class Stub, class Request, class Add>
absl::StatusOr<Response> AllPages(Session& session,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  Add add, Request request) {
  Response all;
  request.set_page_size(kPageSize);
  for (int page = 0; page < kMaxPages; ++page) {
    AMANA_ASSIGN_OR_RETURN(const Response response, session.Call(method, request));
    add(all, response);
    if (response.next_page_token().empty()) return all;
    request.set_page_token(response.next_page_token());
  }
  return Error(Reason::kPageTokenInvalid);
}

}  // namespace amana::client
