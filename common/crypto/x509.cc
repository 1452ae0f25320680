#include "common/crypto/x509.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "common/base/check.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"

namespace amana::crypto {
namespace {

constexpr size_t kPublicKeySize = 32;
constexpr int kSerialBytes = 16;
constexpr size_t kMaxCommonNameSize = 64;  // RFC 5280's ub-common-name
constexpr size_t kMaxNameSize = 253;  // a DNS name's longest text; SPIFFE ids of ours are shorter
constexpr size_t kMaxNames = 16;
constexpr std::string_view kSpiffePrefix = "spiffe://";

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
using Store = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

// OpenSSL keeps errors in a queue of the thread, which the thread's TLS would read as its own.
struct ErrorQueue {
  ErrorQueue() = default;
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
  ~ErrorQueue() { ERR_clear_error(); }
};

// For calls that fail only without memory.
void Check(bool ok) { AMANA_CHECK(ok, "OpenSSL failed"); }

absl::Status Malformed() { return Error(Reason::kInputMalformed); }
absl::Status BadRequest() { return Error(Reason::kCertificateRequestInvalid); }

// Never asks a terminal for a passphrase: an encrypted key is just not one of ours.
int NoPassphrase(char*, int, int, void*) { return -1; }

// Null unless the text is small enough to be looked at.
Bio ReadFrom(std::string_view pem) {
  if (pem.size() > kMaxPemSize) return nullptr;
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::string_view ContentOf(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

// Empty if the key is not Ed25519.
std::string PublicKeyOf(const EVP_PKEY* key) {
  std::string bytes(kPublicKeySize, '\0');
  size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size) !=
          1) {
    return {};
  }
  return bytes;
}

Certificate ParseX509(std::string_view pem) {
  const Bio bio = ReadFrom(pem);
  return bio == nullptr ? nullptr
                        : Certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
}

std::string ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  Check(bio != nullptr && PEM_write_bio_X509(bio.get(), certificate) == 1);
  return std::string(ContentOf(bio));
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string CommonNameOf(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? std::string()
                : TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

void ReadNames(const X509* certificate, CertificateInfo& info) {
  const GeneralNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) info.dns_names.push_back(TextOf(name->d.dNSName));
    if (name->type != GEN_URI) continue;
    std::string uri = TextOf(name->d.uniformResourceIdentifier);
    if (uri.starts_with(kSpiffePrefix)) info.spiffe_ids.push_back(std::move(uri));
  }
}

CertificateInfo InfoOf(X509* certificate) {
  CertificateInfo info;
  info.common_name = CommonNameOf(certificate);
  ReadNames(certificate, info);
  info.not_before = TimeOf(X509_get0_notBefore(certificate));
  info.not_after = TimeOf(X509_get0_notAfter(certificate));
  info.public_key = PublicKeyOf(X509_get0_pubkey(certificate));
  info.is_ca = X509_check_ca(certificate) == 1;
  return info;
}

// What every certificate of ours has: version 3, a random serial, its dates and its key.
Certificate NewCertificate(absl::Time not_before, absl::Time not_after, EVP_PKEY* public_key) {
  Certificate certificate(X509_new());
  std::array<unsigned char, kSerialBytes> serial;
  Check(certificate != nullptr && RAND_bytes(serial.data(), static_cast<int>(serial.size())) == 1);
  const BigNumber number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  Check(X509_set_version(certificate.get(), X509_VERSION_3) == 1 && number != nullptr &&
        BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr &&
        ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(not_before)) !=
            nullptr &&
        ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(not_after)) != nullptr &&
        X509_set_pubkey(certificate.get(), public_key) == 1);
  return certificate;
}

void AddToName(X509_NAME* name, const char* field, std::string_view text) {
  Check(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()), -1, 0) == 1);
}

// `value` is in OpenSSL's little language: constants of this file only.
void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  Check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void AddName(GENERAL_NAMES* names, int type, std::string_view text) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  Check(name != nullptr && value != nullptr &&
        ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
  GENERAL_NAME_set0_value(name, type, value);
  Check(sk_GENERAL_NAME_push(names, name) > 0);
}

