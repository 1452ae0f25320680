#include "clients/cli/options.h"

#include "clients/cli/render.h"
#include "common/client/uuid.h"

namespace amana::cli {
namespace {

std::string ParseIdOption(const std::string& option, const std::string& text) {
  auto bytes = client::ParseId(text);
  if (!bytes.ok()) throw CLI::ValidationError(option, "is not an id (base32 or UUID)");
  return *bytes;
}

}  // namespace

CLI::Option* AddId(CLI::App& app, const std::string& name, std::string& bytes,
                   const std::string& text) {
  auto* option = app.add_option_function<std::string>(
      name, [&bytes, name](const std::string& value) { bytes = ParseIdOption(name, value); }, text);
  if (!name.starts_with('-')) option->required();
  return option;
}

CLI::Option* AddIds(CLI::App& app, const std::string& name, std::vector<std::string>& ids,
                    const std::string& text) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [&ids, name](const std::vector<std::string>& values) {
            for (const std::string& value : values) ids.push_back(ParseIdOption(name, value));
          },
          text)
      ->allow_extra_args(false);
}

CLI::Option* AddTexts(CLI::App& app, const std::string& name, std::vector<std::string>& texts,
                      const std::string& text) {
  return app.add_option(name, texts, text)->allow_extra_args(false);
}

int NumberOf(const google::protobuf::EnumDescriptor& type, const std::string& option,
             const std::string& word) {
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (number != 0 && WordOf(type, number) == word) return number;
  }
  throw CLI::ValidationError(option, "is one of " + WordsOf(type));
}

std::string WordsOf(const google::protobuf::EnumDescriptor& type) {
  std::string words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    if (!words.empty()) words += ", ";
    words += WordOf(type, type.value(i)->number());
  }
  return words;
}

}  // namespace amana::cli
