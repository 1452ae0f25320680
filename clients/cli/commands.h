#pragma once

// The command groups, one file each.

#include "clients/cli/context.h"

namespace amana::cli {

void AddNetworkCommands(CLI::App& app, Context& context);
void AddOrganisationCommands(CLI::App& app, Context& context);
void AddDeviceCommands(CLI::App& app, Context& context);
void AddKeyCommands(CLI::App& app, Context& context);
void AddDirectoryCommands(CLI::App& app, Context& context);
void AddCapacityCommands(CLI::App& app, Context& context);
void AddCallCommands(CLI::App& app, Context& context);
void AddCaseCommands(CLI::App& app, Context& context);
void AddConsentCommands(CLI::App& app, Context& context);
void AddMatchCommands(CLI::App& app, Context& context);
void AddReferralCommands(CLI::App& app, Context& context);
void AddOfferCommands(CLI::App& app, Context& context);
void AddHandoffCommands(CLI::App& app, Context& context);
void AddFollowUpCommands(CLI::App& app, Context& context);
void AddAuditCommands(CLI::App& app, Context& context);

}  // namespace amana::cli
