#include "tests/load/report.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

namespace amana::load {

void Print(const std::vector<Row>& rows) {
  std::printf("%-28s %12s %-6s %12s %8s %8s\n", "", "value", "", "echo", "ratio", "goal");
  for (const Row& row : rows) {
    std::printf("%-28s %12.0f %-6s %12.0f %8.2f ", row.name.c_str(), row.value, row.unit.c_str(),
                row.floor, row.ratio());
    if (row.goal) {
      std::printf("%s %.2f %s", row.higher_is_better ? ">=" : "<=", *row.goal,
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
                    {"floor", row.floor},
                    {"ratio", row.ratio()},
                    {"goal", row.goal ? nlohmann::json(*row.goal) : nlohmann::json(nullptr)},
                    {"better", row.higher_is_better ? "higher" : "lower"}});
  }
  std::ofstream file(path);
  file << list.dump(2) << "\n";
  return file.good();
}

}  // namespace amana::load
