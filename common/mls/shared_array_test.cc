#include "common/mls/shared_array.h"

#include <gtest/gtest.h>

#include <memory>

namespace amana::mls {
namespace {

using Array = SharedArray<std::shared_ptr<int>>;

TEST(SharedArray, CopiesDoNotSeeEachOthersChanges) {
  Array array;
  array.Resize(200);
  for (size_t i = 0; i < array.size(); ++i)
    array.Set(i, std::make_shared<int>(static_cast<int>(i)));
  Array copy = array;
  copy.Set(70, nullptr);
  array.Set(71, nullptr);
  EXPECT_EQ(*array[70], 70);
  EXPECT_EQ(copy[70], nullptr);
  EXPECT_EQ(*copy[71], 71);
  EXPECT_EQ(array[71], nullptr);
}

TEST(SharedArray, CopiesShareWhatNeitherChanged) {
  Array array;
  array.Resize(200);
  const auto element = std::make_shared<int>(1);
  array.Set(0, element);
  Array copy = array;
  copy.Set(199, nullptr);
  EXPECT_EQ(element.use_count(), 2);
  copy.Set(1, nullptr);  // in the block of the element
  EXPECT_EQ(element.use_count(), 3);
}

TEST(SharedArray, WhatIsCutOffDoesNotComeBack) {
  Array array;
  array.Resize(200);
  for (size_t i = 0; i < array.size(); ++i) array.Set(i, std::make_shared<int>(1));
  const Array before = array;
  for (const size_t size : {130, 128, 65, 1, 0}) {
    array.Resize(size);
    array.Resize(200);
    for (size_t i = 0; i < array.size(); ++i) {
      EXPECT_EQ(array[i] != nullptr, i < size) << i << " after " << size;
    }
  }
  EXPECT_NE(before[199], nullptr);
}

}  // namespace
}  // namespace amana::mls
