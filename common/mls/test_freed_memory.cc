#include "common/mls/test_freed_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "common/base/check.h"
#include "common/base/hex.h"
#include "common/base/secret.h"

namespace amana::mls {
namespace {

constexpr size_t kPiece = 16;
using Piece = std::array<char, kPiece>;

// Bytes one behind the other, in memory that is none of the heap.
class Store {
 public:
  explicit Store(size_t capacity) : capacity_(capacity) {
    void* const place = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    AMANA_CHECK(place != MAP_FAILED, "no memory to keep memory in");
    bytes_ = static_cast<char*>(place);
  }

  void Add(const void* bytes, size_t size) {
    AMANA_CHECK(size <= capacity_ - size_, "more was freed than can be kept");
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
    ++entries_;
  }
  void Clear() { size_ = entries_ = 0; }
  std::string_view bytes() const { return {bytes_, size_}; }
  size_t entries() const { return entries_; }

 private:
  size_t capacity_;
  char* bytes_;
  size_t size_ = 0;
  size_t entries_ = 0;
};

bool keeping = false;

Store& Freed() {
  static Store store(size_t{1} << 30);
  return store;
}
// Pieces of secrets.
Store& Pieces() {
  static Store store(size_t{1} << 26);
  return store;
}

void KeepSecret(std::string_view secret) {
  for (size_t at = 0; at + kPiece <= secret.size(); at += kPiece) {
    Pieces().Add(secret.data() + at, kPiece);
  }
  if (secret.size() % kPiece != 0 && secret.size() > kPiece) {
    Pieces().Add(secret.data() + secret.size() - kPiece, kPiece);
  }
}

// In order and each once. Zeros are nobody's secret.
std::vector<Piece> SortedPieces() {
  const std::string_view bytes = Pieces().bytes();
  std::vector<Piece> pieces(bytes.size() / kPiece);
  std::memcpy(pieces.data(), bytes.data(), bytes.size());
  std::sort(pieces.begin(), pieces.end());
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  std::erase(pieces, Piece{});
  return pieces;
}

uint32_t Beginning(const char* bytes) {
  return static_cast<uint8_t>(bytes[0]) << 16 | static_cast<uint8_t>(bytes[1]) << 8 |
         static_cast<uint8_t>(bytes[2]);
}

}  // namespace

FreedMemory::FreedMemory() {
  Freed().Clear();
  Pieces().Clear();
  keeping = true;
}

FreedMemory::~FreedMemory() { keeping = false; }

void FreedMemory::AddSecret(std::string_view bytes) { KeepSecret(bytes); }

std::vector<std::string> FreedMemory::Leaks() {
  keeping = false;
  const std::vector<Piece> pieces = SortedPieces();
  std::vector<bool> begins(1 << 24);  // most places need no more than a look into this
  for (const Piece& piece : pieces) begins[Beginning(piece.data())] = true;
  std::vector<std::string> leaks;
  const std::string_view freed = Freed().bytes();
  for (size_t at = 0; at + kPiece <= freed.size(); ++at) {
    if (!begins[Beginning(freed.data() + at)]) continue;
    Piece here;
    std::memcpy(here.data(), freed.data() + at, kPiece);
    if (!std::binary_search(pieces.begin(), pieces.end(), here)) continue;
    const size_t before = std::min<size_t>(at, 2 * kPiece);
    leaks.push_back(HexEncode(freed.substr(at - before, before)) + " [" +
                    HexEncode(freed.substr(at, kPiece)) + "] " +
                    HexEncode(freed.substr(at + kPiece, 2 * kPiece)));
    at += kPiece - 1;
  }
  return leaks;
}

size_t FreedMemory::blocks() { return Freed().entries(); }
size_t FreedMemory::secrets() { return Pieces().entries(); }

}  // namespace amana::mls

// --- What the linker puts in the place of operator new and of WipeMemory ------------------------

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker's own names, see --wrap
void __real__ZN5amana10WipeMemoryEPvm(void* data, size_t size) noexcept;

void __wrap__ZN5amana10WipeMemoryEPvm(void* data, size_t size) noexcept {
  constexpr size_t kKeySize = 32;
  constexpr size_t kSigningKeySize = 64;  // libsodium's, of which one half is the public key
  if (amana::mls::keeping && (size <= kKeySize || size == kSigningKeySize)) {
    amana::mls::KeepSecret({static_cast<const char*>(data), std::min(size, kKeySize)});
  }
  __real__ZN5amana10WipeMemoryEPvm(data, size);
}
// NOLINTEND(bugprone-reserved-identifier)
}

// Zeros, so that whatever stands in a block was written by whoever had it.
void* operator new(size_t size) {
  void* const block = std::calloc(1, std::max<size_t>(size, 1));
  AMANA_CHECK(block != nullptr, "no memory");
  return block;
}

void operator delete(void* block) noexcept {
  if (block != nullptr && amana::mls::keeping) {
    amana::mls::Freed().Add(block, malloc_usable_size(block));
  }
  std::free(block);
}

void* operator new[](size_t size) { return operator new(size); }
void operator delete[](void* block) noexcept { operator delete(block); }
void operator delete(void* block, size_t /*size*/) noexcept { operator delete(block); }
void operator delete[](void* block, size_t /*size*/) noexcept { operator delete(block); }
