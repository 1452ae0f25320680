#include "common/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "common/base/error.h"
#include "common/base/files.h"
#include "common/config/service_config.h"

namespace amana::config {
namespace {

using ::testing::HasSubstr;

struct Sample {
  std::string name;
  std::string listen;
  std::string folder;
  std::string secret;
  bool flag = false;
  int64_t number = 16;
  std::string level = "info";
  Schema schema;

  Sample() {
    schema.String("name", "A name.", name, Need::kRequired);
    schema.Address("listen", "An address.", listen);
    schema.Path("folder", "A folder.", folder);
    schema.SecretFile("secret_file", "A secret.", secret);
    schema.Bool("flag", "A flag.", flag);
    schema.Int("number", "A number.", number, {.minimum = 1, .maximum = 512});
    schema.Word("level", "A level.", level, {"info", "debug"});
  }

  // Where Parse() says the fault is; "" if there is none.
  std::string Fault(std::string_view text) {
    const absl::Status status = schema.Parse(text);
    if (status.ok()) return "";
    EXPECT_EQ(ReasonOf(status), Reason::kConfigurationInvalid);
    return DetailOf(status).field;
  }
};

TEST(ConfigTest, ReadsKeysCommentsAndKeepsDefaults) {
  Sample s;
  EXPECT_EQ(s.Fault("# a comment\n\n name = the network \r\nlisten=127.0.0.1:50051\n"
                    "flag = true\nfolder = /var/lib/amana"),
            "");
  EXPECT_EQ(s.name, "the network");
  EXPECT_EQ(s.listen, "127.0.0.1:50051");
  EXPECT_EQ(s.folder, "/var/lib/amana");
  EXPECT_TRUE(s.flag);
  EXPECT_EQ(s.number, 16);
}

TEST(ConfigTest, NamesTheKeyAndTheLineOfEveryFault) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "missing: name"},
      {"name = a\nnam = b\n", "line 2: nam"},
      {"name = a\n\nname = b\n", "line 3: name"},
      {"name =\n", "line 1: name"},
      {"name\n", "line 1"},
      {"name = a\nnumber = 0\n", "line 2: number"},
      {"name = a\nnumber = 513\n", "line 2: number"},
      {"name = a\nnumber = 1x\n", "line 2: number"},
      {"name = a\nnumber = 99999999999999999999\n", "line 2: number"},
      {"name = a\nflag = yes\n", "line 2: flag"},
      {"name = a\nlevel = loud\n", "line 2: level"},
      {"name = a\nfolder = relative\n", "line 2: folder"},
      {"name = a\nlisten = nowhere\n", "line 2: listen"},
      {"name = a\nlisten = host:70000\n", "line 2: listen"},
      {"name = a\nsecret_file = /nowhere/at/all\n", "line 2: secret_file"},
      {"name = a\x01\n", "line 1: name"},
      {"name = a\nHunter2! = b\n", "line 2: not a key"},
  };
  for (const auto& [text, fault] : cases) EXPECT_EQ(Sample().Fault(text), fault) << text;
}

TEST(ConfigTest, ASecretFileIsPrivate) {
  const std::string path = ::testing::TempDir() + "/config_test_secret";
  ASSERT_TRUE(WritePrivateFile(path, "x").ok());
  const std::string text = "name = a\nsecret_file = " + path + "\n";
  EXPECT_EQ(Sample().Fault(text), "");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(Sample().Fault(text), "line 2: secret_file");
}

TEST(ConfigTest, AFileThatIsNotThereIsUnreadable) {
  EXPECT_EQ(ReasonOf(Sample().schema.Load("/nowhere/at/all")), Reason::kFileUnreadable);
}

TEST(ConfigTest, TheSampleOfEveryServiceNamesAllKeys) {
  ServiceConfig config;
  Schema schema;
  Declare(config, schema);
  const std::string sample = schema.Sample();
  EXPECT_THAT(sample, HasSubstr("# Threads for handlers: calls that run at once. (1 to 512)\n"
                                "workers = 64\n"));
  EXPECT_THAT(sample, HasSubstr("(host:port; required)\n# listen = \n"));
  config.intake_address = "127.0.0.1:1";
  EXPECT_EQ(config.AddressOf("intake"), "127.0.0.1:1");
  EXPECT_EQ(config.AddressOf("nobody"), "");
}

TEST(ConfigDeathTest, AKeyIsDeclaredOnce) {
  std::string value;
  Schema schema;
  schema.String("name", "A name.", value);
  EXPECT_DEATH(schema.String("name", "Again.", value), "declared once");
}

}  // namespace
}  // namespace amana::config
