// amana-load: durable, audited mutations against a bare echo on the same stack
// (tests/load/README.md).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "amana/intake/v1/intake.grpc.pb.h"
#include "common/base/ids.h"
#include "common/crypto/random.h"
#include "common/rpc/call.h"
#include "common/rpc/testing/echo.grpc.pb.h"
#include "common/testing/report.h"
#include "tests/load/network.h"
#include "tests/load/stage.h"

namespace amana::load {
namespace {

using testing::Row;

constexpr uint32_t kInFlight[] = {1, 64, 256};
// Of the echo's throughput in the same run, with that many in flight.
constexpr double kMutationShareAt64 = 0.40;
constexpr double kMutationShareAt256 = 0.55;
// Times the echo's p99, with as many in flight.
constexpr double kMutationTailTimes = 6.0;
// Of the throughput that 64 in flight reached.
constexpr double kOpenLoopShare = 0.5;
constexpr absl::Duration kCallTime = absl::Seconds(10);

// A call that owns itself until it is answered.
template <class Request, class Response>
struct Flight {
  grpc::ClientContext context;
  Request request;
  Response response;
};

template <class Request, class Response, class Start>
Operation MakeOperation(const std::function<void(Request&)>& fill, Start start) {
  return [fill, start](std::function<void(bool)> done) {
    auto* flight = new Flight<Request, Response>;
    rpc::PrepareContext(flight->context, {.deadline = Deadline::After(kCallTime)});
    fill(flight->request);
    start(flight, [flight, done = std::move(done)](const grpc::Status& status) {
      delete flight;
      done(status.ok());
    });
  };
}

std::string NewRequestId() { return NewId<RequestId>(crypto::SystemRandom::Instance()).bytes(); }

void FillCard(common::v1::RoutingCard& card) {
  card.add_needs(common::v1::NEED_CODE_EMERGENCY_SHELTER);
  card.set_priority(common::v1::PRIORITY_P1);
  card.set_province_code("04.421");
  card.set_age_band(common::v1::AGE_BAND_25_59);
  card.add_languages("ar");
}

intake::v1::OpenCaseRequest NewCase() {
  intake::v1::OpenCaseRequest request;
  request.set_request_id(NewRequestId());
  request.set_channel(intake::v1::INTAKE_CHANNEL_HOTLINE);
  FillCard(*request.mutable_card());
  return request;
}

// The stubs outlive every operation.
struct Stubs {
  std::unique_ptr<v1::EchoService::Stub> echo;
  std::unique_ptr<intake::v1::IntakeService::Stub> intake;
};

std::map<std::string, Operation> Operations(Stubs& stubs, const std::string& case_id) {
  // As large as an opened case's answer, so that the floor moves as many bytes.
  const std::string payload(200, 'x');
  return {
      {"echo", MakeOperation<v1::EchoRequest, v1::EchoResponse>(
                   [payload](v1::EchoRequest& request) { request.set_payload(payload); },
                   [&](auto* flight, const auto& done) {
                     stubs.echo->async()->Echo(&flight->context, &flight->request,
                                               &flight->response, done);
                   })},
      {"read", MakeOperation<intake::v1::GetCaseRequest, intake::v1::GetCaseResponse>(
                   [case_id](intake::v1::GetCaseRequest& request) { request.set_case_id(case_id); },
                   [&](auto* flight, const auto& done) {
                     stubs.intake->async()->GetCase(&flight->context, &flight->request,
                                                    &flight->response, done);
                   })},
      {"mutation", MakeOperation<intake::v1::OpenCaseRequest, intake::v1::OpenCaseResponse>(
                       [](intake::v1::OpenCaseRequest& request) { request = NewCase(); },
                       [&](auto* flight, const auto& done) {
                         stubs.intake->async()->OpenCase(&flight->context, &flight->request,
                                                         &flight->response, done);
                       })},
  };
}

// Measurements by operation and calls in flight; 0 stands for the open loop.
using Results = std::map<std::string, std::map<uint32_t, Measurement>>;

Results MeasureAll(const std::map<std::string, Operation>& operations, int rounds,
                   absl::Duration duration) {
  std::map<std::string, std::map<uint32_t, std::vector<Measurement>>> all;
  for (const auto& [name, operation] : operations) RunClosedLoop(operation, 64, duration / 4);
  // What is compared stands side by side in time: whatever else the machine does meets all.
  for (int round = 0; round < rounds; ++round) {
    for (const uint32_t in_flight : kInFlight) {
      for (const auto& [name, operation] : operations) {
        all[name][in_flight].push_back(RunClosedLoop(operation, in_flight, duration));
      }
    }
  }
  Results results;
  for (auto& [name, by_flight] : all) {
    for (auto& [in_flight, measured] : by_flight) {
      results[name][in_flight] = Median(std::move(measured));
    }
  }
  const double rate = kOpenLoopShare * results["mutation"][64].per_second;
  for (const auto& [name, operation] : operations) {
    results[name][0] = RunOpenLoop(operation, rate, duration);
  }
  return results;
}

std::optional<double> ThroughputGoal(const std::string& name, uint32_t in_flight) {
  if (name != "mutation" || in_flight == 1) return std::nullopt;
  return in_flight == 64 ? kMutationShareAt64 : kMutationShareAt256;
}

std::vector<Row> Rows(Results& results) {
  std::vector<Row> rows;
  for (const char* name : {"echo", "read", "mutation"}) {
    for (const uint32_t in_flight : {1U, 64U, 256U, 0U}) {
      const Measurement& measured = results[name][in_flight];
      const Measurement& floor = results["echo"][in_flight];
      const std::string stage =
          in_flight == 0 ? "open loop" : absl::StrCat(in_flight, " in flight");
      const std::string prefix = absl::StrCat(name, ", ", stage, ", ");
      if (in_flight != 0) {
        rows.push_back({prefix + "throughput", measured.per_second, "/s", floor.per_second,
                        ThroughputGoal(name, in_flight), true});
      }
      rows.push_back({prefix + "p50", measured.p50_us, "us", floor.p50_us, std::nullopt, false});
      const bool tail_counts = std::string_view(name) == "mutation" && in_flight > 1;
      rows.push_back({prefix + "p99", measured.p99_us, "us", floor.p99_us,
                      tail_counts ? std::optional(kMutationTailTimes) : std::nullopt, false});
    }
  }
  return rows;
}

uint64_t Failures(const Results& results) {
  uint64_t failed = 0;
  for (const auto& [name, stages] : results) {
    for (const auto& [in_flight, measured] : stages) failed += measured.failed;
  }
  return failed;
}

int Run(const std::string& data, const std::string& json, int rounds, double seconds) {
  auto network = Network::Open(data);
  if (!network.ok()) {
    std::fprintf(stderr, "The network at --data can't be used: %s\n",
                 std::string(network.status().message()).c_str());
    return 1;
  }
  Stubs stubs{v1::EchoService::NewStub((*network)->Connect("echo")),
              intake::v1::IntakeService::NewStub((*network)->Connect("intake"))};
  const auto opened = rpc::Call(*stubs.intake, &intake::v1::IntakeService::Stub::OpenCase,
                                NewCase(), {.deadline = Deadline::After(absl::Seconds(20))});
  v1::EchoRequest hello;
  const auto answered = rpc::Call(*stubs.echo, &v1::EchoService::Stub::Echo, hello,
                                  {.deadline = Deadline::After(absl::Seconds(20))});
  if (!opened.ok() || !answered.ok()) {
    std::fprintf(stderr, "The services don't answer.\n");
    return 1;
  }
  Results results =
      MeasureAll(Operations(stubs, opened->case_().case_id()), rounds, absl::Seconds(seconds));
  const std::vector<Row> rows = Rows(results);
  Print(rows);
  if (const uint64_t failed = Failures(results); failed > 0) {
    std::fprintf(stderr, "%llu calls failed: the figures are not to be used.\n",
                 static_cast<unsigned long long>(failed));
    return 1;
  }
  return json.empty() || WriteJson(rows, json) ? 0 : 1;
}

}  // namespace
}  // namespace amana::load

int main(int argc, char** argv) {
  CLI::App app("Measures durable, audited mutations against a bare echo on the same stack.");
  std::string data, json;
  int rounds = 3;
  double seconds = 3;
  app.add_option("--data", data, "A running network's folder")->envname("AMANA_DATA")->required();
  app.add_option("--json", json, "Where the figures go");
  app.add_option("--rounds", rounds, "Rounds, of which the median is shown");
  app.add_option("--seconds", seconds, "How long each measurement lasts");
  CLI11_PARSE(app, argc, argv);
  return amana::load::Run(data, json, rounds, seconds);
}
