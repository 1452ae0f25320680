// amana handoff …: sealed packages between offices.

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/options.h"
#include "clients/cli/render.h"
#include "common/base/files.h"
#include "common/client/attachment.h"
#include "common/client/mailbox.h"
#include "common/client/send_handoff.h"

namespace amana::cli {
namespace {

namespace fs = std::filesystem;
using messaging::v1::Handoff;

constexpr size_t kMaxText = size_t{200} * 1024;
constexpr char kStoryFile[] = "story.txt";
constexpr char kContactFile[] = "contact.txt";

std::string Describe(const Handoff& handoff) {
  return absl::StrCat("Handoff ", IdText(handoff.handoff_id()), " of case ",
                      IdText(handoff.case_id()), ": ", Word(handoff.state()), ", sealed ",
                      TimeText(handoff.seal_time()), " for ", handoff.recipients(), " devices.");
}

struct Send {
  std::string case_id;
  std::string referral_id;
  std::string recipient;
  std::string story;
  std::string contact;
  std::vector<std::string> attachments;
};

void DeclareSend(CLI::App& command, Send& options) {
  AddId(command, "--case", options.case_id, "The case")->required();
  AddId(command, "--referral", options.referral_id, "The referral it belongs to");
  AddId(command, "--to", options.recipient, "The organisation that shall read it")->required();
  command.add_option("--story", options.story, "File with her story");
  command.add_option("--contact", options.contact, "File: how to reach her safely");
  AddTexts(command, "--attach", options.attachments, "A document; once for each");
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxText);
}

absl::StatusOr<client::OutgoingHandoff> Gather(const Send& options) {
  client::OutgoingHandoff outgoing;
  AMANA_ASSIGN_OR_RETURN(outgoing.case_id, CaseId::FromBytes(options.case_id));
  AMANA_ASSIGN_OR_RETURN(outgoing.recipient, OrganisationId::FromBytes(options.recipient));
  outgoing.referral_id = options.referral_id;
  AMANA_ASSIGN_OR_RETURN(outgoing.story, ReadText(options.story));
  AMANA_ASSIGN_OR_RETURN(outgoing.contact, ReadText(options.contact));
  for (const std::string& path : options.attachments) {
    AMANA_ASSIGN_OR_RETURN(std::string content, ReadFile(path, client::kMaxAttachmentCiphertext));
    outgoing.documents.push_back({fs::path(path).filename().string(), std::move(content)});
  }
  return outgoing;
}

absl::Status RunSend(Context& context, const Send& options) {
  AMANA_ASSIGN_OR_RETURN(const client::OutgoingHandoff outgoing, Gather(options));
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const Handoff handoff, client::SendHandoff(*session, outgoing));
  context.Show(handoff, Describe(handoff));
  return absl::OkStatus();
}

struct None {};

absl::Status RunInbox(Context& context, const None&) {
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const auto messages, client::ReceiveHandoffs(*session));
  messaging::v1::FetchMessagesResponse response;
  std::string human;
  for (const auto& message : messages) {
    messaging::v1::Message& shown = *response.add_messages();
    shown = message;
    shown.clear_package();  // ciphertext: of no use to anyone who reads this
    absl::StrAppend(&human, Describe(message.handoff()), "\n");
  }
  context.Show(response, human.empty() ? "Nothing has arrived." : human);
  return absl::OkStatus();
}

struct Open {
  std::string handoff_id;
  std::string out;
};

bool Holds(const fs::path& path, const std::string& text) {
  std::error_code error;
  if (fs::file_size(path, error) != text.size() || error) return false;
  const auto there = ReadFile(path.string(), text.size());
  return there.ok() && *there == text;
}

// What lies in clear in a folder; it goes again unless all of it could be written.
class ClearFiles {
 public:
  explicit ClearFiles(fs::path folder) : folder_(std::move(folder)) {
    std::error_code error;
    made_folder_ = fs::create_directories(folder_, error);
    if (made_folder_) ::chmod(folder_.c_str(), 0700);
  }
  ~ClearFiles() {
    std::error_code error;
    for (const fs::path& path : written_) fs::remove(path, error);
    if (made_folder_) fs::remove(folder_, error);
  }
  ClearFiles(const ClearFiles&) = delete;
  ClearFiles& operator=(const ClearFiles&) = delete;

  absl::Status Write(const std::string& name, const std::string& text) {
    // A free name beside others of the same name, unless it is there from an earlier try.
    std::error_code error;
    fs::path path = folder_ / name;
    for (int i = 2; fs::exists(path, error); ++i) {
      if (Holds(path, text)) return absl::OkStatus();
      path = folder_ / absl::StrCat(i, "-", name);
    }
    written_.push_back(path);
    return WritePrivateFile(path, text);
  }
  void Keep() {
    written_.clear();
    made_folder_ = false;
  }

 private:
  fs::path folder_;
  bool made_folder_ = false;
  std::vector<fs::path> written_;
};

absl::StatusOr<std::string> Document(client::Session& session, const HandoffId& handoff,
                                     const client::v1::Attachment& attachment) {
  if (!client::IsPlainFileName(attachment.name())) return Error(Reason::kInputMalformed);
  AMANA_ASSIGN_OR_RETURN(const std::string ciphertext,
                         client::Download(session, handoff, attachment));
  return client::OpenAttachment(attachment, ciphertext);
}

