#include "common/config/service_config.h"

namespace amana::config {

const std::string& ServiceConfig::AddressOf(std::string_view service) const {
  static const std::string none;
  if (service == "identity") return identity_address;
  if (service == "intake") return intake_address;
  if (service == "referral") return referral_address;
  if (service == "messaging") return messaging_address;
  return none;
}

void Declare(ServiceConfig& config, Schema& schema) {
  schema.Address("listen", "Where gRPC over mutual TLS listens.", config.listen, Need::kRequired);
  schema.Address("enrolment_listen", "Where the enrolment door listens; only identity has one.",
                 config.enrolment_listen);
  schema.Address("metrics_listen", "Where /metrics, /livez and /readyz listen, over plain HTTP.",
                 config.metrics_listen, Need::kRequired);
  schema.String("network", "The network's id: the trust domain of all SPIFFE ids.", config.network,
                Need::kRequired);
  schema.Path("tls_dir", "Folder with ca.pem, cert.pem and key.pem; read again every second.",
              config.tls_dir, Need::kRequired);
  schema.Path("redis_socket", "Redis's Unix socket.", config.redis_socket);
  schema.String("redis_user", "The service's user in Redis.", config.redis_user);
  schema.SecretFile("redis_password_file", "File with that user's password.",
                    config.redis_password_file);
  schema.SecretFile("storage_keys_file", "Key file for values at rest.", config.storage_keys_file);
  schema.Int("shards", "Number of shards; never changes for a data folder.", config.shards,
             {.minimum = 1, .maximum = 4096});
  schema.Address("identity_address", "Where identity listens.", config.identity_address);
  schema.Address("intake_address", "Where intake listens.", config.intake_address);
  schema.Address("referral_address", "Where referral listens.", config.referral_address);
  schema.Address("messaging_address", "Where messaging listens.", config.messaging_address);
  schema.Int("workers", "Threads for handlers: calls that run at once.", config.workers,
             {.minimum = 1, .maximum = 512});
  schema.Int("queue_limit", "Calls that wait for a worker; more are refused at once.",
             config.queue_limit, {.minimum = 1, .maximum = 65536});
  schema.Int("drain_wait_ms", "Milliseconds between NOT_SERVING and refusing new calls.",
             config.drain_wait_ms, {.minimum = 0, .maximum = 15000});
  schema.Int("max_connection_age_seconds", "Seconds after which a client has to connect anew.",
             config.max_connection_age_seconds, {.minimum = 1, .maximum = 86400});
  schema.Int("caller_fresh_seconds", "Seconds for which identity's word on a caller is fresh.",
             config.caller_fresh_seconds, {.minimum = 1, .maximum = 60});
  schema.Bool("reflection", "Whether the server tells its contract to tools; for development.",
              config.reflection);
  schema.Word("log_level", "Least level that is logged.", config.log_level,
              {"debug", "info", "warning", "error"});
}

}  // namespace amana::config
