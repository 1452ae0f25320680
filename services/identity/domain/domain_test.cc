#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "services/identity/domain/device.h"
#include "services/identity/domain/enrolment.h"
#include "services/identity/domain/organisation.h"
#include "services/identity/domain/words.h"

namespace amana::identity::domain {
namespace {

constexpr char kNetwork[] = "amana.test";
const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

Organisation OpenHotline() {
  Organisation o;
  o.id = IdOf<OrganisationId>('h');
  o.name = "Hotline";
  o.kind = OrganisationKind::kHotline;
  o.parent = IdOf<OrganisationId>('n');
  o.state = OrganisationState::kOpen;
  o.create_time = kNow;
  return o;
}

Device DeviceIn(const Organisation& organisation, char id, Role role, DeviceState state) {
  Device d;
  d.id = IdOf<DeviceId>(id);
  d.organisation = organisation.id;
  d.role = role;
  d.state = state;
  d.signing_key = std::string(32, id);
  d.enrol_time = kNow;
  return d;
}

Caller CallerOf(const Device& device) {
  Caller caller;
  caller.role = device.role;
  caller.device = device.id;
  caller.organisation = device.organisation;
  return caller;
}

Caller Administrator() {
  Caller caller;
  caller.role = Role::kNetworkAdministrator;
  caller.device = IdOf<DeviceId>('a');
  caller.organisation = IdOf<OrganisationId>('n');
  return caller;
}

Presented SignedBy(const Device* issuer, const Device& device) {
  Presented p;
  p.statement = {kNetwork, device.organisation, device.id, device.role, device.signing_key};
  p.certificate = {"statement", issuer == nullptr ? DeviceId() : issuer->id, "signature"};
  p.issuer = issuer;
  p.signature_valid = true;
  return p;
}

TEST(Words, RolesFitTheirKindsAndNoOther) {
  const std::vector<std::pair<OrganisationKind, std::vector<Role>>> kTable = {
      {OrganisationKind::kUnspecified, {}},
      {OrganisationKind::kMinistry, {Role::kAnalyst}},
      {OrganisationKind::kAgency, {Role::kCaseWorker, Role::kCentreManager}},
      {OrganisationKind::kAssociation, {Role::kCaseWorker, Role::kCentreManager}},
      {OrganisationKind::kCentre, {Role::kCaseWorker, Role::kCentreManager}},
      {OrganisationKind::kHotline, {Role::kOperator, Role::kSupervisor}},
      {OrganisationKind::kNetwork,
       {Role::kNetworkAdministrator, Role::kAuditor, Role::kOps, Role::kAnalyst}},
  };
  for (const auto& [kind, roles] : kTable) {
    for (int32_t r = 0; r <= static_cast<int32_t>(Role::kUnenrolled); ++r) {
      const auto role = static_cast<Role>(r);
      const bool fits = std::find(roles.begin(), roles.end(), role) != roles.end();
      EXPECT_EQ(Fits(kind, role), fits) << static_cast<int>(kind) << " " << r;
    }
  }
}

TEST(Organisation, OnlyHeadsSeeToTheirOwnAndAdministratorsToAll) {
  const Organisation hotline = OpenHotline();
  for (int32_t r = 0; r <= static_cast<int32_t>(Role::kUnenrolled); ++r) {
    Caller caller = CallerOf(DeviceIn(hotline, 'd', static_cast<Role>(r), DeviceState::kApproved));
    EXPECT_EQ(MaySeeTo(caller, hotline.id), IsHead(caller.role)) << r;
    EXPECT_EQ(MaySeeTo(caller, IdOf<OrganisationId>('x')),
              caller.role == Role::kNetworkAdministrator)
        << r;
  }
  Caller nobody;
  nobody.role = Role::kSupervisor;
  EXPECT_FALSE(MaySeeTo(nobody, OrganisationId()));
}

TEST(Organisation, IsCreatedUnderAnOpenParent) {
  const Organisation parent = OpenHotline();
  const NewOrganisation given{IdOf<OrganisationId>('c'), "Centre", OrganisationKind::kCentre, "01",
                              "01.001"};
  const auto created = Create(given, &parent, kNow);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->parent, parent.id);
  EXPECT_EQ(created->state, OrganisationState::kOpen);
  EXPECT_EQ(created->live_devices, 0u);