// Why documents are missing; the last of the reasons.
struct Missing {
  int documents = 0;
  absl::Status status;
};

// What can't be had does not take with it what can: her story may be all that she left.
absl::StatusOr<Missing> WriteContent(client::Session& session, const HandoffId& handoff,
                                     const client::v1::HandoffContent& content, ClearFiles& files) {
  AMANA_RETURN_IF_ERROR(files.Write(kStoryFile, content.story()));
  AMANA_RETURN_IF_ERROR(files.Write(kContactFile, content.contact()));
  Missing missing;
  for (const auto& attachment : content.attachments()) {
    const auto document = Document(session, handoff, attachment);
    if (document.ok()) {
      AMANA_RETURN_IF_ERROR(files.Write(attachment.name(), *document));
    } else {
      ++missing.documents;
      missing.status = document.status();
    }
  }
  return missing;
}

// What the sender signed in the place of what the server says of it.
Handoff Verified(const client::ReadHandoff& read) {
  Handoff handoff = read.handoff;
  handoff.set_handoff_id(read.header.handoff.bytes());
  handoff.set_case_id(read.header.case_id.bytes());
  handoff.set_referral_id(read.header.referral_id);
  handoff.set_sender_organisation_id(read.header.sender_organisation.bytes());
  handoff.set_recipient_organisation_id(read.header.recipient_organisation.bytes());
  return handoff;
}

absl::Status RunOpen(Context& context, const Open& options) {
  AMANA_ASSIGN_OR_RETURN(const auto id, HandoffId::FromBytes(options.handoff_id));
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const client::ReadHandoff read, client::ReadOne(*session, id));
  ClearFiles files(options.out);
  AMANA_ASSIGN_OR_RETURN(const Missing missing,
                         WriteContent(*session, id, read.opened.content, files));
  if (missing.documents == 0) AMANA_RETURN_IF_ERROR(client::MarkRead(*session, id));
  files.Keep();
  const Handoff shown = Verified(read);
  std::string human = absl::StrCat(Describe(shown), "\nSigned by organisation ",
                                   IdText(shown.sender_organisation_id()), ".\nIn clear in ",
                                   options.out, ": remove it when it is no longer needed.");
  if (read.opened.sender_revoked) {
    absl::StrAppend(&human, "\nThe device that sent it has been removed since: ask its office.");
  }
  if (missing.documents > 0) {
    absl::StrAppend(&human, "\n", missing.documents,
                    " of its documents can't be had: open it again, or ask the sender.");
  }
  context.Show(shown, human);
  return missing.status;
}

struct One {
  std::string handoff_id;
};

void DeclareOne(CLI::App& command, One& options) {
  AddId(command, "handoff", options.handoff_id, "The handoff");
}

absl::Status RunAcknowledge(Context& context, const One& options) {
  AMANA_ASSIGN_OR_RETURN(const auto id, HandoffId::FromBytes(options.handoff_id));
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const Handoff handoff, client::Acknowledge(*session, id));
  context.Show(handoff, Describe(handoff));
  return absl::OkStatus();
}

absl::Status RunShow(Context& context, const One& options) {
  AMANA_ASSIGN_OR_RETURN(const auto id, HandoffId::FromBytes(options.handoff_id));
  AMANA_ASSIGN_OR_RETURN(auto session, context.OpenSession());
  AMANA_ASSIGN_OR_RETURN(const Handoff handoff, client::GetHandoff(*session, id));
  context.Show(handoff, Describe(handoff));
  return absl::OkStatus();
}

absl::Status RunRevoke(Context& context, const One& options) {
  messaging::v1::RevokeHandoffRequest request;
  request.set_handoff_id(options.handoff_id);
  return context.CallAndShow(&messaging::v1::MessagingService::Stub::RevokeHandoff, request,
                             &messaging::v1::RevokeHandoffResponse::handoff, Describe);
}

}  // namespace

void AddHandoffCommands(CLI::App& app, Context& context) {
  CLI::App& group = AddGroup(app, "handoff", "Sealed handoffs");
  AddCommand<Send>(group, context, "send", "Seals story, contact and documents, and sends them",
                   DeclareSend, RunSend);
  AddCommand<None>(
      group, context, "inbox", "Fetches what has arrived for this device", [](CLI::App&, None&) {},
      RunInbox);
  AddCommand<Open>(
      group, context, "open", "Opens one into a folder: it can't be taken back any more",
      [](CLI::App& command, Open& options) {
        AddId(command, "handoff", options.handoff_id, "The handoff");
        command.add_option("--out", options.out, "Folder for what is in it")->required();
      },
      RunOpen);
  AddCommand<One>(group, context, "acknowledge",
                  "Says that a person takes it on, once it was opened here", DeclareOne,
                  RunAcknowledge);
  AddCommand<One>(group, context, "show", "Shows how far one has come", DeclareOne, RunShow);
  AddCommand<One>(group, context, "revoke", "Takes one back that was not opened yet", DeclareOne,
                  RunRevoke);
}

}  // namespace amana::cli
