#include "services/identity/app/organisations.h"

#include <set>

#include "services/identity/app/test_network.h"

namespace amana::identity {
namespace {

v1::CreateOrganisationRequest CentreUnder(const OrganisationId& parent) {
  v1::CreateOrganisationRequest request;
  request.set_name("Centre");
  request.set_kind(v1::ORGANISATION_KIND_CENTRE);
  request.set_parent_organisation_id(parent.bytes());
  request.set_region_code("01");
  request.set_province_code("01.051");
  return request;
}

v1::Organisation Parsed(const std::string& reply) {
  v1::CreateOrganisationResponse response;
  EXPECT_TRUE(response.ParseFromString(reply));
  return response.organisation();
}

TEST(Organisations, ARepetitionGetsTheSameBytes) {
  TestNetwork network;
  const CallContext call = network.CallOf(network.administrator().caller);
  const auto request = CentreUnder(network.network_organisation());
  const auto first = network.organisations().Create(call, request);
  const auto second = network.organisations().Create(call, request);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
  const v1::Organisation organisation = Parsed(*first);
  EXPECT_EQ(organisation.state(), v1::ORGANISATION_STATE_OPEN);
  EXPECT_EQ(organisation.province_code(), "01.051");

  CallContext reused = call;
  reused.request_digest = crypto::Sha256("other");
  EXPECT_EQ(ReasonOf(network.organisations().Create(reused, request).status()),
            Reason::kRequestIdReused);
}

TEST(Organisations, AGivenIdIsTakenOnce) {
  TestNetwork network;
  auto request = CentreUnder(network.network_organisation());
  request.set_organisation_id(std::string(16, 'c'));
  const CallContext call = network.CallOf(network.administrator().caller);
  const auto first = network.organisations().Create(call, request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Parsed(*first).organisation_id(), request.organisation_id());
  EXPECT_EQ(*network.organisations().Create(call, request), *first);
  const auto again =
      network.organisations().Create(network.CallOf(network.administrator().caller), request);
  EXPECT_EQ(ReasonOf(again.status()), Reason::kInvalidField);
  EXPECT_EQ(DetailOf(again.status()).field, "organisation_id");
  request.set_organisation_id(std::string(16, '\0'));
  EXPECT_EQ(ReasonOf(network.organisations()
                         .Create(network.CallOf(network.administrator().caller), request)
                         .status()),
            Reason::kInvalidField);
}

TEST(Organisations, StandUnderAnOpenParent) {
  TestNetwork network;
  const auto create = [&](const OrganisationId& parent) {
    return ReasonOf(network.organisations()
                        .Create(network.CallOf(network.administrator().caller), CentreUnder(parent))
                        .status());
  };
  EXPECT_EQ(create(NewId<OrganisationId>(network.random())), Reason::kParentOrganisationInvalid);
  const OrganisationId parent = network.NewOrganisation(v1::ORGANISATION_KIND_ASSOCIATION);
  EXPECT_EQ(create(parent), Reason::kUnspecified);
  v1::CloseOrganisationRequest close;
  close.set_organisation_id(parent.bytes());
  ASSERT_TRUE(
      network.organisations().Close(network.CallOf(network.administrator().caller), close).ok());
  EXPECT_EQ(create(parent), Reason::kParentOrganisationInvalid);
}

TEST(Organisations, CloseOnce) {
  TestNetwork network;
  v1::CloseOrganisationRequest request;
  request.set_organisation_id(network.NewOrganisation(v1::ORGANISATION_KIND_CENTRE).bytes());
  const CallContext call = network.CallOf(network.administrator().caller);
  const auto closed = network.organisations().Close(call, request);
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(*network.organisations().Close(call, request), *closed);
  const auto close = [&](const std::string& id) {
    request.set_organisation_id(id);
    return ReasonOf(network.organisations()
                        .Close(network.CallOf(network.administrator().caller), request)
                        .status());
  };
  EXPECT_EQ(close(request.organisation_id()), Reason::kOrganisationClosed);
  EXPECT_EQ(close(std::string(16, 'x')), Reason::kOrganisationNotFound);
  EXPECT_EQ(close(network.network_organisation().bytes()), Reason::kInvalidField);
}

TEST(Organisations, AreListedPageByPage) {
  TestNetwork network;
  std::set<std::string> expected = {network.network_organisation().bytes()};
  for (int i = 0; i < 23; ++i) {
    expected.insert(network.NewOrganisation(v1::ORGANISATION_KIND_CENTRE).bytes());
    if (i % 7 == 0) network.clock().Advance(absl::Seconds(1));
  }
  for (const uint32_t size : {1u, 3u, 8u, 24u, 0u}) {
    std::set<std::string> seen;
    v1::ListOrganisationsRequest request;
    request.set_page_size(size);
    do {
      const auto page = network.organisations().List(CallContext(), request);
      ASSERT_TRUE(page.ok());
      if (size != 0) {
        EXPECT_LE(static_cast<uint32_t>(page->organisations_size()), size);
      }
      for (const auto& organisation : page->organisations()) {
        EXPECT_TRUE(seen.insert(organisation.organisation_id()).second);
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(seen, expected) << size;
  }
}

TEST(Organisations, RefuseAForeignPageToken) {
  TestNetwork network;
  v1::ListOrganisationsRequest request;
  request.set_page_token("x");
  EXPECT_EQ(ReasonOf(network.organisations().List(CallContext(), request).status()),
            Reason::kPageTokenInvalid);
}

}  // namespace
}  // namespace amana::identity
