#include "common/client/hsds.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/status_macros.h"
#include "common/client/hsds_json.h"
#include "common/client/hsds_service.h"
#include "common/client/uuid.h"

namespace amana::client {
namespace {

using hsds::Json;
using hsds::List;
using hsds::Object;
using hsds::Text;

constexpr size_t kMaxName = 200;

// Services are for people in need, never for a party: by form, or by one of these words in a name.
bool IsPolitical(const Json& organisation) {
  const std::string status = Text(organisation, "legal_status");
  if (status == "political_party" || status == "political_body") return true;
  for (const char* field : {"name", "alternate_name"}) {
    const std::string name = absl::AsciiStrToLower(Text(organisation, field));
    for (const char* words : {"parti politique", "political party", "حزب"}) {
      if (name.find(words) != std::string::npos) return true;
    }
  }
  return false;
}

identity::v1::OrganisationKind KindOf(const Json& organisation) {
  const std::string status = Text(organisation, "legal_status");
  if (status == "centre") return identity::v1::ORGANISATION_KIND_CENTRE;
  if (status == "agency") return identity::v1::ORGANISATION_KIND_AGENCY;
  return identity::v1::ORGANISATION_KIND_ASSOCIATION;
}

// Higher is stricter.
int Strictness(referral::v1::LocationVisibility visibility) { return static_cast<int>(visibility); }

class Reader {
 public:
  explicit Reader(absl::Time now) : now_(now) {}

  void ReadVisibilities(const Json& organisations);
  void ReadOrganisation(const Json& organisation);
  HsdsDirectory Finish();

 private:
  void ReadService(const Json& service, const identity::v1::Organisation& organisation);
  void ReadPlaces(const Json& service, const identity::v1::Organisation& organisation);
  void Refuse(const Json& record, Reason reason, std::string what) {
    directory_.refused.push_back({Text(record, "id"), reason, std::move(what)});
  }
  // False if the id was used before, for anything.
  bool Claim(const Json& record) { return used_.insert(Text(record, "id")).second; }

