#include "common/rpc/validator.h"

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "amana/options/v1/options.pb.h"
#include "common/base/error.h"

namespace amana::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

struct MessagePlan;

struct FieldPlan {
  const FieldDescriptor* field = nullptr;
  bool required = false;
  uint32_t length = 0;
  uint32_t max_length = 0;
  uint32_t max_items = 0;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  const MessagePlan* inner = nullptr;  // of a message field, where that has something to check
};

struct MessagePlan {
  std::vector<FieldPlan> fields;
};

bool HasBounds(const FieldPlan& plan) { return plan.minimum || plan.maximum; }

}  // namespace

// All plans that one request needs; those of messages that contain themselves point to each other.
struct Validator::Plan {
  std::unordered_map<const Descriptor*, std::unique_ptr<MessagePlan>> messages;
  const MessagePlan* root = nullptr;

  const MessagePlan* Build(const Descriptor* descriptor) {
    auto [it, added] = messages.try_emplace(descriptor);
    if (!added) return it->second.get();
    it->second = std::make_unique<MessagePlan>();
    MessagePlan* plan = it->second.get();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      AddField(descriptor->field(i), *plan);
    }
    return plan;
  }

  void AddField(const FieldDescriptor* field, MessagePlan& plan) {
    const auto& rule = field->options().GetExtension(options::v1::field);
    FieldPlan out;
    out.field = field;
    out.required = rule.required();
    out.length = rule.length();
    out.max_length = rule.max_length();
    out.max_items = rule.max_items();
    if (rule.has_minimum()) out.minimum = rule.minimum();
    if (rule.has_maximum()) out.maximum = rule.maximum();
    bool needed =
        out.required || out.length > 0 || out.max_length > 0 || out.max_items > 0 || HasBounds(out);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) needed = true;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      out.inner = Build(field->message_type());
      needed = true;
    }
    if (needed) plan.fields.push_back(std::move(out));
  }
};

namespace {

// Walks one message. On a fault returns false and leaves its path in `path_`.
class Walk {
 public:
  bool Check(const Message& message, const MessagePlan& plan) {
    const Reflection& reflection = *message.GetReflection();
    for (const FieldPlan& field : plan.fields) {
      const bool ok = field.field->is_repeated() ? CheckRepeated(message, reflection, field)
                                                 : CheckSingle(message, reflection, field);
      if (!ok) return Fault(field.field->name());
    }
    return true;
  }

  std::string path() && { return std::move(path_); }

 private:
  // Puts `step` in front of the path that is there.
  bool Fault(const std::string& step) {
    const bool joined = !path_.empty() && path_.front() != '[';
    path_ = step + (joined ? "." : "") + path_;
    return false;
  }

  bool CheckSingle(const Message& message, const Reflection& reflection, const FieldPlan& plan) {
    const FieldDescriptor* field = plan.field;
    if (field->has_presence() && !reflection.HasField(message, field)) return !plan.required;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Inside(reflection.GetMessage(message, field), plan);
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        const std::string& text = reflection.GetStringReference(message, field, &scratch);
        return (!plan.required || !text.empty()) && TextOk(text, plan);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value = reflection.GetEnumValue(message, field);
        return (!plan.required || value != 0) && EnumOk(field, value);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return true;
      default: {
        const bool absent = !field->has_presence() && IsZero(message, reflection, field);
        return absent ? !plan.required : NumberOk(message, reflection, plan, -1);
      }
    }
  }

  bool CheckRepeated(const Message& message, const Reflection& reflection, const FieldPlan& plan) {
    const FieldDescriptor* field = plan.field;
    const int size = reflection.FieldSize(message, field);
    if (plan.required && size == 0) return false;
    if (plan.max_items > 0 && static_cast<uint32_t>(size) > plan.max_items) return false;
    for (int i = 0; i < size; ++i) {
      if (!CheckElement(message, reflection, plan, i)) {
        return Fault("[" + std::to_string(i) + "]");
      }
    }
    return true;
  }

  bool CheckElement(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                    int i) {
    const FieldDescriptor* field = plan.field;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Inside(reflection.GetRepeatedMessage(message, field, i), plan);
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return TextOk(reflection.GetRepeatedStringReference(message, field, i, &scratch), plan);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value = reflection.GetRepeatedEnumValue(message, field, i);
        return value != 0 && EnumOk(field, value);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return true;
      default:
        return NumberOk(message, reflection, plan, i);
    }
  }

  bool Inside(const Message& message, const FieldPlan& plan) {
    return plan.inner == nullptr || Check(message, *plan.inner);
  }

  static bool TextOk(const std::string& text, const FieldPlan& plan) {
    if (plan.length > 0 && !text.empty() && text.size() != plan.length) return false;
    return plan.max_length == 0 || text.size() <= plan.max_length;
  }

  static bool EnumOk(const FieldDescriptor* field, int value) {
    return field->enum_type()->FindValueByNumber(value) != nullptr;
  }

  template <class Number>
  static bool Within(Number value, const FieldPlan& plan) {
    if constexpr (std::is_floating_point_v<Number>) {
      // Written so that NaN fails.
      return (!plan.minimum || value >= static_cast<Number>(*plan.minimum)) &&
             (!plan.maximum || value <= static_cast<Number>(*plan.maximum));
    } else {
      return (!plan.minimum || std::cmp_greater_equal(value, *plan.minimum)) &&
             (!plan.maximum || std::cmp_less_equal(value, *plan.maximum));
    }
  }

  // Calls `use` with the number in a field, or in its element `i` if that is not -1.
  template <class Use>
  static bool WithNumber(const Message& m, const Reflection& r, const FieldDescriptor* f, int i,
                         const Use& use) {
    const bool one = i < 0;
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return use(one ? r.GetInt32(m, f) : r.GetRepeatedInt32(m, f, i));
      case FieldDescriptor::CPPTYPE_UINT32:
        return use(one ? r.GetUInt32(m, f) : r.GetRepeatedUInt32(m, f, i));
      case FieldDescriptor::CPPTYPE_INT64:
        return use(one ? r.GetInt64(m, f) : r.GetRepeatedInt64(m, f, i));
      case FieldDescriptor::CPPTYPE_UINT64:
        return use(one ? r.GetUInt64(m, f) : r.GetRepeatedUInt64(m, f, i));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return use(one ? r.GetFloat(m, f) : r.GetRepeatedFloat(m, f, i));
      default:
        return use(one ? r.GetDouble(m, f) : r.GetRepeatedDouble(m, f, i));
    }
  }

  static bool IsZero(const Message& message, const Reflection& reflection,
                     const FieldDescriptor* field) {
    return WithNumber(message, reflection, field, -1, [](auto value) { return value == 0; });
  }

  static bool NumberOk(const Message& message, const Reflection& reflection, const FieldPlan& plan,
                       int i) {
    return WithNumber(message, reflection, plan.field, i,
                      [&](auto value) { return Within(value, plan); });
  }

  std::string path_;
};

}  // namespace

Validator::Validator(const Descriptor* descriptor) {
  auto plan = std::make_shared<Plan>();
  plan->root = plan->Build(descriptor);
  plan_ = std::move(plan);
}
Validator::~Validator() = default;

absl::Status Validator::Check(const Message& message) const {
  Walk walk;
  if (walk.Check(message, *plan_->root)) return absl::OkStatus();
  return Error(Reason::kInvalidField, {.field = std::move(walk).path()});
}

}  // namespace amana::rpc
