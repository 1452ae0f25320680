#pragma once

namespace amana::load {

// `amana-load serve-echo …`: the echo as a process of its own, on the stack that services use
// (rpc::RunService), every device being an operator to it.
int ServeEcho(int argc, char** argv);

}  // namespace amana::load
