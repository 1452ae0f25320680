#pragma once
// What a bench leaves behind: a table for people, and build/bench/AREA.json for programs, a list of
// {name, value, unit, floor, ratio, goal, better}.

#include <optional>
#include <string>
#include <vector>

namespace amana::testing {

struct Row {
  std::string name;  // "mutation, 64 in flight, throughput"
  double value = 0;
  std::string unit;
  std::optional<double> floor;  // what the same can't do without, in this run
  std::optional<double> goal;  // for the ratio value / floor; for the value where there is no floor
  bool higher_is_better = true;

  std::optional<double> ratio() const;
  bool reached() const;
};

void Print(const std::vector<Row>& rows);

// False if the file can't be written.
bool WriteJson(const std::vector<Row>& rows, const std::string& path);

}  // namespace amana::testing
