#pragma once

// A device at work: its vault, and calls to the five services in its name.
//
//   AMANA_ASSIGN_OR_RETURN(auto session, Session::Open(home, passphrase, {}));
//   OpenCaseRequest request;
//   …
//   AMANA_ASSIGN_OR_RETURN(OpenCaseResponse response,
//                          session->Call(&IntakeService::Stub::OpenCase, request));
//
// A request that has a request_id and was given none gets a fresh one; Call sends the same bytes
// again until the deadline if a server does not answer, so that a service which is killed half way
// costs a pause and never does a thing twice. A Session belongs to one thread at a time.

#include <grpcpp/channel.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "amana/audit/v1/audit.grpc.pb.h"
#include "amana/common/v1/outbox.grpc.pb.h"
#include "amana/identity/v1/identity.grpc.pb.h"
#include "amana/intake/v1/intake.grpc.pb.h"
#include "amana/messaging/v1/messaging.grpc.pb.h"
#include "amana/referral/v1/directory.grpc.pb.h"
#include "amana/referral/v1/referral.grpc.pb.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/client/trust.h"
#include "common/client/vault.h"
#include "common/client/vault.pb.h"
#include "common/crypto/random.h"
#include "common/crypto/sign.h"
#include "common/rpc/call.h"

namespace amana::client {

// Which service a stub talks to.
template <class Stub>
inline constexpr const char* kServiceOf = nullptr;
template <>
inline constexpr const char* kServiceOf<identity::v1::IdentityService::Stub> = "identity";
template <>
inline constexpr const char* kServiceOf<intake::v1::IntakeService::Stub> = "intake";
template <>
inline constexpr const char* kServiceOf<referral::v1::DirectoryService::Stub> = "referral";
template <>
inline constexpr const char* kServiceOf<referral::v1::ReferralService::Stub> = "referral";
template <>
inline constexpr const char* kServiceOf<messaging::v1::MessagingService::Stub> = "messaging";
template <>
inline constexpr const char* kServiceOf<audit::v1::AuditService::Stub> = "audit";

struct SessionOptions {
  // For each call, all its attempts included.
  absl::Duration timeout = absl::Seconds(15);
};

inline std::string NewRequestId() {
  return NewId<RequestId>(crypto::SystemRandom::Instance()).bytes();
}

// The vault's file in a home folder.
std::string VaultPath(const std::string& home);

class Session {
 public:
  // Opens the vault and renews the TLS certificate if less than 8 h of its 24 are left.
  // kVaultLocked, kVaultCorrupt, or what the renewal met.
  static absl::StatusOr<std::unique_ptr<Session>> Open(const std::string& home,
                                                       std::string_view passphrase,
                                                       const SessionOptions& options);

  const v1::Profile& profile() const { return profile_; }
  const DeviceId& device() const { return device_; }
  const OrganisationId& organisation() const { return organisation_; }
  const crypto::SigningKey& signing_key() const { return signing_key_; }
  Vault& vault() { return *vault_; }

  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    static_assert(kServiceOf<Stub> != nullptr, "Name the service: CallOn.");
    return CallOn(kServiceOf<Stub>, method, request);
  }

  // For what several services serve alike (OutboxService).
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> CallOn(std::string_view service,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  const Request& request) {
    Stub stub(ChannelTo(service));
    const rpc::CallOptions options{.deadline = Deadline::After(options_.timeout)};
    if constexpr (requires(Request one) { one.set_request_id(std::string()); }) {
      if (request.request_id().empty()) {
        Request identified = request;
        identified.set_request_id(NewRequestId());
        return rpc::Call(stub, method, identified, options);
      }
    }
    return rpc::Call(stub, method, request, options);
  }

  // An organisation's devices, verified from the network's root key down. kTrustChainBroken.
  absl::StatusOr<TrustedOrganisation> Trust(const OrganisationId& organisation);

 private:
  Session(std::unique_ptr<Vault> vault, v1::Profile profile, crypto::SigningKey signing_key,
          SecretBytes transport_key, const SessionOptions& options);
  absl::Status RenewCertificateIfDue();
  std::shared_ptr<grpc::Channel> ChannelTo(std::string_view service);

  std::unique_ptr<Vault> vault_;
  v1::Profile profile_;
  DeviceId device_;
  OrganisationId organisation_;
  crypto::SigningKey signing_key_;
  SecretBytes transport_key_;
  SessionOptions options_;
  std::map<std::string, std::shared_ptr<grpc::Channel>, std::less<>> channels_;
};

}  // namespace amana::client
