#include "common/crypto/sealer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/crypto/aead.h"
#include "common/crypto/random.h"
#include "common/crypto/test_bytes.h"
#include "gtest/gtest.h"

namespace amana::crypto {
namespace {

const std::string kOld = "1 " + std::string(64, 'a') + "\n";
const std::string kNew = "7 " + std::string(64, 'b') + "\n";

std::unique_ptr<Sealer> FromText(std::string_view text) { return *Sealer::FromText(text); }

TEST(SealerTest, SealsAndOpens) {
  const auto sealer = FromText(kOld);
  for (const size_t size : {0, 1, 100, 100000}) {
    const std::string plaintext(size, 'x');
    const std::string sealed = sealer->Seal("case:1", plaintext);
    EXPECT_EQ(sealed.size(), plaintext.size() + Sealer::kOverhead);
    EXPECT_EQ(*sealer->Open("case:1", sealed), plaintext);
  }
}

TEST(SealerTest, HasTheLayoutThatItsHeaderSays) {
  const std::string sealed = FromText("258 " + std::string(64, 'a'))->Seal("name", "plaintext");
  const std::string header = FromHex("0100000102");
  EXPECT_EQ(sealed.substr(0, 5), header);
  EXPECT_EQ(
      *Open(std::string(32, '\xaa'), sealed.substr(5, 24), header + "name", sealed.substr(29)),
      "plaintext");
}

TEST(SealerTest, AValueDoesNotOpenUnderAnotherName) {
  const auto sealer = FromText(kOld);
  const std::string sealed = sealer->Seal("case:1", "secret");
  EXPECT_EQ(ReasonOf(sealer->Open("case:2", sealed).status()), Reason::kStoredValueUnreadable);
  EXPECT_FALSE(sealer->Open("", sealed).ok());
}

TEST(SealerTest, NothingDamagedOpens) {
  const auto sealer = FromText(kOld + kNew);
  const std::string sealed = sealer->Seal("name", "secret");
  ForEachDamaged(sealed, [&](const std::string& damaged) {
    EXPECT_EQ(ReasonOf(sealer->Open("name", damaged).status()), Reason::kStoredValueUnreadable);
  });
  for (size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(sealer->Open("name", sealed.substr(0, size)).ok());
  EXPECT_FALSE(sealer->Open("name", sealed + "x").ok());
}

TEST(SealerTest, TheNewestKeySealsAndEveryKeyOpens) {
  const std::string old_value = FromText(kOld)->Seal("name", "old");
  const auto both = FromText("# rotated in March\n\n" + kNew + kOld);
  EXPECT_EQ(*both->Open("name", old_value), "old");
  const std::string new_value = both->Seal("name", "new");
  EXPECT_EQ(*FromText(kNew)->Open("name", new_value), "new");
  EXPECT_FALSE(FromText(kOld)->Open("name", new_value).ok());
  EXPECT_FALSE(
      FromText("1 " + std::string(64, 'c'))->Open("name", old_value).ok());  // same id, other key
}

TEST(SealerTest, NamesOfAnyLength) {
  const auto sealer = FromText(kOld);
  for (const size_t size : {0, 250, 251, 252, 5000}) {
    const std::string name(size, 'n');
    EXPECT_EQ(*sealer->Open(name, sealer->Seal(name, "x")), "x") << size;
    EXPECT_FALSE(sealer->Open(name + "n", sealer->Seal(name, "x")).ok()) << size;
  }
}

TEST(SealerTest, RefusesWhatIsNoKeyFile) {
  const std::string hex(64, 'a');
  for (const std::string& text : std::vector<std::string>{"",
                                                          "\n",
                                                          "# nothing\n",
                                                          hex,
                                                          "0 " + hex,
                                                          "-1 " + hex,
                                                          "01 " + hex,
                                                          "4294967296 " + hex,
                                                          "1  " + hex,
                                                          "1\t" + hex,
                                                          " 1 " + hex,
                                                          "1 " + hex + " ",
                                                          "1 " + hex + "\r\n",
                                                          "1 " + hex.substr(1),
                                                          "1 " + hex + "aa",
                                                          "1 " + std::string(64, 'A'),
                                                          "1 " + std::string(64, 'g'),
                                                          "1 " + hex + "\n1 " + hex,
                                                          "1",
                                                          "1 "}) {
    EXPECT_EQ(ReasonOf(Sealer::FromText(text).status()), Reason::kConfigurationInvalid) << text;
  }
  std::string many;
  for (size_t i = 1; i <= Sealer::kMaxKeys; ++i) many += std::to_string(i) + " " + hex + "\n";
  EXPECT_TRUE(Sealer::FromText(many).ok());
  EXPECT_FALSE(Sealer::FromText(many + "100 " + hex).ok());
}

TEST(SealerTest, ReadsAFileForItsOwnerAlone) {
  const std::string path = testing::TempDir() + "amana-sealer-" + std::to_string(getpid());
  const SecretBytes line = Sealer::NewKeyLine(3, SystemRandom::Instance());
  ASSERT_TRUE(WritePrivateFile(path, line.Expose()).ok());
  EXPECT_TRUE(Sealer::FromFile(path).ok());
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(ReasonOf(Sealer::FromFile(path).status()), Reason::kFileUnreadable);
  ASSERT_EQ(chmod(path.c_str(), 0604), 0);
  EXPECT_EQ(ReasonOf(Sealer::FromFile(path).status()), Reason::kFileUnreadable);
  unlink(path.c_str());
  EXPECT_EQ(ReasonOf(Sealer::FromFile(path).status()), Reason::kFileUnreadable);
}

TEST(SealerTest, IsSharedByThreads) {
  const auto sealer = FromText(kOld + kNew);
  std::vector<std::thread> threads(4);
  for (int t = 0; t < 4; ++t) {
    threads[t] = std::thread([&sealer, t] {
      const std::string name = std::to_string(t);
      for (int i = 0; i < 1000; ++i) EXPECT_EQ(*sealer->Open(name, sealer->Seal(name, "x")), "x");
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace amana::crypto
