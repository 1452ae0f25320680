#pragma once

// Options that are ids, coded words or files: read and checked while the command line is parsed, so
// that a command gets what a request takes.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/repeated_field.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace amana::cli {

// An id as base32 or as a UUID, into its 16 bytes. "--case" for an option, "case" for a plain
// argument, which is then required.
CLI::Option* AddId(CLI::App& app, const std::string& name, std::string& bytes,
                   const std::string& text);
CLI::Option* AddIds(CLI::App& app, const std::string& name, std::vector<std::string>& ids,
                    const std::string& text);

// Texts, one for each time the option is given.
CLI::Option* AddTexts(CLI::App& app, const std::string& name, std::vector<std::string>& texts,
                      const std::string& text);

// The number of a word ("emergency_shelter"); throws CLI::ValidationError, which names the words
// there are.
int NumberOf(const google::protobuf::EnumDescriptor& type, const std::string& option,
             const std::string& word);

// "p0, p1, p2, p3"
std::string WordsOf(const google::protobuf::EnumDescriptor& type);

template <class Enum>
CLI::Option* AddWord(CLI::App& app, const std::string& name, Enum& value, const std::string& text) {
  const auto& type = *google::protobuf::GetEnumDescriptor<Enum>();
  auto* option = app.add_option_function<std::string>(
      name,
      [&value, &type, name](const std::string& word) {
        value = static_cast<Enum>(NumberOf(type, name, word));
      },
      text + ": " + WordsOf(type));
  if (!name.starts_with('-')) option->required();
  return option;
}

template <class Enum>
CLI::Option* AddWords(CLI::App& app, const std::string& name, std::vector<Enum>& values,
                      const std::string& text) {
  const auto& type = *google::protobuf::GetEnumDescriptor<Enum>();
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [&values, &type, name](const std::vector<std::string>& words) {
            for (const std::string& word : words) {
              values.push_back(static_cast<Enum>(NumberOf(type, name, word)));
            }
          },
          text + ": " + WordsOf(type))
      ->allow_extra_args(false);
}

}  // namespace amana::cli
