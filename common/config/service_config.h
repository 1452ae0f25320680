#pragma once

// What every service can be told. Services add keys of their own (ServiceSpec::declare).

#include <cstdint>
#include <string>

#include "common/config/config.h"

namespace amana::config {

struct ServiceConfig {
  std::string listen;            // gRPC over mutual TLS
  std::string enrolment_listen;  // gRPC without client certificates: identity's enrolment door only
  std::string metrics_listen;    // HTTP: /metrics, /livez, /readyz
  std::string network;           // the trust domain of all SPIFFE ids
  std::string tls_dir;           // ca.pem, cert.pem, key.pem

  std::string redis_socket;
  std::string redis_user;
  std::string redis_password_file;
  std::string storage_keys_file;
  int64_t shards = 64;  // never changes for a data folder

  std::string identity_address;
  std::string intake_address;
  std::string referral_address;
  std::string messaging_address;

  int64_t workers = 64;
  int64_t queue_limit = 1024;
  int64_t drain_wait_ms = 2000;              // between NOT_SERVING and the end of new calls
  int64_t max_connection_age_seconds = 300;  // then clients come again, with new certificates
  int64_t caller_fresh_seconds = 5;  // how long an answer of identity about a caller is fresh
  bool reflection = false;
  std::string log_level = "info";

  // The address of a service by name, empty if none is set.
  const std::string& AddressOf(std::string_view service) const;
};

void Declare(ServiceConfig& config, Schema& schema);

}  // namespace amana::config
