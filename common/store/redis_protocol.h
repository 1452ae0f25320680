#pragma once
// Redis's protocol (RESP2): commands as bytes, replies as values.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

struct redisReader;

namespace amana::store {

// Commands that are sent in one go. Belongs to one thread.
class Batch {
 public:
  // One whole command.
  Batch& Command(std::initializer_list<std::string_view> arguments);

  // A command argument by argument: Begin(n), then Add() n times.
  void Begin(size_t arguments);
  void Add(std::string_view argument);

  const std::string& bytes() const { return bytes_; }
  size_t commands() const { return commands_; }

 private:
  std::string bytes_;
  size_t commands_ = 0;
};

struct Reply {
  enum class Type { kNil, kInteger, kText, kError, kArray };

  Type type = Type::kNil;
  int64_t integer = 0;
  std::string text;  // of kText and kError
  std::vector<Reply> elements;

  bool is_error() const { return type == Type::kError; }
  bool is_text() const { return type == Type::kText; }
  bool is_nil() const { return type == Type::kNil; }
};

// Takes bytes as they come, gives whole replies. Belongs to one thread.
class ReplyReader {
 public:
  ReplyReader();
  ~ReplyReader();

  // Appends the replies that are whole now. False if the bytes are not the protocol: the connection
  // is of no more use.
  bool Feed(std::string_view bytes, std::vector<Reply>& replies);

  // Forgets a half-read reply: for a new connection.
  void Reset();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace amana::store
