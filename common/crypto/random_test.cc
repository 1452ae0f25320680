#include "common/crypto/random.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

std::string Nonce() {
  std::string nonce(24, '\0');
  FillNonce(nonce.data(), nonce.size());
  return nonce;
}

TEST(SystemRandomTest, DoesNotRepeat) {
  EXPECT_NE(RandomBytes(32), RandomBytes(32));
  EXPECT_EQ(RandomBytes(0), "");
  EXPECT_NE(NewId<CaseId>(SystemRandom::Instance()), NewId<CaseId>(SystemRandom::Instance()));
}

TEST(NonceTest, DoesNotRepeatOverRefillsAndThreads) {
  std::vector<std::set<std::string>> of_thread(4);
  std::vector<std::thread> threads;
  threads.reserve(of_thread.size());
  for (auto& nonces : of_thread) {
    threads.emplace_back([&nonces] {
      for (int i = 0; i < 1000; ++i) nonces.insert(Nonce());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& nonces : of_thread) all.insert(nonces.begin(), nonces.end());
  EXPECT_EQ(all.size(), 4000u);
}

TEST(NonceTest, AChildDoesNotRepeatItsParents) {
  Nonce();  // the buffer has bytes left, which the child inherits
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string nonce = Nonce();
    _exit(write(ends[1], nonce.data(), nonce.size()) == 24 ? 0 : 1);
  }
  std::string of_child(24, '\0');
  ASSERT_EQ(read(ends[0], of_child.data(), of_child.size()), 24);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(of_child, Nonce());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace amana::crypto
