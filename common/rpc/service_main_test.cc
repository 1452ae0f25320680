// The program around a service, as the real binary of the echo.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "common/base/files.h"
#include "common/rpc/spiffe.h"
#include "common/rpc/testing/raw_call.h"
#include "common/rpc/testing/server_fixture.h"

namespace amana::rpc::testing {
namespace {

using ::testing::HasSubstr;

class ServiceMainTest : public ServerTest {
 protected:
  // Starts the binary; its output goes to a file.
  pid_t Spawn(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), AMANA_ECHO);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    EXPECT_EQ(posix_spawn(&pid, AMANA_ECHO, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  static int Wait(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::string Output() const {
    std::ifstream file(output_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  // A configuration with free ports, and `extra` lines.
  std::string Config(const std::string& extra = "") {
    const std::string path = folder_ + "/service.conf";
    EXPECT_TRUE(
        WritePrivateFile(path, "network = amana.test\ntls_dir = " + options_.tls_dir +
                                   "\nlisten = 127.0.0.1:" + std::to_string(port_) +
                                   "\nmetrics_listen = 127.0.0.1:" + std::to_string(port_ + 1) +
                                   "\norganisation = " + OrganisationId().ToString() +
                                   "\ndrain_wait_ms = 50\n" + extra)
            .ok());
    return path;
  }

  const std::string output_ = folder_ + "/output";
  // Out of the way of the ephemeral ports; one process runs these tests.
  const int port_ = 21000 + static_cast<int>(getpid() % 4000) * 2;
};

TEST_F(ServiceMainTest, SaysWhatIsWrongAndDoesNotStart) {
  EXPECT_EQ(Wait(Spawn({})), 2);
  EXPECT_THAT(Output(), HasSubstr("usage: --config FILE"));
  EXPECT_EQ(Wait(Spawn({"--version"})), 0);
  EXPECT_THAT(Output(), HasSubstr("amana-load 0."));
  EXPECT_EQ(Wait(Spawn({"--sample-config"})), 0);
  EXPECT_THAT(Output(), HasSubstr("workers = 64"));
  EXPECT_EQ(Wait(Spawn({"--config", Config(), "--check-config"})), 0);
  EXPECT_EQ(Wait(Spawn({"--config", Config("worker = 1\n"), "--check-config"})), 2);
  EXPECT_THAT(Output(), HasSubstr("(line 7: worker)"));
  EXPECT_EQ(Wait(Spawn({"--config", "/nowhere/at/all", "--check-config"})), 2);
}

TEST_F(ServiceMainTest, RunsUntilItIsToldToStop) {
  const pid_t pid = Spawn({"--config", Config()});
  const auto channel = MakeChannel({.address = "127.0.0.1:" + std::to_string(port_),
                                    .network = kNetwork,
                                    .service = "load",
                                    .tls = TlsFiles{.directory = options_.tls_dir}});
  auto stub = amana::load::v1::EchoService::NewStub(channel);
  CallOptions options;
  options.deadline = Deadline::After(absl::Seconds(10));
  const absl::Time start = absl::Now();
  EXPECT_TRUE(Call(*stub, &Stub::Echo, amana::load::v1::EchoRequest(), options).ok()) << Output();
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));  // gRPC alone needs five
  std::string health;
  for (int i = 0; i < 100 && health != "\b\1"; ++i) {
    health = RawUnary(*channel, "/grpc.health.v1.Health/Check", "");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(health, "\b\1") << Output();
  kill(pid, SIGTERM);
  EXPECT_EQ(Wait(pid), 0);
  EXPECT_THAT(Output(), HasSubstr("\"message\":\"stopped\""));
}

TEST_F(ServiceMainTest, APortThatIsTakenEndsIt) {
  const pid_t pid = Spawn({"--config", Config("log_level = error\n")});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(Wait(Spawn({"--config", Config()})), 2);
  kill(pid, SIGTERM);
  EXPECT_EQ(Wait(pid), 0);
}

}  // namespace
}  // namespace amana::rpc::testing
