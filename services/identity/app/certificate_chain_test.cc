#include "services/identity/app/certificate_chain.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace amana::identity {
namespace {

DeviceId IdOf(char c) { return *DeviceId::FromBytes(std::string(kIdSize, c)); }

// A device by a letter, vouched for by another one (0: the root).
domain::Device Link(char id, char issuer, domain::DeviceState state) {
  domain::Device device;
  device.id = IdOf(id);
  device.state = state;
  if (state != domain::DeviceState::kPending) device.certificate.statement = "statement";
  if (issuer != 0) device.certificate.issuer = IdOf(issuer);
  return device;
}

std::string Letters(const std::vector<domain::Device>& devices) {
  std::string letters;
  for (const domain::Device& device : devices) letters.push_back(device.id.view()[0]);
  return letters;
}

TEST(CertificateChain, EachFollowsItsIssuerThroughRemovedOnes) {
  using enum domain::DeviceState;
  // root → m → g → c,  root → z;  m and g are removed; x is too, and nothing follows from it.
  const std::map<DeviceId, domain::Device> removed = {{IdOf('m'), Link('m', 0, kRevoked)},
                                                      {IdOf('g'), Link('g', 'm', kRevoked)},
                                                      {IdOf('x'), Link('x', 'm', kRevoked)}};
  int reads = 0;
  const auto ordered = OrderByIssuer(
      {Link('c', 'g', kApproved), Link('z', 0, kApproved), Link('p', 0, kPending)},
      [&](const std::vector<DeviceId>& ids) -> absl::StatusOr<std::vector<domain::Device>> {
        ++reads;
        std::vector<domain::Device> found;
        for (const DeviceId& id : ids) found.push_back(removed.at(id));
        return found;
      });
  ASSERT_TRUE(ordered.ok());
  EXPECT_EQ(Letters(*ordered), "mzgc");
  EXPECT_EQ(reads, 2);
}

TEST(CertificateChain, RemovedOnesStayUnlessTheyWereNeverApproved) {
  using enum domain::DeviceState;
  domain::Device refused = Link('p', 'm', kRevoked);
  refused.certificate.statement.clear();
  const auto ordered =
      OrderByIssuer({Link('m', 0, kApproved), Link('x', 'm', kRevoked), refused},
                    [](const std::vector<DeviceId>&) { return std::vector<domain::Device>(); });
  ASSERT_TRUE(ordered.ok());
  EXPECT_EQ(Letters(*ordered), "mx");
}

TEST(CertificateChain, WhatLeadsNowhereIsLeftOut) {
  using enum domain::DeviceState;
  const auto ordered =
      OrderByIssuer({Link('c', 'g', kApproved), Link('z', 0, kApproved)},
                    [](const std::vector<DeviceId>&) { return std::vector<domain::Device>(); });
  ASSERT_TRUE(ordered.ok());
  EXPECT_EQ(Letters(*ordered), "z");
}

}  // namespace
}  // namespace amana::identity
