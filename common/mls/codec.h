#pragma once

// The presentation language of TLS as RFC 9420 uses it (section 2.1): big-endian integers, vectors
// with a variable-size length in front, optional values behind a presence octet.
//
// A struct names its fields once and gets both directions from that:
//
//   struct Lifetime {
//     uint64_t not_before = 0;
//     uint64_t not_after = 0;
//     static constexpr auto kFields = std::tuple(&Lifetime::not_before, &Lifetime::not_after);
//   };
//   std::string bytes = Encode(lifetime);
//   absl::StatusOr<Lifetime> again = Decode<Lifetime>(bytes);
//
// What `select`s between forms has EncodeTo(Writer&) and DecodeFrom(Reader&) instead. Decoding is
// for bytes from anybody: it never reads past them, keeps nothing that grows out of proportion to
// them, refuses what is not in its one canonical form, and must use every byte up. Depth is bounded
// by the types themselves, none of which contains itself.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/secret.h"
#include "common/mls/fault.h"

namespace amana::mls {

// A whole message. Room for the ratchet tree of ten thousand members, and for any document that is
// sent in one piece; what is larger goes through attachments.
inline constexpr size_t kMaxMessageSize = size_t{4} << 20;

// Of what a client saved itself: it is put together of messages that each had their size.
inline constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

// Of one vector: as many as the largest tree has nodes. A byte on the wire can become a struct of
// some hundred bytes, and this keeps that from growing without end.
inline constexpr size_t kMaxElements = size_t{1} << 16;

// What it wrote may be secret: bytes that it leaves behind when it grows are wiped.
class Writer {
 public:
  void U8(uint8_t value) { Integer<1>(value); }
  void U16(uint16_t value) { Integer<2>(value); }
  void U32(uint32_t value) { Integer<4>(value); }
  void U64(uint64_t value) { Integer<8>(value); }
  void Raw(std::string_view bytes) {
    MakeRoom(bytes.size());
    out_.append(bytes);
  }
  void Zeros(size_t count) {
    MakeRoom(count);
    out_.append(count, '\0');
  }

  // opaque<V>.
  void Opaque(std::string_view bytes) {
    Length(bytes.size());
    Raw(bytes);
  }
  // The length in front of a vector (section 2.1.2).
  void Length(size_t length);

  // Puts the length of all that was written since `start` in front of it.
  void PrefixLength(size_t start);

  void Reserve(size_t size) {
    if (size > out_.capacity()) MakeRoom(size - out_.size());
  }
  size_t size() const { return out_.size(); }
  std::string Take() && { return std::move(out_); }

 private:
  template <size_t kSize>
  void Integer(uint64_t value) {
    char bytes[kSize];
    for (size_t i = 0; i < kSize; ++i) bytes[i] = static_cast<char>(value >> (8 * (kSize - 1 - i)));
    Raw({bytes, kSize});
  }
  void MakeRoom(size_t more) {
    if (out_.capacity() - out_.size() < more) Grow(more);
  }
  void Grow(size_t more);

  std::string out_;
};

// Keeps the first fault; after it every read gives zeros and empty strings, so that loops need to
// look at ok() only. What it gives points into the bytes it was made of.
class Reader {
 public:
  explicit Reader(std::string_view bytes, size_t limit = kMaxMessageSize) : rest_(bytes) {
    if (bytes.size() > limit) Fail(Fault::kMessageTooLarge);
  }

