#pragma once

// Vectors of our own making, in the format of the official passive-client-*.json, so that others
// can show that they read what this library writes: passive_test.cc does, and another
// implementation (tests/interop/mls/vectors_test.cc). A client is added to a group and follows it
// through one epoch of each kind that kEpochs in test_made_vectors.cc lists, in an order that is
// drawn.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace amana::mls {

// One case for each way into a group: with or without the tree in the welcome, keys of the path,
// pre-shared keys.
inline constexpr size_t kMadeVectors = 8;

// The same seed gives the same bytes.
std::vector<nlohmann::json> MakePassiveVectors(uint64_t seed);

}  // namespace amana::mls
