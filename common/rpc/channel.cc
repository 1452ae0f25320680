#include "common/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <functional>
#include <utility>
#include <vector>

#include "common/rpc/grpc_setup.h"
#include "common/rpc/spiffe.h"

namespace amana::rpc {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kReloadSeconds = 1;

// Accepts the server if its certificate (whose chain gRPC has verified) has one SPIFFE id, the
// expected one.
class SpiffeVerifier final : public tls::ExternalCertificateVerifier {
 public:
  explicit SpiffeVerifier(std::string expected) : expected_(std::move(expected)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const std::vector<grpc::string_ref> names = request->uri_names();
    const bool same = names.size() == 1 && names[0] == grpc::string_ref(expected_);
    *sync_status =
        same ? grpc::Status::OK : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "another server");
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string expected_;
};

struct Provider {
  std::shared_ptr<tls::CertificateProviderInterface> provider;
  bool with_identity;
};

Provider MakeProvider(const TlsFiles& files) {
  const std::string ca = files.directory + "/ca.pem";
  if (!files.with_identity) {
    return {std::make_shared<tls::FileWatcherCertificateProvider>(ca, kReloadSeconds), false};
  }
  return {std::make_shared<tls::FileWatcherCertificateProvider>(
              files.directory + "/key.pem", files.directory + "/cert.pem", ca, kReloadSeconds),
          true};
}

Provider MakeProvider(const TlsPem& pem) {
  if (pem.certificate.empty()) {
    return {std::make_shared<tls::StaticDataCertificateProvider>(pem.ca), false};
  }
  const std::vector<tls::IdentityKeyCertPair> pairs = {{pem.key, pem.certificate}};
  return {std::make_shared<tls::StaticDataCertificateProvider>(pem.ca, pairs), true};
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const ChannelOptions& options) {
  const Provider made = std::visit([](const auto& tls) { return MakeProvider(tls); }, options.tls);
  tls::TlsChannelCredentialsOptions credentials;
  credentials.set_certificate_provider(made.provider);
  credentials.watch_root_certs();
  if (made.with_identity) credentials.watch_identity_key_cert_pairs();
  credentials.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<SpiffeVerifier>(
      ServiceSpiffeId(options.network, options.service)));
  // The host of a call would be compared with DNS names; the SPIFFE id takes their place.
  credentials.set_check_call_host(false);
  return tls::TlsCredentials(credentials);
}

}  // namespace

std::shared_ptr<grpc::Channel> MakeChannel(const ChannelOptions& options) {
  SetUpGrpc();
  grpc::ChannelArguments arguments;
  // A killed server is back within a second or two; gRPC's own pauses grow to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // In spite of its name, the least time that one attempt to connect may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  // Notices a peer that is gone without a word; servers allow a ping every 10 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // call.h retries, and counts what it does
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, options.own_connection ? 1 : 0);
  return grpc::CreateCustomChannel(options.address, MakeCredentials(options), arguments);
}

}  // namespace amana::rpc
