#pragma once

// The echo on our stack: everything a call goes through but the work.

#include "common/rpc/service.h"

namespace amana::rpc::testing {

// Binds Echo, Change and Watch; `service` is a Service("amana.load.v1.EchoService").
// Echo's `behaviour`: "" echoes; "sleep" waits 300 ms first; "throw" throws; "unexpected" fails
// with a text of its own; "deadline" answers the milliseconds left.
void BindEcho(Service& service);

}  // namespace amana::rpc::testing