  Organisation closed = parent;
  closed.state = OrganisationState::kClosed;
  Organisation itself = parent;
  itself.id = given.id;
  for (const Organisation* bad : std::vector<const Organisation*>{nullptr, &closed, &itself}) {
    EXPECT_EQ(ReasonOf(Create(given, bad, kNow).status()), Reason::kParentOrganisationInvalid);
  }
  for (const OrganisationKind kind :
       {OrganisationKind::kUnspecified, OrganisationKind::kNetwork, OrganisationKind{7}}) {
    NewOrganisation other = given;
    other.kind = kind;
    EXPECT_EQ(ReasonOf(Create(other, &parent, kNow).status()), Reason::kInvalidField);
  }
}

TEST(Organisation, ClosesOnceAndTheNetworkNever) {
  const auto closed = Close(OpenHotline());
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(closed->state, OrganisationState::kClosed);
  EXPECT_EQ(ReasonOf(Close(*closed).status()), Reason::kOrganisationClosed);
  Organisation network = OpenHotline();
  network.kind = OrganisationKind::kNetwork;
  EXPECT_EQ(ReasonOf(Close(network).status()), Reason::kInvalidField);
}

TEST(Device, EveryStateWithEveryCommand) {
  Organisation organisation = OpenHotline();
  organisation.live_devices = 2;
  organisation.approved_heads = 1;
  const Device issuer = DeviceIn(organisation, 's', Role::kSupervisor, DeviceState::kApproved);
  struct Row {
    DeviceState from;
    DeviceState approved;  // kUnspecified: refused
    DeviceState revoked;
  };
  for (const Row& row : {Row{DeviceState::kPending, DeviceState::kApproved, DeviceState::kRevoked},
                         Row{DeviceState::kApproved, {}, DeviceState::kRevoked},
                         Row{DeviceState::kRevoked, {}, {}}, Row{DeviceState{}, {}, {}}}) {
    const Membership before{organisation, DeviceIn(organisation, 'd', Role::kOperator, row.from)};
    const auto approved = Approve(before, kNetwork, SignedBy(&issuer, before.device));
    const auto revoked = Revoke(before, CallerOf(issuer));
    const auto check = [](const absl::StatusOr<Membership>& after, DeviceState expected) {
      if (expected == DeviceState::kUnspecified) {
        EXPECT_EQ(ReasonOf(after.status()), Reason::kDeviceStateInvalid);
      } else {
        ASSERT_TRUE(after.ok());
        EXPECT_EQ(after->device.state, expected);
      }
    };
    check(approved, row.approved);
    check(revoked, row.revoked);
    if (revoked.ok()) {
      EXPECT_EQ(revoked->organisation.live_devices, 1u);
    }
  }
}

TEST(Device, WorksOnlyApprovedAndInAnOpenOrganisation) {
  Organisation organisation = OpenHotline();
  const auto reason = [&](DeviceState state) {
    return ReasonOf(
        CheckMayWork({organisation, DeviceIn(organisation, 'd', Role::kOperator, state)}));
  };
  EXPECT_EQ(reason(DeviceState::kApproved), Reason::kUnspecified);
  EXPECT_EQ(reason(DeviceState::kPending), Reason::kDeviceNotApproved);
  EXPECT_EQ(reason(DeviceState::kRevoked), Reason::kDeviceRevoked);
  EXPECT_EQ(reason(DeviceState::kUnspecified), Reason::kDeviceRevoked);
  organisation.state = OrganisationState::kClosed;
  EXPECT_EQ(reason(DeviceState::kApproved), Reason::kOrganisationClosed);
  EXPECT_EQ(reason(DeviceState::kRevoked), Reason::kDeviceRevoked);
}

TEST(Device, ApprovalKeepsTheCertificateAndCountsHeads) {
  Organisation organisation = OpenHotline();
  organisation.live_devices = 1;
  const Membership before{organisation,
                          DeviceIn(organisation, 'd', Role::kSupervisor, DeviceState::kPending)};
  const auto after = Approve(before, kNetwork, SignedBy(nullptr, before.device));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->organisation.approved_heads, 1u);
  EXPECT_EQ(after->organisation.live_devices, 1u);
  EXPECT_EQ(after->device.certificate.statement, "statement");
}

