#include "common/testing/redis_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "common/base/check.h"
#include "common/base/deadline.h"

namespace amana::testing {
namespace {

// A user of the fixture's own, since the default user can't log in.
constexpr std::string_view kMaster = "fixture";
// Nobody else reaches the socket.
constexpr std::string_view kPassword = "of-no-use-outside-this-folder";
constexpr absl::Duration kStartWait = absl::Seconds(30);

std::string NewFolder() {
  char folder[] = "/tmp/amana-redis-XXXXXX";  // short: a socket's path has room for 107 bytes
  AMANA_CHECK(mkdtemp(folder) != nullptr, "No folder for a Redis under /tmp.");
  return folder;
}

int ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  AMANA_CHECK(path.size() < sizeof(address.sun_path), "The socket's path is too long.");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

// Logs in and asks; nothing if nobody answers.
std::optional<store::Reply> AskOnce(const std::string& path, std::string_view user,
                                    std::initializer_list<std::string_view> command) {
  const int fd = ConnectTo(path);
  if (fd < 0) return std::nullopt;
  store::Batch batch;
  batch.Command({"AUTH", user, kPassword}).Command(command);
  std::string_view left = batch.bytes();
  std::vector<store::Reply> replies;
  store::ReplyReader reader;
  bool sound = true;
  while (sound && !left.empty()) {
    const ssize_t n = send(fd, left.data(), left.size(), MSG_NOSIGNAL);
    sound = n > 0;
    if (sound) left.remove_prefix(static_cast<size_t>(n));
  }
  char buffer[64 << 10];
  while (sound && replies.size() < batch.commands()) {
    const ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
    sound = n > 0 && reader.Feed({buffer, static_cast<size_t>(n)}, replies);
  }
  close(fd);
  if (!sound) return std::nullopt;
  return std::move(replies[1]);
}

void AppendTexts(const store::Reply& reply, std::string& out) {
  out += reply.text;
  for (const store::Reply& element : reply.elements) AppendTexts(element, out);
}

void Sleep(int millis) { std::this_thread::sleep_for(std::chrono::milliseconds(millis)); }

// In the child, between fork and exec: only what is safe there.
[[noreturn]] void RunServer(const char* configuration, const char* socket, const char* log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execlp("redis-server", "redis-server", configuration, "--unixsocket", socket,
         static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

RedisFixture::RedisFixture(const std::vector<std::string>& services)
    : folder_(NewFolder()), socket_path_(folder_ + "/s") {
  WriteConfiguration(services);
  Start();
}

RedisFixture::~RedisFixture() {
  Kill9();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisFixture::WriteConfiguration(const std::vector<std::string>& services) const {
  std::ofstream users(folder_ + "/users.acl");
  // Nobody can log in as it, but Redis 7.0 replays its file in its name: without these rights it
  // drops every transaction at the next start.
  users << "user default off ~* &* +@all\n";
  users << "user " << kMaster << " on >" << kPassword << " ~* &* +@all\n";
  for (const std::string& service : services) {
    users << "user " << service << " on >" << kPassword << " ~" << service
          << ":* resetchannels -@all " << store::kRedisPermissions << "\n";
  }
  std::ofstream(folder_ + "/redis.conf")
      << "port 0\nunixsocketperm 700\ndir " << folder_
      << "\nappendonly yes\nappendfsync always\nno-appendfsync-on-rewrite no\nsave \"\"\n"
      << "aof-load-truncated yes\naclfile " << folder_ << "/users.acl\n"
      << "maxmemory-policy noeviction\ndaemonize no\n";
}

void RedisFixture::Kill9() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisFixture::Start() {
  StartOn(folder_ + "/unreached");
  Kill9();
  StartOn(socket_path_);
}

void RedisFixture::StartOn(const std::string& socket_path) {
  AMANA_CHECK(pid_ < 0, "This Redis runs already.");
  const std::string configuration = folder_ + "/redis.conf", log = folder_ + "/redis.log";
  pid_ = fork();
  AMANA_CHECK(pid_ >= 0, "No process for a Redis.");
  if (pid_ == 0) RunServer(configuration.c_str(), socket_path.c_str(), log.c_str());
  const Deadline patience = Deadline::After(kStartWait);
  while (!patience.expired()) {
    const std::optional<store::Reply> reply = AskOnce(socket_path, kMaster, {"PING"});
    if (reply && reply->text == "PONG") return;
    Sleep(2);
  }
  AMANA_CHECK(false, "redis-server did not start.");
}

void RedisFixture::Pause() { kill(pid_, SIGSTOP); }

void RedisFixture::Resume() { kill(pid_, SIGCONT); }

void RedisFixture::FlushFunctions() { Ask({"FUNCTION", "FLUSH"}); }

void RedisFixture::Wipe() { Ask({"FLUSHALL"}); }

void RedisFixture::RewriteFile() {
  Ask({"BGREWRITEAOF"});
  std::string state;
  do {
    Sleep(5);
    state = Ask({"INFO", "persistence"}).text;
  } while (state.find("aof_rewrite_in_progress:1") != std::string::npos ||
           state.find("aof_rewrite_scheduled:1") != std::string::npos);
}

void RedisFixture::AppendToFile(std::string_view bytes) const {
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/appendonlydir")) {
    if (!entry.path().string().ends_with(".incr.aof")) continue;
    std::ofstream(entry.path(), std::ios::binary | std::ios::app) << bytes;
  }
}

std::map<std::string, std::string> RedisFixture::Dump() {
  std::map<std::string, std::string> everything;
  for (const store::Reply& key : Ask({"KEYS", "*"}).elements) {
    everything[key.text] = Contents(key.text);
  }
  return everything;
}

std::string RedisFixture::Contents(const std::string& key) {
  const std::string type = Ask({"TYPE", key}).text;
  store::Reply reply;
  if (type == "string") reply = Ask({"GET", key});
  if (type == "list") reply = Ask({"LRANGE", key, "0", "-1"});
  if (type == "zset") reply = Ask({"ZRANGE", key, "0", "-1", "WITHSCORES"});
  if (type == "stream") reply = Ask({"XRANGE", key, "-", "+"});
  std::string contents;
  AppendTexts(reply, contents);
  AMANA_CHECK(!contents.empty() || type == "stream", "A key of a type that no commit makes.");
  return contents;
}

std::string RedisFixture::FilesOnDisk() const {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), {});
  }
  return all;
}

store::Reply RedisFixture::Ask(std::initializer_list<std::string_view> command) {
  return AskAs(kMaster, command);
}

store::Reply RedisFixture::AskAs(std::string_view user,
                                 std::initializer_list<std::string_view> command) {
  std::optional<store::Reply> reply = AskOnce(socket_path_, user, command);
  AMANA_CHECK(reply.has_value(), "The fixture's Redis does not answer.");
  return *std::move(reply);
}

store::RedisStoreOptions RedisFixture::OptionsFor(const std::string& service) const {
  store::RedisStoreOptions options;
  options.socket_path = socket_path_;
  options.user = service;
  options.password = SecretBytes::CopyOf(kPassword);
  options.service = service;
  return options;
}

}  // namespace amana::testing
