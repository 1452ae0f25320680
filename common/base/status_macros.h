#pragma once

// AMANA_RETURN_IF_ERROR(expr): returns the status of `expr` (a Status) from the function if it is
// not ok. AMANA_ASSIGN_OR_RETURN(lhs, expr): the same for a StatusOr, whose value otherwise goes to
// `lhs`:
//   AMANA_ASSIGN_OR_RETURN(const CaseId id, CaseId::FromBytes(request.case_id()));

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define AMANA_INTERNAL_CONCAT_(a, b) a##b
#define AMANA_INTERNAL_CONCAT(a, b) AMANA_INTERNAL_CONCAT_(a, b)

#define AMANA_RETURN_IF_ERROR(expr)                                              \
  do {                                                                           \
    if (::absl::Status amana_status_ = (expr); !amana_status_.ok()) [[unlikely]] \
      return amana_status_;                                                      \
  } while (false)

#define AMANA_ASSIGN_OR_RETURN(lhs, ...)                                                 \
  AMANA_INTERNAL_ASSIGN_OR_RETURN(AMANA_INTERNAL_CONCAT(amana_statusor_, __LINE__), lhs, \
                                  (__VA_ARGS__))

#define AMANA_INTERNAL_ASSIGN_OR_RETURN(tmp, lhs, expr) \
  auto tmp = expr;                                      \
  if (!tmp.ok()) [[unlikely]]                           \
    return std::move(tmp).status();                     \
  lhs = *std::move(tmp)
