#include "services/identity/store/codec.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "common/base/hex.h"

namespace amana::identity {
namespace {

const absl::Time kTime = absl::FromUnixNanos(1'767'225'600'123'456'789);

template <class I>
I IdOf(char c) {
  return *I::FromBytes(std::string(kIdSize, c));
}

domain::Organisation AnOrganisation() {
  domain::Organisation o;
  o.id = IdOf<OrganisationId>(1);
  o.name = "Centre";
  o.kind = domain::OrganisationKind::kCentre;
  o.parent = IdOf<OrganisationId>(2);
  o.region_code = "01";
  o.province_code = "01.001";
  o.state = domain::OrganisationState::kOpen;
  o.create_time = kTime;
  o.live_devices = 3;
  o.approved_heads = 1;
  return o;
}

domain::Device ADevice() {
  domain::Device d;
  d.id = IdOf<DeviceId>(3);
  d.organisation = IdOf<OrganisationId>(1);
  d.role = Role::kCaseWorker;
  d.state = domain::DeviceState::kApproved;
  d.signing_key = std::string(4, 4);
  d.inviter = IdOf<DeviceId>(5);
  d.enrol_time = kTime;
  d.certificate = {"statement", IdOf<DeviceId>(5), "signature"};
  return d;
}

StoredInvitation AnInvitation() {
  return {{IdOf<OrganisationId>(1), Role::kCaseWorker, IdOf<DeviceId>(5), kTime}, "$argon2id$"};
}

TEST(Codec, WhatIsEncodedComesBack) {
  EXPECT_EQ(*DecodeOrganisation(Encode(AnOrganisation())), AnOrganisation());
  EXPECT_EQ(*DecodeDevice(Encode(ADevice())), ADevice());
  EXPECT_EQ(*DecodeInvitation(Encode(AnInvitation())), AnInvitation());

  domain::Organisation root = AnOrganisation();
  root.parent = OrganisationId();
  EXPECT_EQ(*DecodeOrganisation(Encode(root)), root);
  domain::Device first = ADevice();
  first.inviter = DeviceId();
  first.certificate.issuer = DeviceId();
  EXPECT_EQ(*DecodeDevice(Encode(first)), first);
}

// The bytes of data folders that exist: a change here loses them.
TEST(Codec, KeepsItsBytes) {
  EXPECT_EQ(HexEncode(Encode(AnOrganisation())),
            "0a1001010101010101010101010101010101120643656e7472651804221002020202020202020202"
            "0202020202022a023031320630312e303031380140959ad7aa9fca9cc31848035001");
  EXPECT_EQ(HexEncode(Encode(ADevice())),
            "0a100303030303030303030303030303030312100101010101010101010101010101010118032002"
            "2a040404040432100505050505050505050505050505050538959ad7aa9fca9cc318420973746174"
            "656d656e744a100505050505050505050505050505050552097369676e6174757265");
  EXPECT_EQ(HexEncode(Encode(AnInvitation())),
            "0a100101010101010101010101010101010110031a10050505050505050505050505050505052095"
            "9ad7aa9fca9cc3182a0a246172676f6e32696424");
}

TEST(Codec, RefusesOtherBytes) {
  for (const std::string& bytes :
       {std::string(), std::string("\xff\xff"), std::string("\x0a\x01x")}) {
    EXPECT_EQ(ReasonOf(DecodeOrganisation(bytes).status()), Reason::kStoredValueUnreadable);
    EXPECT_EQ(ReasonOf(DecodeDevice(bytes).status()), Reason::kStoredValueUnreadable);
    EXPECT_EQ(ReasonOf(DecodeInvitation(bytes).status()), Reason::kStoredValueUnreadable);
  }
}

TEST(Codec, ATimerNamesItsCode) {
  EXPECT_EQ(SelectorOfTimer(CodeTimer("00ff")), "00ff");
  EXPECT_EQ(SelectorOfTimer("other"), "");
}

}  // namespace
}  // namespace amana::identity
