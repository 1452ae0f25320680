#include "common/base/ids.h"

#include <type_traits>
#include <unordered_set>

#include "absl/container/flat_hash_set.h"
#include "common/base/random.h"
#include "gtest/gtest.h"

namespace amana {
namespace {

// Counts up; the first 16 bytes are zero.
class CountingRandom final : public Random {
 public:
  void Fill(char* out, size_t n) override {
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>(calls_);
    ++calls_;
  }

 private:
  int calls_ = 0;
};

static_assert(!std::is_convertible_v<CaseId, ReferralId> &&
              !std::is_constructible_v<CaseId, ReferralId>);
static_assert(std::is_trivially_copyable_v<CaseId> && sizeof(CaseId) == 16);

TEST(IdTest, BytesAndTextThereAndBack) {
  CountingRandom random;
  const auto id = NewId<CaseId>(random);
  EXPECT_FALSE(id.is_zero());
  EXPECT_EQ(id.bytes().size(), kIdSize);
  EXPECT_EQ(id.ToString().size(), kIdTextSize);
  EXPECT_EQ(*CaseId::FromBytes(id.bytes()), id);
  EXPECT_EQ(*CaseId::Parse(id.ToString()), id);
}

TEST(IdTest, NewIdIsNeverZero) {
  CountingRandom random;  // gives sixteen zeros first
  EXPECT_EQ(NewId<CaseId>(random).bytes(), std::string(16, '\x01'));
}

TEST(IdTest, RefusesAnythingElse) {
  EXPECT_EQ(ReasonOf(CaseId::FromBytes("").status()), Reason::kInputMalformed);
  EXPECT_FALSE(CaseId::FromBytes(std::string(15, 'a')).ok());
  EXPECT_FALSE(CaseId::FromBytes(std::string(17, 'a')).ok());
  EXPECT_FALSE(CaseId::Parse("").ok());
  EXPECT_FALSE(CaseId::Parse(std::string(25, 'a')).ok());
  EXPECT_FALSE(CaseId::Parse(std::string(26, 'A')).ok());
  EXPECT_FALSE(CaseId::Parse(std::string(25, 'a') + "b").ok());  // bits beyond the 128th
  EXPECT_TRUE(CaseId::Parse(std::string(26, 'a'))->is_zero());
}

TEST(IdTest, ComparesAndHashesByItsBytes) {
  const CaseId a = *CaseId::FromBytes(std::string(16, 'a'));
  const CaseId b = *CaseId::FromBytes(std::string(16, 'b'));
  EXPECT_LT(a, b);
  EXPECT_NE(a, b);
  EXPECT_LT(b, *CaseId::FromBytes(std::string(16, '\xff')));  // bytes are unsigned
  EXPECT_EQ((std::unordered_set<CaseId>{a, b, a}.size()), 2u);
  EXPECT_EQ((absl::flat_hash_set<CaseId>{a, b, a}.size()), 2u);
}

}  // namespace
}  // namespace amana
