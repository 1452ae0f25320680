#pragma once
// What a bench leaves behind: a table for people, and build/bench/AREA.json for programs, a list of
// {name, value, unit, floor, ratio, goal, better}.

#include <optional>
#include <string>
#include <vector>

namespace amana::load {

struct Row {
  std::string name;  // "mutation/64/throughput"
  double value = 0;
  std::string unit;
  double floor = 0;            // the same figure of the echo in this run
  std::optional<double> goal;  // for the ratio value / floor
  bool higher_is_better = true;

  double ratio() const { return floor == 0 ? 0 : value / floor; }
  bool reached() const { return !goal || (higher_is_better ? ratio() >= *goal : ratio() <= *goal); }
};

void Print(const std::vector<Row>& rows);

// False if the file can't be written.
bool WriteJson(const std::vector<Row>& rows, const std::string& path);

}  // namespace amana::load