void AddNames(X509* certificate, const LeafRequest& request) {
  const GeneralNames names(GENERAL_NAMES_new());
  Check(names != nullptr);
  for (const std::string& id : request.spiffe_ids) AddName(names.get(), GEN_URI, id);
  for (const std::string& dns : request.dns_names) AddName(names.get(), GEN_DNS, dns);
  Check(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) ==
        1);
}

bool OnlyHas(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool IsSpiffeId(std::string_view id) {
  return id.starts_with(kSpiffePrefix) && id.size() > kSpiffePrefix.size() &&
         id.size() <= kMaxNameSize && OnlyHas(id.substr(kSpiffePrefix.size()), "-._/");
}

bool IsDnsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameSize && OnlyHas(name, "-.");
}

bool HasValidNames(const LeafRequest& request) {
  return !request.spiffe_ids.empty() &&
         request.spiffe_ids.size() + request.dns_names.size() <= kMaxNames &&
         std::all_of(request.spiffe_ids.begin(), request.spiffe_ids.end(), IsSpiffeId) &&
         std::all_of(request.dns_names.begin(), request.dns_names.end(), IsDnsName);
}

}  // namespace

struct TransportKey::Impl {
  Key key;
};

// Lets this file at a key's insides without putting OpenSSL into the header.
class X509Access {
 public:
  static TransportKey Wrap(Key key) {
    return TransportKey(std::make_unique<TransportKey::Impl>(TransportKey::Impl{std::move(key)}));
  }
  static EVP_PKEY* Get(const TransportKey& key) {
    AMANA_CHECK(key.impl_ != nullptr, "a transport key that was moved away");
    return key.impl_->key.get();
  }
};

TransportKey::TransportKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TransportKey::TransportKey(TransportKey&&) noexcept = default;
TransportKey& TransportKey::operator=(TransportKey&&) noexcept = default;
TransportKey::~TransportKey() = default;

TransportKey TransportKey::Generate() {
  const KeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  EVP_PKEY* key = nullptr;
  Check(context != nullptr && EVP_PKEY_keygen_init(context.get()) == 1 &&
        EVP_PKEY_keygen(context.get(), &key) == 1);
  return X509Access::Wrap(Key(key));
}

absl::StatusOr<TransportKey> TransportKey::FromPem(std::string_view pem) {
  const ErrorQueue errors;
  const Bio bio = ReadFrom(pem);
  if (bio == nullptr) return Malformed();
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (PublicKeyOf(key.get()).empty()) return Malformed();
  return X509Access::Wrap(std::move(key));
}

SecretBytes TransportKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_secmem()));  // wiped when freed
  Check(bio != nullptr && PEM_write_bio_PKCS8PrivateKey(bio.get(), X509Access::Get(*this), nullptr,
                                                        nullptr, 0, nullptr, nullptr) == 1);
  return SecretBytes::CopyOf(ContentOf(bio));
}

std::string TransportKey::public_key() const { return PublicKeyOf(X509Access::Get(*this)); }

std::string CreateCertificateRequest(const TransportKey& key) {
  const Request request(X509_REQ_new());
  const Bio bio(BIO_new(BIO_s_mem()));
  Check(request != nullptr && bio != nullptr &&
        X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_pubkey(request.get(), X509Access::Get(key)) == 1 &&
        X509_REQ_sign(request.get(), X509Access::Get(key), nullptr) > 0 &&
        PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1);
  return std::string(ContentOf(bio));
}

absl::StatusOr<std::string> VerifyCertificateRequest(std::string_view pem) {
  const ErrorQueue errors;
  const Bio bio = ReadFrom(pem);
  if (bio == nullptr) return BadRequest();
  const Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, NoPassphrase, nullptr));
  if (request == nullptr) return BadRequest();
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  std::string public_key = PublicKeyOf(key);
  if (public_key.empty() || X509_REQ_verify(request.get(), key) != 1) return BadRequest();
  return public_key;
}

