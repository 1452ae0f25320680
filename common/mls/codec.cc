#include "common/mls/codec.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace amana::mls {
namespace {

constexpr size_t kMaxLength = (size_t{1} << 30) - 1;  // section 2.1.2: 30 bits

// What grows is likely to get a length in front, or some small fields more.
constexpr size_t kSlack = 64;

}  // namespace

void Writer::Grow(size_t more) {
  GrowString(out_, std::max(2 * out_.capacity(), out_.size() + more + kSlack));
}

// In its shortest form: 6, 14 or 30 bits behind two that say which.
void Writer::Length(size_t length) {
  AMANA_CHECK(length <= kMaxLength, "a vector that is too long for MLS");
  if (length < (1 << 6)) return U8(static_cast<uint8_t>(length));
  if (length < (1 << 14)) return U16(static_cast<uint16_t>(length | 0x4000));
  U32(static_cast<uint32_t>(length | 0x8000'0000));
}

void Writer::PrefixLength(size_t start) {
  const size_t end = out_.size();
  Length(end - start);
  char prefix[4];
  const size_t size = out_.copy(prefix, sizeof(prefix), end);
  out_.resize(end);
  out_.insert(start, prefix, size);  // into the room that there is now
}

uint64_t Reader::Integer(size_t size) {
  uint64_t value = 0;
  for (const char byte : Raw(size)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

std::string_view Reader::Raw(size_t size) {
  if (size > rest_.size()) {
    Fail(Fault::kTruncated);
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

size_t Reader::Length() {
  const uint8_t first = U8();
  size_t length = first & 0x3f;
  switch (first >> 6) {
    case 0:
      return length;
    case 1:
      length = length << 8 | U8();
      if (length < (1 << 6)) Fail(Fault::kLengthNotMinimal);
      break;
    case 2:
      length = length << 24 | Integer(3);
      if (length < (1 << 14)) Fail(Fault::kLengthNotMinimal);
      break;
    default:
      Fail(Fault::kLengthInvalid);
  }
  return ok() ? length : 0;
}

}  // namespace amana::mls
