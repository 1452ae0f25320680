// Keys for this library's tests: the same on every run.
#pragma once

#include <string>
#include <utility>

#include "common/merkle/checkpoint.h"
#include "common/merkle/note.h"

namespace amana::merkle {

inline constexpr char kTestOrigin[] = "audit.example.org/log1";

inline NoteSigner TestSigner(std::string name, NoteKeyType type, char seed) {
  return *NoteSigner::Create(std::move(name), type,
                             *crypto::SigningKey::FromSeed(std::string(32, seed)));
}
inline NoteSigner TestLog() { return TestSigner(kTestOrigin, NoteKeyType::kEd25519, 'L'); }
inline NoteSigner TestWitness(char seed) {
  return TestSigner(std::string("witness.example.org/") + seed, NoteKeyType::kCosignature, seed);
}

inline absl::Time TestTime() { return absl::FromUnixSeconds(1'700'000'000); }

}  // namespace amana::merkle
