#include "common/store/redis_protocol.h"

#include <hiredis/hiredis.h>

#include <charconv>

namespace amana::store {
namespace {

void AppendHeader(char kind, size_t number, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.push_back(kind);
  out.append(digits, end).append("\r\n");
}

Reply Convert(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_NIL:
      break;
    case REDIS_REPLY_INTEGER:
      reply.type = Reply::Type::kInteger;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.type = Reply::Type::kArray;
      reply.elements.reserve(raw.elements);
      for (size_t i = 0; i < raw.elements; ++i) reply.elements.push_back(Convert(*raw.element[i]));
      break;
    default:
      reply.type = raw.type == REDIS_REPLY_ERROR ? Reply::Type::kError : Reply::Type::kText;
      reply.text.assign(raw.str, raw.len);
  }
  return reply;
}

}  // namespace

Batch& Batch::Command(std::initializer_list<std::string_view> arguments) {
  Begin(arguments.size());
  for (const std::string_view argument : arguments) Add(argument);
  return *this;
}

void Batch::Begin(size_t arguments) {
  AppendHeader('*', arguments, bytes_);
  ++commands_;
}

void Batch::Add(std::string_view argument) {
  AppendHeader('$', argument.size(), bytes_);
  bytes_.append(argument).append("\r\n");
}

void ReplyReader::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader() { Reset(); }
ReplyReader::~ReplyReader() = default;

void ReplyReader::Reset() { reader_.reset(redisReaderCreate()); }

bool ReplyReader::Feed(std::string_view bytes, std::vector<Reply>& replies) {
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return false;
  for (;;) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return false;
    if (raw == nullptr) return true;
    replies.push_back(Convert(*static_cast<redisReply*>(raw)));
    freeReplyObject(raw);
  }
}

}  // namespace amana::store
