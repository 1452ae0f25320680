#include "common/rpc/validator.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "common/base/error.h"
#include "common/rpc/testing/broken.pb.h"

namespace amana::rpc {
namespace {

namespace pb = amana::rpc::testing::v1;

// The path of the fault in a message given as text; "" if there is none.
template <class M>
std::string Fault(const std::string& text) {
  M message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  const absl::Status status = Validator(M::descriptor()).Check(message);
  if (status.ok()) return "";
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  return DetailOf(status).field;
}

TEST(ValidatorTest, Table) {
  const std::string ok = "required_text: 'x' ";
  const std::string id16 = "'0123456789abcdef'";
  const std::pair<std::string, std::string> cases[] = {
      {ok, ""},
      {"", "required_text"},
      {ok + "exact: " + id16, ""},
      {ok + "exact: '0123456789abcde'", "exact"},
      {ok + "short_text: 'abcd'", ""},
      {ok + "short_text: 'abcde'", "short_text"},
      {ok + "short_text: '\\303\\251\\303\\251x'", "short_text"},  // bytes, not characters
      {ok + "words: ['abc', '']", ""},
      {ok + "words: ['a', 'b', 'c']", "words"},
      {ok + "words: ['a', 'abcd']", "words[1]"},
      {ok + "bounded: -5", ""},
      {ok + "bounded: 6", "bounded"},
      {ok + "bounded: -6", "bounded"},
      {ok + "big: 18446744073709551615", "big"},
      {ok + "maybe: 0", "maybe"},
      {ok + "maybe: 1", ""},
      {ok + "real: 90.5", "real"},
      {ok + "real: -90", ""},
      {ok + "real: nan", "real"},
      {ok + "colour: 1", ""},
      {ok + "colour: 7", "colour"},
      {ok + "colours: [1, 1]", ""},
      {ok + "colours: [1, 0]", "colours[1]"},
      {ok + "inner { }", "inner.colour"},
      {ok + "inner { colour: 1 id: 'x' }", "inner.id"},
      {ok + "inner { colour: 1 }", ""},
      {ok + "inners { colour: 1 } inners { colour: 0 }", "inners[1].colour"},
      {ok + "again { " + ok + " again { } }", "again.again.required_text"},
      {ok + "chosen { }", "chosen.colour"},
      {ok + "other: 'abc'", "other"},
      {ok + "other: ''", ""},
      {ok + "named { key: 'a' value { colour: 1 } }", ""},
      {ok + "named { key: 'a' value { } }", "named[0].value.colour"},
      {ok + "named { key: 'a' value { colour: 1 } } named { key: 'b' value { colour: 1 } }",
       "named"},
      {ok + "numbers: [1, 9]", ""},
      {ok + "numbers: [0]", "numbers[0]"},
      {ok + "numbers: [1, 10]", "numbers[1]"},
  };
  for (const auto& [text, fault] : cases) EXPECT_EQ(Fault<pb::Checked>(text), fault) << text;
}

TEST(ValidatorTest, RequiredMeansThere) {
  const std::string inner = "inner { colour: 1 } ";
  EXPECT_EQ(Fault<pb::Demanding>("list: 0 number: 1"), "inner");
  EXPECT_EQ(Fault<pb::Demanding>(inner + "number: 1"), "list");
  EXPECT_EQ(Fault<pb::Demanding>(inner + "list: 0"), "number");
  EXPECT_EQ(Fault<pb::Demanding>(inner + "list: 0 number: -2"), "number");
  EXPECT_EQ(Fault<pb::Demanding>(inner + "list: 0 number: -1"), "");
}

}  // namespace
}  // namespace amana::rpc
