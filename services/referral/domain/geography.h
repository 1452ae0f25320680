#pragma once

// Where provinces are, and how far it is by road.

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace amana::referral::domain {

// Degrees, WGS 84.
struct Coordinates {
  double latitude = 0;
  double longitude = 0;

  friend bool operator==(const Coordinates&, const Coordinates&) = default;
};

bool Valid(const Coordinates& at);

// How much longer a road is than a straight line, measured against Morocco's road network.
inline constexpr double kRoadFactor = 1.3;

// Kilometres by road, estimated: great circle × kRoadFactor.
double RoadKm(const Coordinates& from, const Coordinates& to);

// Province code ("04.421") to its centre. Immutable once filled.
class Geography {
 public:
  Geography() = default;
  explicit Geography(std::unordered_map<std::string, Coordinates> provinces)
      : provinces_(std::move(provinces)) {}

  std::optional<Coordinates> Province(const std::string& code) const;
  size_t size() const { return provinces_.size(); }

 private:
  std::unordered_map<std::string, Coordinates> provinces_;
};

}  // namespace amana::referral::domain
