#pragma once

// Changes a value, the way the input says: bytes anywhere, or in a struct one field of it, so that
// the result can still be written and everything around it fits.

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/secret.h"
#include "common/mls/messages.h"
#include "common/mls/types.h"
#include "tests/fuzz/mls/fuzz_input.h"

namespace amana::mls {

inline void Change(FuzzInput& input, std::string& bytes) {
  for (size_t edits = 1 + input.Below(3); edits > 0; --edits) {
    const size_t at = bytes.empty() ? 0 : input.Word() % bytes.size();
    switch (input.Below(5)) {
      case 0:  // one bit
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << input.Below(8)));
        break;
      case 1: {  // other bytes in their place
        const std::string_view piece = input.Piece();
        bytes.replace(at, std::min(piece.size(), bytes.size() - at), piece);
        break;
      }
      case 2:
        bytes.insert(at, input.Piece());
        break;
      case 3:
        bytes.erase(at, input.Byte());
        break;
      default:  // again what stands there
        bytes.insert(at, bytes.substr(at, input.Byte()));
    }
  }
}

// The fields of a struct, also of those that are written in forms of their own.
template <class T>
inline constexpr auto kFieldsOf = T::kFields;
template <>
inline constexpr auto kFieldsOf<LeafNode> =
    std::tuple(&LeafNode::encryption_key, &LeafNode::signature_key, &LeafNode::credential,
               &LeafNode::capabilities, &LeafNode::source, &LeafNode::lifetime,
               &LeafNode::parent_hash, &LeafNode::extensions, &LeafNode::signature);
template <>
inline constexpr auto kFieldsOf<PreSharedKeyId> =
    std::tuple(&PreSharedKeyId::type, &PreSharedKeyId::psk_id, &PreSharedKeyId::usage,
               &PreSharedKeyId::group_id, &PreSharedKeyId::epoch, &PreSharedKeyId::nonce);
template <>
inline constexpr auto kFieldsOf<Proposal> = std::tuple(&Proposal::content);
template <>
inline constexpr auto kFieldsOf<ProposalOrRef> = std::tuple(&ProposalOrRef::content);
template <>
inline constexpr auto kFieldsOf<Sender> = std::tuple(&Sender::type, &Sender::index);
template <>
inline constexpr auto kFieldsOf<FramedContent> =
    std::tuple(&FramedContent::group_id, &FramedContent::epoch, &FramedContent::sender,
               &FramedContent::authenticated_data, &FramedContent::content);

template <class T>
void Change(FuzzInput& input, T& value);

template <class T>
void Change(FuzzInput& input, std::vector<T>& list) {
  if (list.empty()) {
    if (input.Flag()) Change(input, list.emplace_back());
    return;
  }
  const auto one = list.begin() + static_cast<ptrdiff_t>(input.Below(list.size()));
  switch (input.Below(4)) {
    case 0:
      list.erase(one);
      break;
    case 1:
      if constexpr (std::copyable<T>) list.push_back(T(*one));
      break;
    case 2:
      std::swap(*one, list.front());
      break;
    default:
      Change(input, *one);
  }
}

template <class T>
void Change(FuzzInput& input, std::optional<T>& value) {
  if (value.has_value() && input.Flag()) {
    value.reset();
  } else {
    Change(input, value.has_value() ? *value : value.emplace());
  }
}

template <class... T>
void Change(FuzzInput& input, std::variant<T...>& value) {
  std::visit([&](auto& form) { Change(input, form); }, value);
}

inline void Change(FuzzInput& input, SecretBytes& secret) {
  std::string bytes(secret.Expose());
  Change(input, bytes);
  secret = SecretBytes::Take(std::move(bytes));
}

inline void Change(FuzzInput& input, WipedString& secret) { Change(input, secret.text); }

template <class T>
void Change(FuzzInput& input, T& value) {
  if constexpr (std::is_enum_v<T>) {
    // Also ones that have no name: what is read off the wire is not looked at before.
    value = std::bit_cast<T>(static_cast<std::underlying_type_t<T>>(input.Below(6)));
  } else if constexpr (std::unsigned_integral<T>) {
    const auto change = static_cast<T>(input.Byte() - 128);  // small steps, and far around zero
    value = static_cast<T>(value + change);
  } else {
    constexpr auto kFields = kFieldsOf<T>;
    size_t left = input.Below(std::tuple_size_v<decltype(kFields)>);
    std::apply([&](auto... field) { ((left-- == 0 ? Change(input, value.*field) : void()), ...); },
               kFields);
  }
}

}  // namespace amana::mls
