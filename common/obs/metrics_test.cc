#include "common/obs/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace amana::obs {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTest, CountsAcrossThreads) {
  Metrics metrics;
  Counter& counter = metrics.AddCounter("amana_test_total", "Help.", {{"outcome", "accepted"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) counter.Increment();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40000u);
  EXPECT_THAT(metrics.Scrape(), HasSubstr("# TYPE amana_test_total counter\n"
                                          "amana_test_total{outcome=\"accepted\"} 40000\n"));
}

TEST(MetricsTest, TheSameNameAndLabelsGiveTheSameMetric) {
  Metrics metrics;
  EXPECT_EQ(&metrics.AddCounter("amana_a_total", "A.", {{"x", "1"}, {"y", "2"}}),
            &metrics.AddCounter("amana_a_total", "A.", {{"y", "2"}, {"x", "1"}}));
  EXPECT_NE(&metrics.AddCounter("amana_a_total", "A.", {{"x", "1"}}),
            &metrics.AddCounter("amana_a_total", "A.", {{"x", "2"}}));
}

TEST(MetricsTest, AHistogramIsCumulativeInTheScrape) {
  Metrics metrics;
  Histogram& histogram = metrics.AddHistogram("amana_wait_seconds", "Help.");
  histogram.Observe(absl::Milliseconds(1));  // a bound belongs to its bucket
  histogram.Observe(absl::Milliseconds(3));
  histogram.Observe(absl::Seconds(60));
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_bucket{le=\"0.0005\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_bucket{le=\"0.005\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("amana_wait_seconds_sum 60.004"));
}

TEST(MetricsTest, AWatchedGaugeGoesWithItsWatch) {
  Metrics metrics;
  auto watch = metrics.WatchGauge("amana_depth", "Help.", {}, [] { return 7.0; });
  metrics.AddGauge("amana_up", "Help.").Set(1);
  EXPECT_THAT(metrics.Scrape(), HasSubstr("amana_depth 7\n"));
  EXPECT_THAT(metrics.Scrape(), HasSubstr("amana_up 1\n"));
  watch.reset();
  EXPECT_THAT(metrics.Scrape(), Not(HasSubstr("amana_depth 7\n")));
}

}  // namespace
}  // namespace amana::obs
