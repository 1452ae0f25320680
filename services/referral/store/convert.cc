#include "services/referral/store/convert.h"

#include "google/protobuf/util/time_util.h"

namespace amana::referral {
namespace {

template <class Enum, class Repeated>
std::vector<Enum> EnumsFrom(const Repeated& numbers) {
  std::vector<Enum> values;
  for (const int number : numbers) values.push_back(static_cast<Enum>(number));
  return values;
}

template <class ProtoEnum, class Enum, class Add>
void AddEnums(const std::vector<Enum>& values, Add add) {
  for (const Enum value : values) add(static_cast<ProtoEnum>(value));
}

template <class Repeated>
std::vector<std::string> StringsFrom(const Repeated& strings) {
  return {strings.begin(), strings.end()};
}

domain::Eligibility FromProto(const v1::Eligibility& proto) {
  domain::Eligibility e;
  e.genders = EnumsFrom<domain::Gender>(proto.genders());
  if (proto.has_minimum_age()) e.minimum_age = proto.minimum_age();
  if (proto.has_maximum_age()) e.maximum_age = proto.maximum_age();
  if (proto.has_children_accepted()) e.children_accepted = proto.children_accepted();
  if (proto.has_maximum_age_of_boys()) e.maximum_age_of_boys = proto.maximum_age_of_boys();
  if (proto.has_maximum_age_of_girls()) e.maximum_age_of_girls = proto.maximum_age_of_girls();
  e.residence_province_codes = StringsFrom(proto.residence_province_codes());
  e.not_accepted = EnumsFrom<domain::Circumstance>(proto.not_accepted());
  return e;
}

v1::Eligibility ToProto(const domain::Eligibility& e) {
  v1::Eligibility proto;
  AddEnums<common::v1::Gender>(e.genders, [&](auto v) { proto.add_genders(v); });
  if (e.minimum_age) proto.set_minimum_age(*e.minimum_age);
  if (e.maximum_age) proto.set_maximum_age(*e.maximum_age);
  if (e.children_accepted) proto.set_children_accepted(*e.children_accepted);
  if (e.maximum_age_of_boys) proto.set_maximum_age_of_boys(*e.maximum_age_of_boys);
  if (e.maximum_age_of_girls) proto.set_maximum_age_of_girls(*e.maximum_age_of_girls);
  for (const std::string& code : e.residence_province_codes) {
    proto.add_residence_province_codes(code);
  }
  AddEnums<common::v1::Circumstance>(e.not_accepted, [&](auto v) { proto.add_not_accepted(v); });
  return proto;
}

domain::OpeningHours FromProto(const v1::OpeningHours& proto) {
  return {.weekdays = {proto.weekdays().begin(), proto.weekdays().end()},
          .opens_minute = proto.opens_minute(),
          .closes_minute = proto.closes_minute()};
}

v1::OpeningHours ToProto(const domain::OpeningHours& hours) {
  v1::OpeningHours proto;
  for (const uint32_t day : hours.weekdays) proto.add_weekdays(day);
  proto.set_opens_minute(hours.opens_minute);
  proto.set_closes_minute(hours.closes_minute);
  return proto;
}

}  // namespace

void Put(google::protobuf::Timestamp& proto, absl::Time time) {
  proto = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

absl::Time TimeFrom(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) + absl::Microseconds(proto.nanos() / 1000);
}

domain::RoutingCard FromProto(const common::v1::RoutingCard& proto) {
  domain::RoutingCard card;
  card.needs = EnumsFrom<domain::NeedCode>(proto.needs());
  card.priority = static_cast<domain::Priority>(proto.priority());
  card.province_code = proto.province_code();
  card.commune_code = proto.commune_code();
  card.age_band = static_cast<domain::AgeBand>(proto.age_band());
  for (const auto& d : proto.dependants()) {
    card.dependants.push_back(
        {static_cast<domain::AgeBand>(d.age_band()), static_cast<domain::Gender>(d.gender())});
  }
  card.languages = StringsFrom(proto.languages());
  card.accessibility = EnumsFrom<domain::AccessibilityNeed>(proto.accessibility());
  card.circumstances = EnumsFrom<domain::Circumstance>(proto.circumstances());
  card.partner_violence = proto.partner_violence();
  card.mediation_requested = proto.mediation_requested();
  return card;
}

common::v1::RoutingCard ToProto(const domain::RoutingCard& card) {
  common::v1::RoutingCard proto;
  AddEnums<common::v1::NeedCode>(card.needs, [&](auto v) { proto.add_needs(v); });
  proto.set_priority(static_cast<common::v1::Priority>(card.priority));
  proto.set_province_code(card.province_code);
  proto.set_commune_code(card.commune_code);
  proto.set_age_band(static_cast<common::v1::AgeBand>(card.age_band));
  for (const domain::Dependant& d : card.dependants) {
    auto& dependant = *proto.add_dependants();
    dependant.set_age_band(static_cast<common::v1::AgeBand>(d.age_band));
    dependant.set_gender(static_cast<common::v1::Gender>(d.gender));
  }
  for (const std::string& language : card.languages) proto.add_languages(language);
  AddEnums<common::v1::AccessibilityNeed>(card.accessibility,
                                          [&](auto v) { proto.add_accessibility(v); });
  AddEnums<common::v1::Circumstance>(card.circumstances,
                                     [&](auto v) { proto.add_circumstances(v); });
  proto.set_partner_violence(card.partner_violence);
  proto.set_mediation_requested(card.mediation_requested);
  return proto;
}

domain::Pool FromProto(const v1::Pool& proto) {
  domain::Pool pool;
  pool.pool_id = IdFrom<PoolId>(proto.pool_id());
  pool.unit = static_cast<domain::CapacityUnit>(proto.unit());
  pool.needs = EnumsFrom<domain::NeedCode>(proto.needs());
  pool.maximum = proto.maximum();
  pool.occupied_elsewhere = proto.occupied_elsewhere();
  pool.update_time = TimeFrom(proto.update_time());
  return pool;
}

v1::Pool ToProto(const domain::Pool& pool) {
  v1::Pool proto;
  proto.set_pool_id(pool.pool_id.bytes());
  proto.set_unit(static_cast<v1::CapacityUnit>(pool.unit));
  AddEnums<common::v1::NeedCode>(pool.needs, [&](auto v) { proto.add_needs(v); });
  proto.set_maximum(pool.maximum);
  proto.set_occupied_elsewhere(pool.occupied_elsewhere);
  Put(*proto.mutable_update_time(), pool.update_time);
  return proto;
}

domain::ServiceAtLocation FromProto(const v1::ServiceAtLocation& proto) {
  domain::ServiceAtLocation record;
  record.id = IdFrom<ServiceAtLocationId>(proto.service_at_location_id());
  record.organisation_id = IdFrom<OrganisationId>(proto.organisation_id());
  record.organisation_name = proto.organisation_name();
  record.service_name = proto.service_name();
  record.status = static_cast<domain::ServiceStatus>(proto.status());
  record.needs = EnumsFrom<domain::NeedCode>(proto.needs());
  record.visibility = static_cast<domain::Visibility>(proto.visibility());
  record.province_code = proto.province_code();
  if (proto.has_latitude() && proto.has_longitude()) {
    record.coordinates = {proto.latitude(), proto.longitude()};
  }
  record.phone = proto.phone();
  record.languages = StringsFrom(proto.languages());
  record.accessibility = EnumsFrom<domain::AccessibilityNeed>(proto.accessibility());
  record.eligibility = FromProto(proto.eligibility());
  for (const auto& hours : proto.hours()) record.hours.push_back(FromProto(hours));
  for (const auto& pool : proto.pools()) record.pools.push_back(FromProto(pool));
  record.service_area_province_codes = StringsFrom(proto.service_area_province_codes());
  record.mobile_unit = proto.mobile_unit();
  record.assured_date = proto.assured_date();
  return record;
}

v1::ServiceAtLocation ToProto(const domain::ServiceAtLocation& record) {
  v1::ServiceAtLocation proto;
  proto.set_service_at_location_id(record.id.bytes());
  proto.set_organisation_id(record.organisation_id.bytes());
  proto.set_organisation_name(record.organisation_name);
  proto.set_service_name(record.service_name);
  proto.set_status(static_cast<v1::ServiceStatus>(record.status));
  AddEnums<common::v1::NeedCode>(record.needs, [&](auto v) { proto.add_needs(v); });
  proto.set_visibility(static_cast<v1::LocationVisibility>(record.visibility));
  proto.set_province_code(record.province_code);
  if (record.coordinates) {
    proto.set_latitude(record.coordinates->latitude);
    proto.set_longitude(record.coordinates->longitude);
  }
  proto.set_phone(record.phone);
  for (const std::string& language : record.languages) proto.add_languages(language);
  AddEnums<common::v1::AccessibilityNeed>(record.accessibility,
                                          [&](auto v) { proto.add_accessibility(v); });
  *proto.mutable_eligibility() = ToProto(record.eligibility);
  for (const domain::OpeningHours& hours : record.hours) *proto.add_hours() = ToProto(hours);
  for (const domain::Pool& pool : record.pools) *proto.add_pools() = ToProto(pool);
  for (const std::string& code : record.service_area_province_codes) {
    proto.add_service_area_province_codes(code);
  }
  proto.set_mobile_unit(record.mobile_unit);
  proto.set_assured_date(record.assured_date);
  return proto;
}

}  // namespace amana::referral
