#pragma once

// How each method is called in a way that its service takes: what the contract's field rules can't
// say. A method that is not here can't be tested, and the tests that walk all methods say so.

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tests/service/world.h"

namespace amana::testing {

struct Cell {
  const World& world;
  // Whose things the request is about.
  const Party& owner;
  // Null for services and those who are nobody.
  const TestDevice* caller;
  // Which service serves it: for the outbox, which all have.
  const std::string& server;
};

struct Exercise {
  // The request names something of the owner's: to anybody else it is not there.
  bool names_owner = true;
  // Sets what Fill() can't know.
  std::function<void(const Cell&, google::protobuf::Message&)> adjust = {};
};

// By "IntakeService.OpenCase".
const std::map<std::string, Exercise>& Exercises();

std::string ShortName(const google::protobuf::MethodDescriptor& method);

// A valid request of the method, about the cell's owner.
std::unique_ptr<google::protobuf::Message> ValidRequest(
    const google::protobuf::MethodDescriptor& method, const Cell& cell);

}  // namespace amana::testing
