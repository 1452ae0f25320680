#pragma once

// Requests that a server takes, made from the contract alone: required fields are filled with
// something plausible, ids by the name of their field.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace amana::testing {

// "case_id" -> 16 bytes. A repeated field ("candidate_service_at_location_ids") goes by its own
// name and gets one element.
using IdsByField = std::map<std::string, std::string>;

// An empty message of the method's request type.
std::unique_ptr<google::protobuf::Message> NewRequest(
    const google::protobuf::MethodDescriptor& method);

// Fills what is required, and every id that `ids` names. What no rule of a field can say (an
// address of a log's file, the signature of a key) is left to the caller.
void Fill(google::protobuf::Message& message, const IdsByField& ids);

// Bytes near a valid request: cut, flipped, doubled, with fields repeated, or nothing but noise.
std::string Mutate(std::string_view valid, std::mt19937_64& random);

}  // namespace amana::testing