  uint8_t U8() { return static_cast<uint8_t>(Integer(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Integer(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Integer(4)); }
  uint64_t U64() { return Integer(8); }
  std::string_view Raw(size_t size);

  // opaque<V>.
  std::string_view Opaque() { return Raw(Length()); }
  // The elements of a vector, to be read one by one: a part of what had its size.
  Reader Elements() { return Reader(Opaque(), kNoLimit); }

  // The length in front of a vector (section 2.1.2); kLengthNotMinimal, kLengthInvalid.
  size_t Length();

  void Fail(Fault fault) {
    if (fault_ == Fault::kNone) fault_ = fault;
    rest_ = {};
  }
  bool ok() const { return fault_ == Fault::kNone; }
  bool empty() const { return rest_.empty(); }
  Fault fault() const { return fault_; }
  std::string_view rest() const { return rest_; }

 private:
  uint64_t Integer(size_t size);

  std::string_view rest_;
  Fault fault_ = Fault::kNone;
};

template <class T>
void EncodeInto(Writer& writer, const T& value);
template <class T>
void DecodeFrom(Reader& reader, T& value);

namespace internal {

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
// Elements of one size, so that the length is known before they are written.
template <class T>
inline constexpr bool kIsNumbers = false;
template <std::unsigned_integral T>
inline constexpr bool kIsNumbers<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

}  // namespace internal

template <class T>
void EncodeInto(Writer& writer, const T& value) {
  if constexpr (std::is_enum_v<T>) {
    EncodeInto(writer, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::same_as<T, uint8_t>) {
    writer.U8(value);
  } else if constexpr (std::same_as<T, uint16_t>) {
    writer.U16(value);
  } else if constexpr (std::same_as<T, uint32_t>) {
    writer.U32(value);
  } else if constexpr (std::same_as<T, uint64_t>) {
    writer.U64(value);
  } else if constexpr (std::same_as<T, std::string>) {
    writer.Opaque(value);
  } else if constexpr (std::same_as<T, SecretBytes>) {
    writer.Opaque(value.Expose());
  } else if constexpr (std::same_as<T, WipedString>) {
    writer.Opaque(value.text);
  } else if constexpr (internal::kIsNumbers<T>) {
    writer.Length(value.size() * sizeof(typename T::value_type));
    for (const auto number : value) EncodeInto(writer, number);
  } else if constexpr (internal::kIsVector<T>) {
    const size_t start = writer.size();
    for (const auto& element : value) EncodeInto(writer, element);
    writer.PrefixLength(start);
  } else if constexpr (internal::kIsOptional<T>) {
    writer.U8(value.has_value() ? 1 : 0);
    if (value.has_value()) EncodeInto(writer, *value);
  } else if constexpr (requires { T::kFields; }) {
    std::apply([&](auto... field) { (EncodeInto(writer, value.*field), ...); }, T::kFields);
  } else {
    value.EncodeTo(writer);
  }
}

template <class T>
void DecodeFrom(Reader& reader, T& value) {
  if constexpr (std::is_enum_v<T>) {
    // Enums are checked by the types that select on them: an unknown number may be none of ours.
    std::underlying_type_t<T> number{};
    DecodeFrom(reader, number);
    value = static_cast<T>(number);
  } else if constexpr (std::same_as<T, uint8_t>) {
    value = reader.U8();
  } else if constexpr (std::same_as<T, uint16_t>) {
    value = reader.U16();
  } else if constexpr (std::same_as<T, uint32_t>) {
    value = reader.U32();
  } else if constexpr (std::same_as<T, uint64_t>) {
    value = reader.U64();
  } else if constexpr (std::same_as<T, std::string> || std::same_as<T, WipedString>) {
    value = std::string(reader.Opaque());
  } else if constexpr (std::same_as<T, SecretBytes>) {
    value = SecretBytes::CopyOf(reader.Opaque());
  } else if constexpr (internal::kIsVector<T>) {
    Reader elements = reader.Elements();
    value.clear();
    while (elements.ok() && !elements.empty()) {
      if (value.size() == kMaxElements) elements.Fail(Fault::kTooManyElements);
      DecodeFrom(elements, value.emplace_back());
    }
    if (!elements.ok()) reader.Fail(elements.fault());
  } else if constexpr (internal::kIsOptional<T>) {
    const uint8_t present = reader.U8();
    if (present > 1) reader.Fail(Fault::kValueUnknown);
    value.reset();
    if (reader.ok() && present == 1) DecodeFrom(reader, value.emplace());
  } else if constexpr (requires { T::kFields; }) {
    std::apply([&](auto... field) { (DecodeFrom(reader, value.*field), ...); }, T::kFields);
  } else {
    value.DecodeFrom(reader);
  }
}

template <class T>
std::string Encode(const T& value) {
  Writer writer;
  EncodeInto(writer, value);
  return std::move(writer).Take();
}

// The same into memory that is wiped: for structs that carry secrets.
template <class T>
SecretBytes EncodeSecret(const T& value) {
  Writer writer;
  EncodeInto(writer, value);
  return SecretBytes::Take(std::move(writer).Take());
}

// All of `bytes` and nothing else.
template <class T>
absl::StatusOr<T> Decode(std::string_view bytes, size_t limit = kMaxMessageSize) {
  Reader reader(bytes, limit);
  T value{};
  DecodeFrom(reader, value);
  if (reader.ok() && !reader.empty()) reader.Fail(Fault::kTrailingBytes);
  if (!reader.ok()) return Refuse(reader.fault());
  return value;
}

}  // namespace amana::mls
