#pragma once

// An array whose copies share what neither of them has changed since. A commit is worked out on a
// copy of a tree of thousands of nodes and changes a dozen of them: this makes both cheap.
//
// A value: two copies may be used by two threads, but one copy only by one at a time if it is
// changed.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace amana::mls {

template <class T>
class SharedArray {
 public:
  size_t size() const { return size_; }
  const T& operator[](size_t i) const { return (*blocks_[i / kBlock])[i % kBlock]; }

  void Set(size_t i, T value) { Own(i / kBlock)[i % kBlock] = std::move(value); }

  // What it grows by is T().
  void Resize(size_t size) {
    // The rest of the last block, for when it grows again.
    const size_t end = std::min(size_, (size + kBlock - 1) / kBlock * kBlock);
    for (size_t i = size; i < end; ++i) Set(i, T());
    const size_t before = blocks_.size();
    blocks_.resize((size + kBlock - 1) / kBlock);
    for (size_t b = before; b < blocks_.size(); ++b) blocks_[b] = std::make_shared<Block>();
    size_ = size;
  }

 private:
  static constexpr size_t kBlock = 64;
  using Block = std::array<T, kBlock>;

  // For this array alone.
  Block& Own(size_t b) {
    std::shared_ptr<Block>& block = blocks_[b];
    if (block.use_count() > 1) {
      block = std::make_shared<Block>(*block);
    } else {
      // Another thread may have let go of it a moment ago: what it read, it read before.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    return *block;
  }

  std::vector<std::shared_ptr<Block>> blocks_;
  size_t size_ = 0;
};

}  // namespace amana::mls
