#include "clients/cli/render.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "common/base/base32.h"
#include "common/base/ids.h"

namespace amana::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool HoldsIds(const FieldDescriptor& field) {
  return field.name().ends_with("_id") || field.name().ends_with("_ids");
}

std::string BytesText(const FieldDescriptor& field, const std::string& bytes) {
  if (HoldsIds(field) && bytes.size() == kIdSize) return Base32Encode(bytes);
  return absl::Base64Escape(bytes);
}

// One value of a field; `index` is -1 unless it is repeated.
Json ValueOf(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& r = *message.GetReflection();
  const bool many = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return many ? r.GetRepeatedDouble(message, &field, index) : r.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? r.GetRepeatedInt32(message, &field, index) : r.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return many ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? r.GetRepeatedUInt32(message, &field, index) : r.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return many ? r.GetRepeatedUInt64(message, &field, index) : r.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return WordOf(*field.enum_type(), many ? r.GetRepeatedEnumValue(message, &field, index)
                                             : r.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          many ? r.GetRepeatedString(message, &field, index) : r.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? BytesText(field, text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(many ? r.GetRepeatedMessage(message, &field, index)
                         : r.GetMessage(message, &field));
    default:
      return nullptr;  // float: no message of ours has one
  }
}

}  // namespace

Json ToJson(const Message& message) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return TimeText(*time);
  }
  Json json = Json::object();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.is_repeated()) {
      Json& list = json[field.name()] = Json::array();
      for (int at = 0; at < reflection.FieldSize(message, &field); ++at) {
        list.push_back(ValueOf(message, field, at));
      }
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      json[field.name()] = ValueOf(message, field, -1);
    }
  }
  return json;
}

std::string WordOf(const google::protobuf::EnumDescriptor& type, int number) {
  constexpr std::string_view kNone = "UNSPECIFIED";
  const auto* value = type.FindValueByNumber(number);
  if (value == nullptr) return std::to_string(number);
  const size_t prefix = type.FindValueByNumber(0)->name().size() - kNone.size();
  return absl::AsciiStrToLower(value->name().substr(prefix));
}

std::string IdText(const std::string& bytes) { return bytes.empty() ? "" : Base32Encode(bytes); }

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ",
                          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                          absl::UTCTimeZone());
}

}  // namespace amana::cli
