#pragma once

// Certificates for the transport (target amana_x509): Ed25519, X.509 v3, one CA per network, leaves
// that live a day. They say who is at the other end of a connection and nothing more: trust in
// content has its own keys (sign.h). Everything here is thread-safe on its own objects; keys are
// never shared while being moved.
//
// Errors: kCertificateRequestInvalid for a request, kInputMalformed for another PEM that is none of
// ours, kSignatureInvalid for a certificate that the CA did not issue.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/secret.h"

namespace amana::crypto {

// The most that is parsed as one PEM.
inline constexpr size_t kMaxPemSize = size_t{16} * 1024;

// An Ed25519 key for TLS. Move-only; OpenSSL wipes it.
class TransportKey {
 public:
  static TransportKey Generate();
  // PKCS #8 PEM.
  static absl::StatusOr<TransportKey> FromPem(std::string_view pem);

  TransportKey(TransportKey&&) noexcept;
  TransportKey& operator=(TransportKey&&) noexcept;
  ~TransportKey();

  // PKCS #8, not encrypted: goes to WritePrivateFile (common/base/files.h) and nowhere else.
  SecretBytes ToPem() const;

  // 32 bytes.
  std::string public_key() const;

 private:
  friend class X509Access;
  struct Impl;
  explicit TransportKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A PKCS #10 request, PEM. Its subject is empty: who the certificate is for is decided by the
// issuer.
std::string CreateCertificateRequest(const TransportKey& key);

// The 32 bytes of the request's Ed25519 public key, after its signature by that key has been
// checked.
absl::StatusOr<std::string> VerifyCertificateRequest(std::string_view pem);

// What a certificate says.
struct CertificateInfo {
  std::string common_name;              // of the subject: the network id of a CA, "leaf" of a leaf
  std::vector<std::string> spiffe_ids;  // URI names, "spiffe://…" only
  std::vector<std::string> dns_names;
  absl::Time not_before;
  absl::Time not_after;
  std::string public_key;  // 32 bytes; empty if it is not Ed25519
  bool is_ca = false;
};

// Parses the first certificate of a PEM. Checks no signature and no date.
absl::StatusOr<CertificateInfo> ParseCertificate(std::string_view pem);

// What a leaf shall say.
struct LeafRequest {
  std::string public_key;               // 32 bytes
  std::vector<std::string> spiffe_ids;  // at least one, "spiffe://…"
  std::vector<std::string> dns_names;   // for servers
  absl::Time not_before;                // whole seconds
  absl::Time not_after;
};

// The network's certificate authority. Const functions are thread-safe.
class CertificateAuthority {
 public:
  // A self-signed one: CN = network id, critical CA:TRUE with path length 0, key usage:
  // certificates only.
  static absl::StatusOr<CertificateAuthority> Create(std::string_view network_id, TransportKey key,
                                                     absl::Time not_before, absl::Time not_after);

  // kInputMalformed unless the certificate is of a CA and belongs to the key.
  static absl::StatusOr<CertificateAuthority> Load(std::string_view certificate_pem,
                                                   std::string_view key_pem);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  // A leaf for TLS client and server, PEM, with a serial of 128 random bits. It ends with the CA at
  // the latest. kCertificateRequestInvalid if the request has no valid key, no SPIFFE id, a name
  // with other characters than such a name has, or no time in which it is valid.
  absl::StatusOr<std::string> Issue(const LeafRequest& request) const;

  const std::string& certificate_pem() const { return certificate_pem_; }
  const TransportKey& key() const { return key_; }

 private:
  CertificateAuthority(TransportKey key, std::string certificate_pem);

  TransportKey key_;
  std::string certificate_pem_;
};

// Ok if `certificate_pem` was signed by the CA whose certificate is `ca_pem` and `now` is within
// the dates of both.
absl::Status VerifyIssued(std::string_view certificate_pem, std::string_view ca_pem,
                          absl::Time now);

}  // namespace amana::crypto