  absl::Time now_;
  hsds::Visibilities visibilities_;
  std::set<std::string> used_;
  HsdsDirectory directory_;
};

void Reader::ReadVisibilities(const Json& organisations) {
  for (const Json& organisation : organisations) {
    for (const Json& service : List(organisation, "services")) {
      for (const Json& place : List(service, "service_at_locations")) {
        const std::string location = Text(Object(place, "location"), "id");
        for (const std::string& code :
             hsds::Codes(service, "amana-visibility", "location", location)) {
          int number = hsds::NumberOfWord(*referral::v1::LocationVisibility_descriptor(),
                                          "LOCATION_VISIBILITY_", code);
          // A word that is not understood can only mean less than everyone may see.
          if (number == 0) number = referral::v1::LOCATION_VISIBILITY_SEALED;
          auto& strictest = visibilities_[location];
          strictest = static_cast<referral::v1::LocationVisibility>(
              std::max(Strictness(strictest), number));
        }
      }
    }
  }
  // Where nothing is said, one service that shelters seals the place for all of them.
  const hsds::Visibilities said = visibilities_;
  for (const Json& organisation : organisations) {
    for (const Json& service : List(organisation, "services")) {
      if (!hsds::Shelters(service)) continue;
      for (const Json& place : List(service, "service_at_locations")) {
        const std::string location = Text(Object(place, "location"), "id");
        if (said.contains(location)) continue;
        visibilities_[location] = referral::v1::LOCATION_VISIBILITY_SEALED;
      }
    }
  }
}

void Reader::ReadOrganisation(const Json& json) {
  const auto id = ParseUuid(Text(json, "id"));
  const std::string name = Text(json, "name");
  const bool other = json.contains("service_at_locations") || json.contains("organization");
  if (!json.is_object() || other || !id.ok() || name.empty() || name.size() > kMaxName) {
    return Refuse(json, Reason::kDirectoryRecordInvalid,
                  "an organization without an id (UUID) or a name of fitting length");
  }
  if (hsds::HasBadText(json, "services")) {
    return Refuse(json, Reason::kDirectoryRecordInvalid, "text that is not UTF-8");
  }
  if (IsPolitical(json)) {
    return Refuse(json, Reason::kDirectoryRecordPolitical, "a political body");
  }
  if (!Claim(json)) {
    return Refuse(json, Reason::kDirectoryRecordInvalid, "an id that was used before");
  }
  identity::v1::Organisation organisation;
  organisation.set_organisation_id(*id);
  organisation.set_name(name);
  organisation.set_kind(KindOf(json));
  organisation.set_parent_organisation_id(
      ParseUuid(Text(json, "parent_organization_id")).value_or(""));
  for (const Json& service : List(json, "services")) {
    for (const Json& place : List(service, "service_at_locations")) {
      const std::string province = hsds::ProvinceOf(Object(place, "location"));
      if (province.empty() || !organisation.province_code().empty()) continue;
      organisation.set_province_code(province);
      organisation.set_region_code(province.substr(0, 2));
    }
  }
  for (const Json& service : List(json, "services")) ReadService(service, organisation);
  directory_.organisations.push_back(std::move(organisation));
}

void Reader::ReadService(const Json& service, const identity::v1::Organisation& organisation) {
  if (!service.is_object() || !ParseUuid(Text(service, "id")).ok()) {
    return Refuse(service, Reason::kDirectoryRecordInvalid, "a service without an id (UUID)");
  }
  if (hsds::HasBadText(service, "")) {
    return Refuse(service, Reason::kDirectoryRecordInvalid, "text that is not UTF-8");
  }
  if (!Claim(service)) {
    return Refuse(service, Reason::kDirectoryRecordInvalid, "an id that was used before");
  }
  for (const Json& capacity : List(service, "capacities")) {
    if (!Claim(capacity)) {
      return Refuse(service, Reason::kDirectoryRecordInvalid,
                    "a capacity whose id was used before");
    }
  }
  ReadPlaces(service, organisation);
}

void Reader::ReadPlaces(const Json& service, const identity::v1::Organisation& organisation) {
  bool first = true;
  for (const Json& place : List(service, "service_at_locations")) {
    hsds::Reading reading = hsds::ReadServiceAt(service, {place, visibilities_, first}, now_);
    first = false;
    for (std::string& warning : reading.warnings) {
      directory_.warnings.push_back({Text(place, "id"), Reason::kUnspecified, std::move(warning)});
    }
    if (!reading.refused && !Claim(place)) reading.refused = "an id that was used before";
    if (reading.refused) {
      Refuse(place, Reason::kDirectoryRecordInvalid, *std::move(reading.refused));
      continue;
    }
    reading.record.set_organisation_id(organisation.organisation_id());
    reading.record.set_organisation_name(organisation.name());
    directory_.records.push_back(std::move(reading.record));
  }
  if (first) {
    Refuse(service, Reason::kDirectoryRecordInvalid, "a service that is at no location");
  }
}

// Parents first, whatever the order of the file; a circle is cut where it is met.
HsdsDirectory Reader::Finish() {
  std::map<std::string, identity::v1::Organisation> left;
  std::vector<std::string> order;
  for (auto& organisation : directory_.organisations) {
    order.push_back(organisation.organisation_id());
    left.emplace(organisation.organisation_id(), std::move(organisation));
  }
  for (auto& [id, organisation] : left) {
    if (!left.contains(organisation.parent_organisation_id())) {
      organisation.clear_parent_organisation_id();
    }
  }
  directory_.organisations.clear();
  std::set<std::string> done;
  const auto place = [&](auto& self, const std::string& id) -> void {
    if (!done.insert(id).second) return;
    const std::string parent = left[id].parent_organisation_id();
    if (!parent.empty()) self(self, parent);
    directory_.organisations.push_back(std::move(left[id]));
  };
  for (const std::string& id : order) place(place, id);
  return std::move(directory_);
}

}  // namespace

absl::StatusOr<HsdsDirectory> ReadHsds(std::string_view text, absl::Time now) {
  if (text.size() > kMaxHsdsBytes) return Error(Reason::kInputMalformed);
  Json json = hsds::ParseJson(text);
  if (json.is_discarded()) return Error(Reason::kInputMalformed);
  if (json.is_object() && json.contains("contents")) json = Json(List(json, "contents"));
  if (json.is_object()) json = Json::array({json});
  if (!json.is_array()) return Error(Reason::kInputMalformed);
  Reader reader(now);
  reader.ReadVisibilities(json);
  for (const Json& organisation : json) reader.ReadOrganisation(organisation);
  return reader.Finish();
}

}  // namespace amana::client
