// What stands in for libFuzzer in ordinary builds: runs a target over the files of folders, each
// whole and cut short, so that what was once found stays found.
//
//   mls_decode_fuzz FOLDER…

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kCuts = 8;

// In memory of its own size, so that a sanitizer sees what is read behind it.
void Run(const std::vector<uint8_t>& bytes, size_t size) {
  const std::vector<uint8_t> input(bytes.data(), bytes.data() + size);
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

void Replay(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(in), {});
  // A crash says what it ran: this is the last line then.
  std::cout << file.string() << std::endl;
  Run(bytes, bytes.size());
  for (size_t cut = 0; cut < kCuts; ++cut) Run(bytes, bytes.size() * cut / kCuts);
}

}  // namespace

int main(int argc, char** argv) {
  size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      Replay(entry.path());
      ++files;
    }
  }
  std::cout << files << " inputs\n";
  // Nothing to run is a mistake in the way it was called.
  return files > 0 ? 0 : 1;
}
