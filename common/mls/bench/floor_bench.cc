#include <benchmark/benchmark.h>
#include <sodium.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include "common/base/check.h"
#include "common/crypto/hash.h"
#include "common/mls/bench/floor.h"
#include "common/mls/bench/measure.h"

namespace amana::mls {
namespace {

using enum Primitive;

// --- Formulas. H is HMAC-SHA256: HKDF-Extract is one H, HKDF-Expand one H for each 32 bytes, and
// so are ExpandWithLabel, DeriveSecret (RFC 9420, section 8) and LabeledExtract, LabeledExpand (RFC
// 9180, section 4). Inputs of at most 64 bytes are counted as 64.

constexpr double kShort = 64;
constexpr double kPathSecret = 32;
constexpr double kSignatureLabels = 32;  // bytes of SignContent around the content (section 5.1.2)

// RFC 9180, section 7.1.3: dkp_prk, sk, and the public key.
Calls DeriveKeyPair() { return Calls().Add(kHmac, 2, kShort).Add(kX25519Base); }

// RFC 9180, sections 4.1 and 5.1: eae_prk, shared_secret; secret, key, base_nonce. The exporter's
// secret is not needed, and the hash of the empty psk_id is a constant.
Calls HpkeSchedule() { return Calls().Add(kHmac, 5, 96); }
Calls HpkeSeal(double bytes) {
  return Calls().Add(kX25519Base).Add(kX25519).Add(HpkeSchedule()).Add(kAead, 1, bytes);
}
Calls HpkeOpen(double bytes) {
  return Calls().Add(kX25519).Add(HpkeSchedule()).Add(kAead, 1, bytes);
}
// info_hash, once for all recipients.
Calls HpkeContext(double bytes) { return Calls().Add(kHmac, 1, bytes); }

// Section 7.4: for each node its node_secret and key pair, and the path_secret that follows.
Calls NodeKeys(double nodes) {
  return Calls().Add(DeriveKeyPair(), nodes).Add(kHmac, 2 * nodes, kShort);
}

// Section 7.8. A parent: 2 bytes, optional<ParentNode> of about 70, and two hashes.
Calls LeafHashes(const Shape& shape, double leaves) {
  return Calls().Add(kHash, leaves, shape.leaf + 6);
}
Calls ParentHashInputs(double parents) { return Calls().Add(kHash, parents, 140); }
// Section 7.9: encryption_key, parent_hash, original_sibling_tree_hash.
Calls ParentHashes(double parents) { return Calls().Add(kHash, parents, 99); }

// Sections 8 and 8.2 for a commit without pre-shared keys: both transcript hashes; from the init
// secret to the joiner secret 2 H, from there over the member secret to the epoch secret 2 H, nine
// secrets out of it, and the confirmation tag.
Calls NextEpoch(const Shape& shape, const CommitShape& commit) {
  return Calls()
      .Add(kHash, 1, commit.message)
      .Add(kHash, 1, 65)
      .Add(kHmac, 2, kShort)
      .Add(kHmac, 2, shape.context)
      .Add(kHmac, 9, kShort)
      .Add(kHmac, 1, kShort);
}

// Section 9 for a sender's first message of an epoch: both children of each node on the way down,
// since the node itself must go; then the two ratchets.
Calls FirstUse(const Shape& shape) { return Calls().Add(kHmac, 2 * shape.levels + 2, kShort); }
// Section 9.1: key, nonce, next secret. Section 6.3: the content; key and nonce for the sender's
// data, and these 12 bytes.
Calls PrivateFraming(double bytes) {
  return Calls().Add(kHmac, 3, kShort).Add(kAead, 1, bytes).Add(kHmac, 2, kShort).Add(kAead, 1, 12);
}

// The tree hashes above and at what a commit changed, and its path's parent hashes.
Calls TreeChanges(const Shape& shape, const CommitShape& commit) {
  return Calls()
      .Add(LeafHashes(shape, commit.adds + (commit.path ? 1 : 0)))
      .Add(ParentHashInputs(commit.touched))
      .Add(ParentHashes(commit.path_nodes));
}

// Section 10.1: the leaf's signature and the key package's.
Calls VerifyAdds(const Shape& shape, const CommitShape& commit) {
  return Calls().Add(kVerify, commit.adds, shape.leaf).Add(kVerify, commit.adds, shape.key_package);
}

// --- Prices.

std::function<void()> CallOf(Primitive primitive, size_t bytes) {
  struct Buffers {
    std::string in, out, key = std::string(32, 'k');
    unsigned char private_key[32], point[32], shared[32];
    unsigned char public_key[32], secret_key[64], signature[64];
    const unsigned char* message() const {
      return reinterpret_cast<const unsigned char*>(in.data());
    }
    unsigned char* sink() { return reinterpret_cast<unsigned char*>(out.data()); }
  };
  auto b = std::make_shared<Buffers>();
  b->in = std::string(bytes, 'x');
  b->out = std::string(bytes + crypto_aead_chacha20poly1305_ietf_ABYTES, '\0');
  randombytes_buf(b->private_key, sizeof(b->private_key));
  crypto_scalarmult_base(b->point, b->private_key);
  crypto_sign_keypair(b->public_key, b->secret_key);
  crypto_sign_detached(b->signature, nullptr, b->message(), bytes, b->secret_key);
  switch (primitive) {
    case kX25519Base:
      return [b] { crypto_scalarmult_base(b->shared, b->private_key); };
    case kX25519:
      return [b] {
        AMANA_CHECK(crypto_scalarmult(b->shared, b->private_key, b->point) == 0, "X25519");
      };
    case kSign:
      return [b, bytes] {
        crypto_sign_detached(b->signature, nullptr, b->message(), bytes, b->secret_key);
      };
    case kVerify:
      return [b, bytes] {
        AMANA_CHECK(
            crypto_sign_verify_detached(b->signature, b->message(), bytes, b->public_key) == 0,
            "a signature");
      };
    case kAead:
      return [b, bytes] {
        crypto_aead_chacha20poly1305_ietf_encrypt(b->sink(), nullptr, b->message(), bytes, nullptr,
                                                  0, nullptr, b->signature, b->private_key);
      };
    // libsodium's SHA-256 is not what a modern processor can do: with it the floor would be too
    // high.
    case kHmac:
      return [b] { benchmark::DoNotOptimize(crypto::HmacSha256(b->key, b->in)); };
    case kHash:
      return [b] { benchmark::DoNotOptimize(crypto::Sha256(b->in)); };
  }
  return {};
}

}  // namespace

void Prices::Measure() {
  AMANA_CHECK(sodium_init() >= 0, "libsodium does not start");
  for (size_t p = 0; p < kPrimitives; ++p) {
    const auto primitive = static_cast<Primitive>(p);
    const bool sized = primitive != kX25519Base && primitive != kX25519;
    for (size_t s = 0; s < kSizes.size(); ++s) {
      double& price = micros_[p][s];
      const double now =
          sized || s == 0 ? MedianMicrosOf("floor", CallOf(primitive, kSizes[s])) : micros_[p][0];
      price = price == 0 ? now : std::min(price, now);
    }
  }
}

double Prices::MicrosOf(Primitive primitive, double bytes) const {
  const auto& micros = micros_[static_cast<size_t>(primitive)];
  const size_t low = bytes < static_cast<double>(kSizes[1]) ? 0 : 1;
  const auto from = static_cast<double>(kSizes[low]);
  const auto to = static_cast<double>(kSizes[low + 1]);
  const double share = (std::max(bytes, kShort) - from) / (to - from);
  return micros[low] + share * (micros[low + 1] - micros[low]);
}

double Prices::MicrosOf(const Calls& calls) const {
  double micros = 0;
  for (const auto& call : calls.entries_) {
    micros += call.count * MicrosOf(call.primitive, call.bytes);
  }
  return micros;
}

Calls& Calls::Add(Primitive primitive, double count, double bytes) {
  entries_.push_back({primitive, count, bytes});
  return *this;
}

Calls& Calls::Add(const Calls& others, double times) {
  for (const Entry& other : others.entries_) {
    entries_.push_back({other.primitive, other.count * times, other.bytes});
  }
  return *this;
}

// --- Operations.

// Section 10: two fresh key pairs, which need no derivation, and two signatures.
Calls KeyPackageFloor(const Shape& shape) {
  return Calls().Add(kX25519Base, 2).Add(kSign, 1, shape.leaf).Add(kSign, 1, shape.key_package);
}

// Section 11: nine secrets, the confirmation tag, the interim transcript hash, one tree hash.
Calls CreateFloor(const Shape& shape) {
  return Calls().Add(kHmac, 10, kShort).Add(kHash, 1, 64).Add(LeafHashes(shape, 1));
}

// Section 12.4.1.
Calls CommitFloor(const Shape& shape, const CommitShape& commit) {
  Calls calls;
  calls.Add(VerifyAdds(shape, commit)).Add(TreeChanges(shape, commit));
  if (commit.path) {
    // The leaf's own key pair is fresh and needs no derivation.
    calls.Add(kX25519Base)
        .Add(NodeKeys(commit.path_nodes))
        .Add(kSign, 1, shape.leaf + kSignatureLabels)
        .Add(HpkeContext(shape.context))
        .Add(HpkeSeal(kPathSecret), commit.path_seals);
  }
  calls.Add(kSign, 1, commit.message + shape.context + kSignatureLabels)
      .Add(NextEpoch(shape, commit))
      .Add(FirstUse(shape))
      .Add(PrivateFraming(commit.message));
  if (commit.group_info > 0) {
    // Section 12.4.3.1: welcome secret, key, nonce; the group info signed and sealed, and for each
    // newcomer its secrets (two of 32 bytes), about the sealed group info, and its key package's
    // name.
    calls.Add(kHmac, 3, kShort)
        .Add(kSign, 1, commit.group_info + kSignatureLabels)
        .Add(kAead, 1, commit.group_info)
        .Add(HpkeContext(commit.group_info))
        .Add(HpkeSeal(commit.path ? 70 : 36), commit.adds)
        .Add(kHash, commit.adds, shape.key_package);
  }
  return calls;
}

// Section 12.4.2.
Calls ProcessFloor(const Shape& shape, const CommitShape& commit, double shared) {
  Calls calls;
  calls.Add(FirstUse(shape))
      .Add(PrivateFraming(commit.message))
      .Add(kVerify, 1, commit.message + shape.context + kSignatureLabels)
      .Add(VerifyAdds(shape, commit))
      .Add(TreeChanges(shape, commit));
  if (commit.path) {
    calls.Add(kVerify, 1, shape.leaf + kSignatureLabels)
        .Add(HpkeContext(shape.context))
        .Add(HpkeOpen(kPathSecret))
        .Add(NodeKeys(shared));
  }
  return calls.Add(NextEpoch(shape, commit));
}

// Section 12.4.3.1: the secrets; the group info; every leaf; every parent hash once (whether a node
// chains through its other child, too, can mostly be told from the resolution).
Calls JoinFloor(const Shape& shape, double group_info, double shared) {
  return Calls()
      .Add(kHash, 1, shape.key_package)
      .Add(HpkeContext(group_info))
      .Add(HpkeOpen(shared > 0 ? 70 : 36))
      .Add(kHmac, 4, kShort)
      .Add(kAead, 1, group_info)
      .Add(kVerify, 1, group_info + kSignatureLabels)
      .Add(kVerify, shape.members, shape.leaf + kSignatureLabels)
      .Add(LeafHashes(shape, shape.members))
      .Add(ParentHashInputs(shape.members - 1))
      .Add(ParentHashes(shape.parents))
      .Add(NodeKeys(shared))
      .Add(kHmac, 1, shape.context)
      .Add(kHmac, 10, kShort)
      .Add(kHash, 1, 65);
}

// Section 6.3, in an epoch in which the sender has sent before.
Calls EncryptFloor(const Shape& shape, double bytes) {
  return Calls().Add(kSign, 1, bytes + shape.context + kSignatureLabels).Add(PrivateFraming(bytes));
}
Calls DecryptFloor(const Shape& shape, double bytes) {
  return Calls()
      .Add(PrivateFraming(bytes))
      .Add(kVerify, 1, bytes + shape.context + kSignatureLabels);
}

}  // namespace amana::mls
