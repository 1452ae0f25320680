#pragma once

// Connections to our services: TLS to a server that must prove to be the named service of the named
// network. The host's name does not matter, its SPIFFE id does.

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <variant>

namespace amana::rpc {

// ca.pem, cert.pem and key.pem of a folder, read again every second.
struct TlsFiles {
  std::string directory;
  // False: no certificate of its own, for the enrolment door (only ca.pem is read).
  bool with_identity = true;
};

// The same from memory, for a client that keeps its key in a vault. Empty certificate and key:
// none.
struct TlsPem {
  std::string ca;
  std::string certificate;
  std::string key;
};

struct ChannelOptions {
  std::string address;  // "host:port", or "ipv4:a:1,b:2" for several
  std::string network;
  std::string service;  // "intake": spiffe://<network>/service/intake
  std::variant<TlsFiles, TlsPem> tls;
  // A connection of its own rather than one shared with equal channels: for load generators.
  bool own_connection = false;
};

// Connects when first used, and again by itself, at least once a second. Thread-safe.
std::shared_ptr<grpc::Channel> MakeChannel(const ChannelOptions& options);

}  // namespace amana::rpc