TEST(Device, ACertificateMustSayWhatTheDeviceIs) {
  const Organisation organisation = OpenHotline();
  const Membership before{organisation,
                          DeviceIn(organisation, 'd', Role::kOperator, DeviceState::kPending)};
  const auto refused = [&](auto change) {
    Presented p = SignedBy(nullptr, before.device);
    change(p);
    return ReasonOf(Approve(before, kNetwork, p).status()) == Reason::kDeviceCertificateInvalid;
  };
  EXPECT_TRUE(refused([](Presented& p) { p.statement.network = "other"; }));
  EXPECT_TRUE(refused([](Presented& p) { p.statement.organisation = IdOf<OrganisationId>('x'); }));
  EXPECT_TRUE(refused([](Presented& p) { p.statement.device = IdOf<DeviceId>('x'); }));
  EXPECT_TRUE(refused([](Presented& p) { p.statement.role = Role::kSupervisor; }));
  EXPECT_TRUE(refused([](Presented& p) { p.statement.signing_key[0] ^= 1; }));
  EXPECT_TRUE(refused([](Presented& p) { p.signature_valid = false; }));
  EXPECT_FALSE(refused([](Presented&) {}));
}

TEST(Device, WhoMayVouch) {
  Organisation organisation = OpenHotline();
  organisation.approved_heads = 1;
  const Membership before{organisation,
                          DeviceIn(organisation, 'd', Role::kOperator, DeviceState::kPending)};
  const auto reason = [&](const Device* issuer) {
    return ReasonOf(Approve(before, kNetwork, SignedBy(issuer, before.device)).status());
  };
  const Device head = DeviceIn(organisation, 's', Role::kSupervisor, DeviceState::kApproved);
  EXPECT_EQ(reason(&head), Reason::kUnspecified);
  Device bad = head;
  bad.role = Role::kOperator;
  EXPECT_EQ(reason(&bad), Reason::kDeviceCertificateInvalid);
  for (const DeviceState state : {DeviceState::kPending, DeviceState::kRevoked}) {
    bad = head;
    bad.state = state;
    EXPECT_EQ(reason(&bad), Reason::kDeviceCertificateInvalid);
  }
  bad = head;
  bad.organisation = IdOf<OrganisationId>('x');
  EXPECT_EQ(reason(&bad), Reason::kDeviceCertificateInvalid);
  // The root only while nobody else may.
  EXPECT_EQ(reason(nullptr), Reason::kDeviceCertificateInvalid);
  Presented unknown = SignedBy(&head, before.device);
  unknown.issuer = nullptr;
  EXPECT_EQ(ReasonOf(Approve(before, kNetwork, unknown).status()),
            Reason::kDeviceCertificateInvalid);

  Membership closed = before;
  closed.organisation.state = OrganisationState::kClosed;
  EXPECT_EQ(ReasonOf(Approve(closed, kNetwork, SignedBy(&head, before.device)).status()),
            Reason::kOrganisationClosed);
}

