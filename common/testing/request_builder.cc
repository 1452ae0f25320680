#include "common/testing/request_builder.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "amana/options/v1/options.pb.h"
#include "common/crypto/random.h"
#include "common/crypto/x509.h"

namespace amana::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const options::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::field);
}

// Texts that mean something go by the name of their field.
std::string TextFor(const FieldDescriptor& field) {
  const std::string& name = field.name();
  if (name == "province_code") return "04.421";
  if (name == "language" || name == "languages") return "ar";
  if (name == "path") return "checkpoint";
  if (name == "certificate_request") {
    return crypto::CreateCertificateRequest(crypto::TransportKey::Generate());
  }
  return "Fictional";
}

std::string BytesFor(const FieldDescriptor& field, const IdsByField& ids) {
  const auto known = ids.find(field.name());
  if (known != ids.end()) return known->second;
  const uint32_t length = RuleOf(field).length();
  return crypto::RandomBytes(length > 0 ? length : 24);
}

// The first value that means something.
int EnumFor(const FieldDescriptor& field) { return field.enum_type()->value(1)->number(); }

void FillMessage(Message& message, const IdsByField& ids) {
  if (message.GetDescriptor()->full_name() == "google.protobuf.Timestamp") {
    static_cast<google::protobuf::Timestamp&>(message).set_seconds(
        absl::ToUnixSeconds(absl::Now() + absl::Hours(24)));
    return;
  }
  Fill(message, ids);
}

void FillSingle(Message& m, const Reflection& r, const FieldDescriptor* f, const IdsByField& ids) {
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillMessage(*r.MutableMessage(&m, f), ids);
    case FieldDescriptor::CPPTYPE_STRING:
      return r.SetString(
          &m, f, f->type() == FieldDescriptor::TYPE_BYTES ? BytesFor(*f, ids) : TextFor(*f));
    case FieldDescriptor::CPPTYPE_ENUM:
      return r.SetEnumValue(&m, f, EnumFor(*f));
    case FieldDescriptor::CPPTYPE_UINT32:
      return r.SetUInt32(&m, f, 1);
    case FieldDescriptor::CPPTYPE_UINT64:
      return r.SetUInt64(&m, f, 1);
    default:
      return;
  }
}

void AddOne(Message& m, const Reflection& r, const FieldDescriptor* f, const IdsByField& ids) {
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillMessage(*r.AddMessage(&m, f), ids);
    case FieldDescriptor::CPPTYPE_STRING:
      return r.AddString(
          &m, f, f->type() == FieldDescriptor::TYPE_BYTES ? BytesFor(*f, ids) : TextFor(*f));
    case FieldDescriptor::CPPTYPE_ENUM:
      return r.AddEnumValue(&m, f, EnumFor(*f));
    default:
      return;
  }
}

uint64_t Below(std::mt19937_64& random, size_t n) { return n == 0 ? 0 : random() % n; }

std::string Noise(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

}  // namespace

std::unique_ptr<Message> NewRequest(const google::protobuf::MethodDescriptor& method) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  return std::unique_ptr<Message>(prototype->New());
}

void Fill(Message& message, const IdsByField& ids) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    const bool named = field->type() == FieldDescriptor::TYPE_BYTES && ids.contains(field->name());
    if (!RuleOf(*field).required() && !named) continue;
    if (field->is_repeated()) {
      AddOne(message, reflection, field, ids);
    } else {
      FillSingle(message, reflection, field, ids);
    }
  }
}

std::string Mutate(std::string_view valid, std::mt19937_64& random) {
  std::string bytes(valid);
  switch (random() % 7) {
    case 0:  // nothing but noise
      return Noise(random, Below(random, 200));
    case 1:  // cut off
      return bytes.substr(0, Below(random, bytes.size() + 1));
    case 2:  // a few bits flipped
      for (int i = 0; i < 3 && !bytes.empty(); ++i) {
        bytes[Below(random, bytes.size())] ^= static_cast<char>(1 << Below(random, 8));
      }
      return bytes;
    case 3:  // twice: repeated fields double, the last of single ones counts
      return bytes + bytes;
    case 4:  // noise in the middle
      return bytes.insert(Below(random, bytes.size() + 1), Noise(random, 1 + Below(random, 20)));
    case 5: {  // a byte of the end of the range
      if (!bytes.empty()) bytes[Below(random, bytes.size())] = random() % 2 ? '\xff' : '\0';
      return bytes;
    }
    default: {  // a length that lies: a field of wire type 2 that says it is longer than the rest
      const char tag = static_cast<char>(((1 + Below(random, 15)) << 3) | 2);
      return bytes + tag + "\xff\xff\xff\x7f" + Noise(random, Below(random, 40));
    }
  }
}

}  // namespace amana::testing
