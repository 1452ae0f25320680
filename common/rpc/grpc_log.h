#pragma once

namespace amana::rpc {

// Keeps gRPC's own log lines, which may hold anything and are no JSON, off stderr: each becomes a
// debug line that gives its place in gRPC's source. A failed assertion of gRPC's, after which the
// process ends, is written as it is. Idempotent; done by MakeChannel() and Server::Start().
void TakeOverGrpcLog();

}  // namespace amana::rpc