TEST(Device, TheLastHeadIsRemovedByAnAdministratorOnly) {
  Organisation organisation = OpenHotline();
  organisation.live_devices = 2;
  organisation.approved_heads = 1;
  const Device head = DeviceIn(organisation, 's', Role::kSupervisor, DeviceState::kApproved);
  EXPECT_EQ(ReasonOf(Revoke({organisation, head}, CallerOf(head)).status()), Reason::kLastDevice);
  const auto removed = Revoke({organisation, head}, Administrator());
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed->organisation.approved_heads, 0u);
  EXPECT_EQ(removed->organisation.live_devices, 1u);

  // One of two, and one who still waits, may go.
  Organisation two = organisation;
  two.approved_heads = 2;
  EXPECT_TRUE(Revoke({two, head}, CallerOf(head)).ok());
  const Device waits = DeviceIn(organisation, 'w', Role::kSupervisor, DeviceState::kPending);
  const auto gone = Revoke({organisation, waits}, CallerOf(head));
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->organisation.approved_heads, 1u);

  // Nobody shuts the network's last door from outside.
  Organisation network = organisation;
  network.kind = OrganisationKind::kNetwork;
  EXPECT_EQ(ReasonOf(Revoke({network, DeviceIn(network, 'a', Role::kNetworkAdministrator,
                                               DeviceState::kApproved)},
                            Administrator())
                         .status()),
            Reason::kLastDevice);
}

TEST(Enrolment, AnInvitationBindsOrganisationRoleAndInviter) {
  const Organisation hotline = OpenHotline();
  const Device head = DeviceIn(hotline, 's', Role::kSupervisor, DeviceState::kApproved);
  const auto invitation = Invite(CallerOf(head), hotline, Role::kOperator, 2, kNow);
  ASSERT_TRUE(invitation.ok());
  EXPECT_EQ(*invitation,
            (Invitation{hotline.id, Role::kOperator, head.id, kNow + absl::Minutes(15)}));
  EXPECT_EQ(ReasonOf(Invite(CallerOf(head), hotline, Role::kCaseWorker, 2, kNow).status()),
            Reason::kInvalidField);
  Organisation full = hotline;
  full.live_devices = 2;
  EXPECT_EQ(ReasonOf(Invite(CallerOf(head), full, Role::kOperator, 2, kNow).status()),
            Reason::kTooManyDevices);
  Organisation closed = hotline;
  closed.state = OrganisationState::kClosed;
  EXPECT_EQ(ReasonOf(Invite(Administrator(), closed, Role::kOperator, 2, kNow).status()),
            Reason::kOrganisationClosed);
}

TEST(Enrolment, MakesAPendingDeviceWhileTheInvitationLasts) {
  const Organisation hotline = OpenHotline();
  const Invitation invitation{hotline.id, Role::kOperator, IdOf<DeviceId>('s'),
                              kNow + kCodeLifetime};
  const DeviceId id = IdOf<DeviceId>('d');
  const std::string key(32, 'k');
  const auto enrolled =
      Enrol(hotline, invitation, id, key, 1, invitation.expire_time - absl::Nanoseconds(1));
  ASSERT_TRUE(enrolled.ok());
  EXPECT_EQ(enrolled->organisation.live_devices, 1u);
  EXPECT_EQ(enrolled->device.state, DeviceState::kPending);
  EXPECT_EQ(enrolled->device.role, Role::kOperator);
  EXPECT_EQ(enrolled->device.inviter, invitation.inviter);

  EXPECT_EQ(ReasonOf(Enrol(hotline, invitation, id, key, 1, invitation.expire_time).status()),
            Reason::kEnrolmentCodeInvalid);
  EXPECT_EQ(ReasonOf(Enrol(enrolled->organisation, invitation, id, key, 1, kNow).status()),
            Reason::kTooManyDevices);
  Organisation closed = hotline;
  closed.state = OrganisationState::kClosed;
  EXPECT_EQ(ReasonOf(Enrol(closed, invitation, id, key, 1, kNow).status()),
            Reason::kEnrolmentCodeInvalid);
  Organisation other = hotline;
  other.id = IdOf<OrganisationId>('x');
  EXPECT_EQ(ReasonOf(Enrol(other, invitation, id, key, 1, kNow).status()),
            Reason::kEnrolmentCodeInvalid);
}

}  // namespace
}  // namespace amana::identity::domain
