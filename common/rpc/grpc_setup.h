#pragma once

namespace amana::rpc {

// What gRPC's libraries are told before their first use. Idempotent; done by MakeChannel() and
// Server::Start().
//
// gRPC's own log lines, which may hold anything and are no JSON, stay off stderr: each becomes a
// debug line that gives its place in gRPC's source. A failed assertion of gRPC's, after which the
// process ends, is written as it is.
//
// Debian builds abseil so that every lock that gRPC takes goes into a graph, to find deadlocks of
// gRPC's own: an echo at 256 in flight got an eighth slower by it (tests/load). It is off.
void SetUpGrpc();

}  // namespace amana::rpc
