#include "common/client/hsds_eligibility.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/client/hsds_areas.h"
#include "common/client/hsds_service.h"

namespace amana::client::hsds {
namespace {

namespace cv = amana::common::v1;
namespace rv = amana::referral::v1;

constexpr uint32_t kMaxAge = 130;

struct Target {
  rv::Eligibility& eligibility;
  rv::ServiceAtLocation& record;
};

using Reader = std::function<bool(const std::string& value, Target)>;

std::optional<uint32_t> Age(const std::string& text) {
  uint32_t age = 0;
  if (!absl::SimpleAtoi(text, &age) || age > kMaxAge) return std::nullopt;
  return age;
}

// The same key twice means either, so the wider bound holds.
bool Minimum(const std::string& text, rv::Eligibility& e) {
  const auto age = Age(text);
  if (age) e.set_minimum_age(e.has_minimum_age() ? std::min(e.minimum_age(), *age) : *age);
  return age.has_value();
}

bool Maximum(const std::string& text, rv::Eligibility& e) {
  const auto age = Age(text);
  if (age) e.set_maximum_age(e.has_maximum_age() ? std::max(e.maximum_age(), *age) : *age);
  return age.has_value();
}

bool ChildMaximum(const std::string& text, bool girls_too, rv::Eligibility& e) {
  const auto age = Age(text);
  if (!age) return false;
  e.set_maximum_age_of_boys(e.has_maximum_age_of_boys() ? std::min(e.maximum_age_of_boys(), *age)
                                                        : *age);
  if (girls_too) e.set_maximum_age_of_girls(*age);
  return true;
}

bool Accepted(const std::string& value, cv::Circumstance circumstance, rv::Eligibility& e) {
  if (value == "not_accepted") e.add_not_accepted(circumstance);
  return value == "accepted" || value == "not_accepted";
}

bool Gender(const std::string& value, rv::Eligibility& e) {
  const int number = NumberOfWord(*cv::Gender_descriptor(), "GENDER_", value);
  if (number != 0) e.add_genders(static_cast<cv::Gender>(number));
  return number != 0;
}

bool Residence(const std::string& value, rv::Eligibility& e) {
  if (std::ranges::find(kProvinces, value) == kProvinces.end()) return false;
  e.add_residence_province_codes(value);
  return true;
}

bool Wheelchair(const std::string& value, rv::ServiceAtLocation& record) {
  if (value != "wheelchair") return false;
  const auto& known = record.accessibility();
  if (std::find(known.begin(), known.end(), cv::ACCESSIBILITY_NEED_WHEELCHAIR) == known.end()) {
    record.add_accessibility(cv::ACCESSIBILITY_NEED_WHEELCHAIR);
  }
  return true;
}

const std::map<std::string, Reader>& Readers() {
  static const std::map<std::string, Reader> kReaders = {
      {"gender", [](auto& v, Target t) { return Gender(v, t.eligibility); }},
      {"age_min", [](auto& v, Target t) { return Minimum(v, t.eligibility); }},
      {"age_max", [](auto& v, Target t) { return Maximum(v, t.eligibility); }},
      {"children",
       [](auto& v, Target t) {
         t.eligibility.set_children_accepted(t.eligibility.children_accepted() || v == "allowed");
         return v == "allowed" || v == "not_allowed";
       }},
      // The network's records have no lower bound for children: the centre answers the offer.
      {"child_age_min", [](auto& v, Target) { return Age(v).has_value(); }},
      {"child_age_max", [](auto& v, Target t) { return ChildMaximum(v, true, t.eligibility); }},
      {"child_age_max_boys",
       [](auto& v, Target t) { return ChildMaximum(v, false, t.eligibility); }},
      {"residence_province", [](auto& v, Target t) { return Residence(v, t.eligibility); }},
      {"pregnancy",
       [](auto& v, Target t) { return Accepted(v, cv::CIRCUMSTANCE_PREGNANT, t.eligibility); }},
      {"mental_health",
       [](auto& v, Target t) {
         return Accepted(v, cv::CIRCUMSTANCE_MENTAL_HEALTH, t.eligibility);
       }},
      {"substance_use",
       [](auto& v, Target t) {
         return Accepted(v, cv::CIRCUMSTANCE_SUBSTANCE_USE, t.eligibility);
       }},
      {"disability", [](auto& v, Target t) { return Wheelchair(v, t.record); }},
      {"documents",
       [](auto& v, Target t) {
         if (v == "required") t.eligibility.add_not_accepted(cv::CIRCUMSTANCE_NO_DOCUMENTS);
         return v == "required";
       }},
  };
  return kReaders;
}

std::optional<uint32_t> PlainAge(const Json& service, const char* name) {
  const auto number = Number(service, name);
  if (!number || *number < 0 || *number > kMaxAge) return std::nullopt;
  return uint32_t(std::floor(*number));
}

}  // namespace

bool ReadEligibility(const Json& service, rv::ServiceAtLocation& record) {
  rv::Eligibility& eligibility = *record.mutable_eligibility();
  bool understood = true;
  for (const std::string& code : Codes(service, "amana-eligibility", "service")) {
    const size_t colon = code.find(':');
    const auto reader = Readers().find(code.substr(0, colon));
    understood = understood && colon != std::string::npos && reader != Readers().end() &&
                 reader->second(code.substr(colon + 1), {eligibility, record});
  }
  const auto minimum = PlainAge(service, "minimum_age");
  const auto maximum = PlainAge(service, "maximum_age");
  if (minimum && !eligibility.has_minimum_age()) eligibility.set_minimum_age(*minimum);
  if (maximum && !eligibility.has_maximum_age()) eligibility.set_maximum_age(*maximum);
  return understood;
}

}  // namespace amana::client::hsds
