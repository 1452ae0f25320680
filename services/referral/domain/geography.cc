#include "services/referral/domain/geography.h"

#include <cmath>
#include <numbers>

namespace amana::referral::domain {
namespace {

constexpr double kEarthRadiusKm = 6371.0;

double Radians(double degrees) { return degrees * std::numbers::pi / 180.0; }

}  // namespace

bool Valid(const Coordinates& at) {
  return std::abs(at.latitude) <= 90.0 && std::abs(at.longitude) <= 180.0;
}

double RoadKm(const Coordinates& from, const Coordinates& to) {
  const double half_latitude = Radians(to.latitude - from.latitude) / 2;
  const double half_longitude = Radians(to.longitude - from.longitude) / 2;
  const double h = std::pow(std::sin(half_latitude), 2) + std::cos(Radians(from.latitude)) *
                                                              std::cos(Radians(to.latitude)) *
                                                              std::pow(std::sin(half_longitude), 2);
  return 2 * kEarthRadiusKm * std::asin(std::sqrt(std::fmin(1.0, h))) * kRoadFactor;
}

std::optional<Coordinates> Geography::Province(const std::string& code) const {
  const auto it = provinces_.find(code);
  if (it == provinces_.end()) return std::nullopt;
  return it->second;
}

}  // namespace amana::referral::domain
