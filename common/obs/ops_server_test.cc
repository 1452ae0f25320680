#include "common/obs/ops_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

#include "common/base/error.h"

namespace amana::obs {
namespace {

using ::testing::HasSubstr;

TEST(OpsServerTest, ShowsMetricsAndHealth) {
  Metrics metrics;
  metrics.AddCounter("amana_seen_total", "Help.").Increment();
  std::atomic<bool> ready = false;
  auto server = OpsServer::Start("127.0.0.1:0", metrics, [&] { return ready.load(); });
  ASSERT_TRUE(server.ok());
  httplib::Client client("127.0.0.1", (*server)->port());
  EXPECT_EQ(client.Get("/livez")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 503);
  ready = true;
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  EXPECT_EQ(client.Get("/secrets")->status, 404);
  const auto scrape = client.Get("/metrics");
  EXPECT_EQ(scrape->status, 200);
  EXPECT_THAT(scrape->body, HasSubstr("amana_seen_total 1\n"));
}

TEST(OpsServerTest, RefusesAnAddressThatIsTakenOrNone) {
  Metrics metrics;
  auto server = OpsServer::Start("127.0.0.1:0", metrics, [] { return true; });
  ASSERT_TRUE(server.ok());
  const std::string taken = "127.0.0.1:" + std::to_string((*server)->port());
  for (const std::string& address : {taken, std::string("nonsense"), std::string("127.0.0.1:x"),
                                     std::string("127.0.0.1:70000")}) {
    EXPECT_EQ(ReasonOf(OpsServer::Start(address, metrics, [] { return true; }).status()),
              Reason::kConfigurationInvalid)
        << address;
  }
}

}  // namespace
}  // namespace amana::obs