absl::StatusOr<CertificateInfo> ParseCertificate(std::string_view pem) {
  const ErrorQueue errors;
  const Certificate certificate = ParseX509(pem);
  if (certificate == nullptr) return Malformed();
  return InfoOf(certificate.get());
}

CertificateAuthority::CertificateAuthority(TransportKey key, std::string certificate_pem)
    : key_(std::move(key)), certificate_pem_(std::move(certificate_pem)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(std::string_view network_id,
                                                                  TransportKey key,
                                                                  absl::Time not_before,
                                                                  absl::Time not_after) {
  const ErrorQueue errors;
  if (network_id.empty() || network_id.size() > kMaxCommonNameSize || !OnlyHas(network_id, "-.") ||
      not_after <= not_before) {
    return Malformed();
  }
  EVP_PKEY* const pkey = X509Access::Get(key);
  const Certificate certificate = NewCertificate(not_before, not_after, pkey);
  X509* const x = certificate.get();
  AddToName(X509_get_subject_name(x), "CN", network_id);
  Check(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
  AddExtension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(x, x, NID_key_usage, "critical,keyCertSign");
  AddExtension(x, x, NID_subject_key_identifier, "hash");
  Check(X509_sign(x, pkey, nullptr) > 0);
  return CertificateAuthority(std::move(key), ToPem(x));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Load(std::string_view certificate_pem,
                                                                std::string_view key_pem) {
  AMANA_ASSIGN_OR_RETURN(TransportKey key, TransportKey::FromPem(key_pem));
  AMANA_ASSIGN_OR_RETURN(const CertificateInfo info, ParseCertificate(certificate_pem));
  if (!info.is_ca || info.public_key != key.public_key()) return Malformed();
  return CertificateAuthority(std::move(key), std::string(certificate_pem));
}

absl::StatusOr<std::string> CertificateAuthority::Issue(const LeafRequest& request) const {
  const ErrorQueue errors;
  const Certificate issuer = ParseX509(certificate_pem_);
  AMANA_CHECK(issuer != nullptr, "a CA without its certificate");
  if (request.public_key.size() != kPublicKeySize || !HasValidNames(request)) return BadRequest();
  const absl::Time not_after =
      std::min(request.not_after, TimeOf(X509_get0_notAfter(issuer.get())));
  if (not_after <= request.not_before) return BadRequest();
  const Key public_key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(request.public_key.data()),
      request.public_key.size()));
  if (public_key == nullptr) return BadRequest();

  const Certificate certificate = NewCertificate(request.not_before, not_after, public_key.get());
  X509* const x = certificate.get();
  // Says nothing: who it is for stands in the SPIFFE id. Two parts, so that it never equals a CA's
  // name.
  AddToName(X509_get_subject_name(x), "O", "amana");
  AddToName(X509_get_subject_name(x), "CN", "leaf");
  Check(X509_set_issuer_name(x, X509_get_subject_name(issuer.get())) == 1);
  AddExtension(x, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(x, issuer.get(), NID_key_usage, "critical,digitalSignature");
  AddExtension(x, issuer.get(), NID_ext_key_usage, "clientAuth,serverAuth");
  AddExtension(x, issuer.get(), NID_authority_key_identifier, "keyid:always");
  AddNames(x, request);
  Check(X509_sign(x, X509Access::Get(key_), nullptr) > 0);
  return ToPem(x);
}

absl::Status VerifyIssued(std::string_view certificate_pem, std::string_view ca_pem,
                          absl::Time now) {
  const ErrorQueue errors;
  const Certificate certificate = ParseX509(certificate_pem);
  const Certificate ca = ParseX509(ca_pem);
  if (certificate == nullptr || ca == nullptr) return Malformed();
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  Check(store != nullptr && context != nullptr && X509_STORE_add_cert(store.get(), ca.get()) == 1 &&
        X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr) == 1);
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(now));
  return X509_verify_cert(context.get()) == 1 ? absl::OkStatus() : Error(Reason::kSignatureInvalid);
}

}  // namespace amana::crypto
