#pragma once

// Two hotlines and two centres with everything that can belong to someone, so that tests can reach
// for what is theirs and for what is not.

#include <memory>
#include <string>
#include <vector>

#include "amana/common/v1/common.pb.h"
#include "amana/intake/v1/intake.pb.h"
#include "amana/messaging/v1/messaging.pb.h"
#include "amana/referral/v1/directory.pb.h"
#include "amana/referral/v1/referral.pb.h"
#include "common/testing/network.h"
#include "common/testing/request_builder.h"

namespace amana::testing {

// One organisation and what is its own.
struct Party {
  std::string name;  // "hotline of A"
  OrganisationId organisation;
  TestDevice head;    // supervisor or centre manager
  TestDevice member;  // operator or case worker
  TestDevice to_approve;
  TestDevice to_revoke;

  // By field name: case_id, consent_id, call_id, follow_up_id, referral_id (made here), offer_id
  // (made to it), handoff_id (sent), attachment_id (not finished), service_at_location_id, pool_id…
  IdsByField ids;
  std::string received_handoff;
  std::string received_attachment;
  std::string revocable_handoff;

  // What an answer to somebody else must not contain.
  std::vector<std::string> Private() const;
};

struct Side {
  Party hotline;
  Party centre;
};

class World {
 public:
  // Makes all of it; about a hundred calls.
  World();

  TestNetwork& network;
  Party hub;  // a centre that both sides' centres refer to
  Side a;
  Side b;
  TestDevice analyst;
  TestDevice auditor;
  TestDevice ops;
  std::string closable_organisation;

 private:
  Side MakeSide(const std::string& name);
  void MakeCase(Party& from, const Party& to);
  void MakeReferral(Party& from, Party& to);
  void ExchangeHandoffs(Party& from, Party& to);
};

// A centre with one pool of `places` beds in the directory; its organisation and two devices.
Party MakeCentre(TestNetwork& network, const std::string& name, uint32_t places);
Party MakeHotline(TestNetwork& network, const std::string& name);

common::v1::RoutingCard ACard(common::v1::Priority priority = common::v1::PRIORITY_P1);

// A case of `from`'s, opened by its member.
std::string OpenCase(const TestNetwork& network, const Party& from,
                     common::v1::Priority priority = common::v1::PRIORITY_P1);
// A consent of a case for one recipient.
std::string Consent(const TestNetwork& network, const Party& from, const std::string& case_id,
                    common::v1::ConsentPurpose purpose, const OrganisationId& recipient,
                    intake::v1::ConsentState state = intake::v1::CONSENT_STATE_ACTIVE);
// A draft for emergency shelter.
std::string DraftReferral(const TestNetwork& network, const Party& from, const std::string& case_id,
                          const std::vector<std::string>& candidates);

// Sends it; the referral as it then stands. Ends the program unless that made `offers` offers.
referral::v1::Referral SendReferral(const TestNetwork& network, const Party& from,
                                    const std::string& referral_id, int offers);
// A case with consent to be referred to `to`, and a draft that does so.
std::string ReadyDraft(const TestNetwork& network, const Party& from, const Party& to,
                       common::v1::Priority priority = common::v1::PRIORITY_P1);

void PublishKey(const TestNetwork& network, const TestDevice& device);
messaging::v1::PublishedKey NewPublishedKey(const TestNetwork& network, const TestDevice& device);
// A finished attachment of `bytes`.
std::string Attach(const TestNetwork& network, const TestDevice& device, const std::string& bytes);
// A sealed-looking package: servers can't look inside.
messaging::v1::SendHandoffRequest HandoffRequest(const TestDevice& sender,
                                                 const std::string& case_id, const Party& recipient,
                                                 const std::vector<std::string>& attachments);

referral::v1::ServiceAtLocation DirectoryRecord(const OrganisationId& organisation,
                                                uint32_t places);
// As many as a pool may have: no test takes all of them.
inline constexpr uint32_t kManyPlaces = 10'000;

}  // namespace amana::testing
