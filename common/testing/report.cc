#include "common/testing/report.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace amana::testing {
namespace {

nlohmann::json OrNull(std::optional<double> number) {
  return number.has_value() ? nlohmann::json(*number) : nlohmann::json(nullptr);
}

// Three digits that matter, for a column of a dozen characters.
std::string Figure(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
  return text;
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!floor.has_value() || *floor == 0) return std::nullopt;
  return value / *floor;
}

bool Row::reached() const {
  if (!goal.has_value()) return true;
  const double compared = ratio().value_or(value);
  return higher_is_better ? compared >= *goal : compared <= *goal;
}

void Print(const std::vector<Row>& rows) {
  std::printf("%-44s %12s %-6s %12s %8s %8s\n", "", "value", "", "floor", "ratio", "goal");
  for (const Row& row : rows) {
    std::printf("%-44s %12s %-6s %12s %8s ", row.name.c_str(), Figure(row.value).c_str(),
                row.unit.c_str(), row.floor.has_value() ? Figure(*row.floor).c_str() : "",
                row.ratio().has_value() ? Figure(*row.ratio()).c_str() : "");
    if (row.goal) {
      std::printf("%s %s %s", row.higher_is_better ? ">=" : "<=", Figure(*row.goal).c_str(),
                  row.reached() ? "" : "NOT REACHED");
    }
    std::printf("\n");
  }
}

bool WriteJson(const std::vector<Row>& rows, const std::string& path) {
  nlohmann::json list = nlohmann::json::array();
  for (const Row& row : rows) {
    list.push_back({{"name", row.name},
                    {"value", row.value},
                    {"unit", row.unit},
                    {"floor", OrNull(row.floor)},
                    {"ratio", OrNull(row.ratio())},
                    {"goal", OrNull(row.goal)},
                    {"better", row.higher_is_better ? "higher" : "lower"}});
  }
  std::ofstream file(path);
  file << list.dump(2) << "\n";
  return file.good();
}

}  // namespace amana::testing
