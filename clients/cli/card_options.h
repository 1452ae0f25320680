#pragma once

// The options that make a routing card: what `case open` and `case update` share.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "amana/common/v1/common.pb.h"

namespace amana::cli {

struct CardOptions {
  std::vector<common::v1::NeedCode> needs;
  common::v1::Priority priority = common::v1::PRIORITY_UNSPECIFIED;
  std::string province;
  std::string commune;
  common::v1::AgeBand age = common::v1::AGE_BAND_UNSPECIFIED;
  std::vector<common::v1::Dependant> dependants;
  std::vector<std::string> languages;
  std::vector<common::v1::AccessibilityNeed> accessibility;
  std::vector<common::v1::Circumstance> circumstances;
  bool partner_violence = false;
  bool mediation_requested = false;
};

void DeclareCard(CLI::App& app, CardOptions& options);

common::v1::RoutingCard ToCard(const CardOptions& options);

}  // namespace amana::cli
