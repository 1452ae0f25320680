#include "common/merkle/leaf.h"

#include <utility>

#include "common/base/error.h"
#include "common/crypto/hash.h"
#include "common/merkle/text.h"

namespace amana::merkle {
namespace {

constexpr char kVersion = 0x01;
constexpr size_t kHeaderBytes = 2;

absl::Status Invalid(std::string field) {
  return Error(Reason::kInvalidField, ErrorDetail{.field = std::move(field)});
}

std::string Header(LeafType type) { return {kVersion, static_cast<char>(type)}; }

// The length before the event keeps (opening, event) from being cut elsewhere.
std::string Commit(std::string_view opening, std::string_view event) {
  std::string data(opening);
  const auto length = static_cast<uint32_t>(event.size());
  for (int shift = 24; shift >= 0; shift -= 8) data.push_back(static_cast<char>(length >> shift));
  data.append(event);
  return crypto::HmacSha256(CommitmentKey(), data);
}

bool IsControlText(std::string_view text) {
  return !text.empty() && text.size() <= kMaxControlBytes && IsNoteText(text);
}

}  // namespace

std::string_view CommitmentKey() {
  static const std::string* const key =
      new std::string(crypto::Sha256("amana audit leaf commitment v1"));
  return *key;
}

absl::StatusOr<std::string> MakeEventLeaf(std::string_view opening, std::string_view event) {
  if (opening.size() != kOpeningBytes) return Invalid("opening");
  if (event.empty() || event.size() > kMaxEventBytes) return Invalid("event");
  return Header(LeafType::kEvent) + Commit(opening, event);
}

absl::StatusOr<std::string> MakeControlLeaf(std::string_view text) {
  if (!IsControlText(text)) return Invalid("text");
  return Header(LeafType::kControl).append(text);
}

absl::StatusOr<Leaf> ParseLeaf(std::string_view leaf) {
  if (leaf.size() < kHeaderBytes || leaf[0] != kVersion) return Error(Reason::kLeafMismatch);
  const std::string_view body = leaf.substr(kHeaderBytes);
  const auto type = static_cast<LeafType>(leaf[1]);
  const bool well_formed = (type == LeafType::kEvent && leaf.size() == kEventLeafBytes) ||
                           (type == LeafType::kControl && IsControlText(body));
  if (!well_formed) return Error(Reason::kLeafMismatch);
  return Leaf{.type = type, .body = std::string(body)};
}

bool OpensLeaf(std::string_view leaf, std::string_view opening, std::string_view event) {
  if (opening.size() != kOpeningBytes || event.size() > kMaxEventBytes) return false;
  return leaf == Header(LeafType::kEvent) + Commit(opening, event);
}

}  // namespace amana::merkle
