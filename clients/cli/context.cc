#include "clients/cli/context.h"

#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "clients/cli/render.h"
#include "common/base/error.h"
#include "common/base/files.h"
#include "common/base/status_macros.h"

namespace amana::cli {
namespace {

constexpr size_t kMaxPassphrase = 4096;

SecretBytes WithoutLineEnd(SecretBytes text) {
  std::string_view bytes = text.Expose();
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r')) bytes.remove_suffix(1);
  return SecretBytes::CopyOf(bytes);
}

// Without echo, from the terminal itself, so that it is in no pipe and no history.
absl::StatusOr<SecretBytes> Ask() {
  std::ifstream terminal("/dev/tty");
  if (!terminal || !::isatty(STDIN_FILENO)) return Error(Reason::kVaultLocked);
  termios before{};
  ::tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::cerr << "Passphrase: " << std::flush;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  std::getline(terminal, line);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << "\n";
  return SecretBytes::Take(std::move(line));
}

}  // namespace

absl::StatusOr<SecretBytes> Context::Passphrase() const {
  const std::string beside = home + "/passphrase";
  std::error_code error;
  const std::string file = !passphrase_file.empty()
                               ? passphrase_file
                               : (std::filesystem::exists(beside, error) ? beside : "");
  if (file.empty()) return Ask();
  AMANA_ASSIGN_OR_RETURN(SecretBytes text, ReadPrivateFile(file, kMaxPassphrase));
  return WithoutLineEnd(std::move(text));
}

absl::StatusOr<std::unique_ptr<client::Session>> Context::OpenSession() const {
  AMANA_ASSIGN_OR_RETURN(const SecretBytes passphrase, Passphrase());
  return client::Session::Open(home, passphrase.Expose(), {.timeout = timeout()});
}

void Context::Show(const google::protobuf::Message& message, const std::string& human) const {
  ShowText(json ? ToJson(message).dump(2) : "", human);
}

void Context::ShowText(const std::string& json_text, const std::string& human) const {
  const std::string& text = json ? json_text : human;
  std::cout << text;
  if (!text.empty() && text.back() != '\n') std::cout << '\n';
}

}  // namespace amana::cli
