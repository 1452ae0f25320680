#pragma once
// A Redis of one's own, as production runs it: a Unix socket, every write synced, one user for each
// service. It can be killed, started again with its data, and stopped in the middle of everything.

#include <sys/types.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/redis_protocol.h"
#include "common/store/redis_store.h"

namespace amana::testing {

// Runs `redis-server` from PATH in a folder under /tmp that goes with the fixture. The process ends
// when the thread that started it does, so Start() is for the main thread; the rest is thread-safe.
// A Redis that does not come up ends the program: no test means anything without it.
class RedisFixture {
 public:
  // Started. `services` are the users: each may reach the keys that begin with its name.
  explicit RedisFixture(const std::vector<std::string>& services);
  ~RedisFixture();
  RedisFixture(const RedisFixture&) = delete;
  RedisFixture& operator=(const RedisFixture&) = delete;

  // As power cut: no farewell, nothing flushed that was not.
  void Kill9();
  // On the same data; returns once it answers. Starts it twice, the first time where nobody
  // reaches it: Redis 7.0 cuts a torn tail off behind its last whole command, also within a
  // transaction, and would join the half to whatever is written next. With nothing written
  // meanwhile the second start sees an open transaction at the end, and drops it whole.
  void Start();
  // Everything hangs, nothing breaks.
  void Pause();
  void Resume();

  void FlushFunctions();
  // Forgets all data (and the functions stay).
  void Wipe();
  // Writes the append-only file anew from what is in memory, and waits for it.
  void RewriteFile();

  // Adds to the end of the append-only file, as a kill in the middle of a write leaves it. Not
  // while it runs.
  void AppendToFile(std::string_view bytes) const;

  // Every key with all it holds (values, members, scores, entries), as bytes.
  std::map<std::string, std::string> Dump();
  // All files of its folder, one after the other: what a thief of the disk has.
  std::string FilesOnDisk() const;

  // One command by a user who may do anything, or by a service's.
  store::Reply Ask(std::initializer_list<std::string_view> command);
  store::Reply AskAs(std::string_view user, std::initializer_list<std::string_view> command);

  const std::string& socket_path() const { return socket_path_; }
  // What the store of this service is opened with.
  store::RedisStoreOptions OptionsFor(const std::string& service) const;

 private:
  void WriteConfiguration(const std::vector<std::string>& services) const;
  std::string Contents(const std::string& key);
  void StartOn(const std::string& socket_path);

  const std::string folder_;
  const std::string socket_path_;
  pid_t pid_ = -1;
};

}  // namespace amana::testing
