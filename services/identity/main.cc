// Puts identity together: genesis, certificate authority, commands, doors.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/status_macros.h"
#include "common/rpc/outbox_service.h"
#include "common/rpc/service_main.h"
#include "common/rpc/spiffe.h"
#include "services/identity/app/genesis.h"
#include "services/identity/rpc/own_callers.h"
#include "services/identity/rpc/services.h"

namespace amana::identity {
namespace {

// A removed device is refused here within this time; elsewhere within caller_fresh_seconds more.
constexpr rpc::CachingCallerDirectory::Options kCallerCache{
    .fresh = absl::Seconds(1), .stale = absl::Seconds(10), .max_entries = 65536};
constexpr absl::Duration kInstallTime = absl::Seconds(2);

struct Files {
  std::string ca_cert;
  std::string ca_key;
  std::string genesis;
};

class IdentityApplication final : public rpc::Application {
 public:
  static absl::StatusOr<std::unique_ptr<rpc::Application>> Build(const rpc::Environment& env,
                                                                 const Files& files) {
    AMANA_ASSIGN_OR_RETURN(const std::string genesis_bytes,
                           ReadFile(files.genesis, kMaxGenesisBytes));
    AMANA_ASSIGN_OR_RETURN(Genesis genesis, ParseGenesis(genesis_bytes, env.config.network));
    AMANA_ASSIGN_OR_RETURN(const std::string ca_cert, ReadFile(files.ca_cert, crypto::kMaxPemSize));
    AMANA_ASSIGN_OR_RETURN(const SecretBytes ca_key,
                           ReadPrivateFile(files.ca_key, crypto::kMaxPemSize));
    AMANA_ASSIGN_OR_RETURN(crypto::CertificateAuthority authority,
                           crypto::CertificateAuthority::Load(ca_cert, ca_key.Expose()));
    std::unique_ptr<IdentityApplication> application(
        new IdentityApplication(env, std::move(genesis), std::move(authority)));
    AMANA_RETURN_IF_ERROR(application->Open());
    return application;
  }

  std::vector<rpc::Service*> services() override { return {identity_.get(), outbox_.get()}; }
  std::vector<rpc::Service*> open_services() override { return {door_.get()}; }
  rpc::CallerDirectory* callers() override { return &callers_; }

  absl::Status RunTimer(const amana::store::DueTimer& timer, Deadline deadline) override {
    if (SelectorOfTimer(timer.timer).empty()) return Error(Reason::kUnexpected);
    return enrolment_->ExpireCode(timer, deadline);
  }

  // Until the network's beginning is in the store nobody can call.
  absl::Status Ready(Deadline deadline) override { return Install(deadline); }

 private:
  IdentityApplication(const rpc::Environment& env, Genesis genesis,
                      crypto::CertificateAuthority authority)
      : genesis_(std::move(genesis)),
        tools_{*env.store, env.clock, env.random, env.config.network, genesis_.root_key},
        issuer_(std::move(authority),
                [network = env.config.network](const OrganisationId& organisation,
                                               const DeviceId& device) {
                  return rpc::DeviceSpiffeId(network, organisation, device);
                }),
        organisations_(tools_),
        devices_(tools_, issuer_),
        own_callers_(devices_),
        callers_(own_callers_, kCallerCache) {}

  absl::Status Open() {
    AMANA_ASSIGN_OR_RETURN(enrolment_, Enrolment::Make(tools_, issuer_));
    identity_ = MakeIdentityService(organisations_, *enrolment_, devices_);
    door_ = MakeEnrolmentService(*enrolment_);
    outbox_ = rpc::MakeOutboxService(
        tools_.store, Reason::kOrganisationNotFound,
        [](const CallContext& context, std::string_view subject) -> absl::StatusOr<bool> {
          return MayReadHistory(context.caller, subject);
        });
    const absl::Status installed = Install(Deadline::After(kInstallTime));
    // A store that does not answer yet may do so later: Ready() tries again.
    return ReasonOf(installed) == Reason::kConfigurationInvalid ? installed : absl::OkStatus();
  }

  // Called by one thread at a time: first by the builder, then for Ready().
  absl::Status Install(Deadline deadline) {
    if (installed_) return absl::OkStatus();
    AMANA_RETURN_IF_ERROR(InstallGenesis(tools_, genesis_, deadline));
    installed_ = true;
    return absl::OkStatus();
  }

  const Genesis genesis_;
  Tools tools_;
  const CertificateIssuer issuer_;
  Organisations organisations_;
  Devices devices_;
  OwnCallers own_callers_;
  rpc::CachingCallerDirectory callers_;
  std::unique_ptr<Enrolment> enrolment_;
  std::unique_ptr<rpc::Service> identity_;
  std::unique_ptr<rpc::Service> door_;
  std::unique_ptr<rpc::Service> outbox_;
  bool installed_ = false;
};

}  // namespace
}  // namespace amana::identity

int main(int argc, char** argv) {
  amana::identity::Files files;
  const amana::rpc::ServiceSpec spec{
      .name = "identity",
      .uses_store = true,
      .declare =
          [&files](amana::config::Schema& schema) {
            using amana::config::Need;
            schema.Path("ca_cert_file", "Certificate of the CA that issues to devices.",
                        files.ca_cert, Need::kRequired);
            schema.SecretFile("ca_key_file", "Its key.", files.ca_key, Need::kRequired);
            schema.Path("genesis_file", "The network's beginning, of `amana network init`.",
                        files.genesis, Need::kRequired);
          },
      .build =
          [&files](const amana::rpc::Environment& env) {
            return amana::identity::IdentityApplication::Build(env, files);
          },
  };
  return amana::rpc::RunService(argc, argv, spec);
}
