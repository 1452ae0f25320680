// A client of ts-mls, in the peer process.

#include "common/base/hex.h"
#include "common/base/status_macros.h"
#include "tests/interop/mls/party.h"

namespace amana::mls {
namespace {

Json ToJson(const std::vector<SharedKey>& psks) {
  Json list = Json::array();
  for (const auto& [id, value] : psks) {
    list.push_back({{"id", HexEncode(id)}, {"value", HexEncode(value)}});
  }
  return list;
}

absl::StatusOr<std::string> BytesIn(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_string()) {
    return absl::UnavailableError(std::string("the answer has no ") + field);
  }
  return HexDecode(found->get<std::string>());
}

template <class T>
T ValueIn(const Json& object, const char* field, const T& otherwise = {}) {
  return object.value(field, otherwise);
}

class TheirParty final : public Party {
 public:
  TheirParty(std::string name, PeerProcess& peer) : Party(std::move(name)), peer_(peer) {}

  bool is_ours() const override { return false; }
  uint64_t past_epochs() const override { return 4; }
  size_t skipped_keys() const override { return 10; }

  absl::StatusOr<std::string> MakeKeyPackage() override {
    return Get("message", "key_package", {{"identity", HexEncode(name())}});
  }

  absl::Status Create(const std::string& group_id) override {
    return Do("create", {{"identity", HexEncode(name())}, {"group_id", HexEncode(group_id)}});
  }

  absl::Status Join(const std::string& welcome, const std::optional<std::string>& tree,
                    const std::vector<SharedKey>& psks) override {
    Json fields = {{"welcome", HexEncode(welcome)}, {"psks", ToJson(psks)}};
    if (tree.has_value()) fields["tree"] = HexEncode(*tree);
    return Do("join", std::move(fields));
  }

  absl::StatusOr<std::string> JoinExternally(const std::string& group_info,
                                             const std::optional<std::string>& tree,
                                             std::optional<uint32_t> replaced) override {
    Json fields = {{"identity", HexEncode(name())},
                   {"group_info", HexEncode(group_info)},
                   {"resync", replaced.has_value()}};
    if (tree.has_value()) fields["tree"] = HexEncode(*tree);
    return Get("commit", "join_external", std::move(fields));
  }

  absl::StatusOr<CommitMade> Commit(const CommitOrder& order) override {
    Json fields = {{"adds", HexOf(order.adds)},
                   {"removes", order.removes},
                   {"psks", ToJson(order.psks)},
                   {"refs", HexOf(order.waiting)},
                   {"public", order.style.in_clear},
                   {"inline_tree", order.tree_in_welcome},
                   {"authenticated_data", HexEncode(order.style.authenticated_data)}};
    AMANA_ASSIGN_OR_RETURN(const Json answer, Ask("commit", std::move(fields)));
    CommitMade made;
    AMANA_ASSIGN_OR_RETURN(made.commit, BytesIn(answer, "commit"));
    if (answer.contains("welcome")) {
      AMANA_ASSIGN_OR_RETURN(made.welcome, BytesIn(answer, "welcome"));
    }
    return made;
  }

  absl::Status Confirm() override { return Do("confirm", Json::object()); }
  absl::Status Discard() override { return Do("discard", Json::object()); }

  absl::StatusOr<std::pair<std::string, std::string>> Propose(const ProposalOrder& order) override {
    Json fields = {{"public", order.style.in_clear},
                   {"authenticated_data", HexEncode(order.style.authenticated_data)}};
    switch (order.kind) {
      case ProposalKind::kUpdate:
        fields["type"] = "update";
        break;
      case ProposalKind::kAdd:
        fields["type"] = "add";
        fields["key_package"] = HexEncode(order.key_package);
        break;
      case ProposalKind::kRemove:
        fields["type"] = "remove";
        fields["leaf"] = order.leaf;
        break;
      case ProposalKind::kPsk:
        fields["type"] = "psk";
        fields["psk"] = ToJson({order.psk})[0];
        break;
    }
    AMANA_ASSIGN_OR_RETURN(const Json answer, Ask("propose", std::move(fields)));
    AMANA_ASSIGN_OR_RETURN(std::string message, BytesIn(answer, "message"));
    AMANA_ASSIGN_OR_RETURN(std::string reference, BytesIn(answer, "ref"));
    return std::pair(std::move(message), std::move(reference));
  }

  absl::StatusOr<std::string> Encrypt(const std::string& data,
                                      const std::string& authenticated_data) override {
    return Get(
        "message", "encrypt",
        {{"plaintext", HexEncode(data)}, {"authenticated_data", HexEncode(authenticated_data)}});
  }

  absl::StatusOr<Heard> Handle(const std::string& message,
                               const std::vector<SharedKey>& psks) override {
    AMANA_ASSIGN_OR_RETURN(const Json answer, Ask("handle", {{"message", HexEncode(message)},
                                                             {"psks", ToJson(psks)}}));
    Heard heard;
    AMANA_ASSIGN_OR_RETURN(heard.authenticated_data, BytesIn(answer, "authenticated_data"));
    if (answer.contains("sender")) heard.sender = ValueIn<uint32_t>(answer, "sender");
    const auto kind = ValueIn<std::string>(answer, "kind");
    if (kind == "application") {
      heard.kind = Heard::Kind::kApplication;
      AMANA_ASSIGN_OR_RETURN(heard.data, BytesIn(answer, "plaintext"));
    } else if (kind == "proposal") {
      heard.kind = Heard::Kind::kProposal;
      AMANA_ASSIGN_OR_RETURN(heard.reference, BytesIn(answer, "ref"));
    } else {
      heard.kind = Heard::Kind::kCommit;
      heard.removed = ValueIn<bool>(answer, "removed");
    }
    return heard;
  }

  absl::Status Consider(const std::string& commit, const std::vector<SharedKey>& psks) override {
    TheirParty copy(name() + " (copy)", peer_);
    AMANA_RETURN_IF_ERROR(Do("clone", {{"as", copy.name()}}));
    absl::Status status = copy.Handle(commit, psks).status();
    AMANA_RETURN_IF_ERROR(copy.Do("forget", Json::object()));
    return status;
  }

  absl::StatusOr<View> Look() override {
    AMANA_ASSIGN_OR_RETURN(const Json answer, Ask("query", Json::object()));
    View view;
    AMANA_ASSIGN_OR_RETURN(view.group_id, BytesIn(answer, "group_id"));
    AMANA_ASSIGN_OR_RETURN(view.epoch_authenticator, BytesIn(answer, "epoch_authenticator"));
    AMANA_ASSIGN_OR_RETURN(view.tree_hash, BytesIn(answer, "tree_hash"));
    view.epoch = ValueIn<uint64_t>(answer, "epoch");
    view.leaf = ValueIn<uint32_t>(answer, "leaf");
    for (const Json& member : ValueIn<Json>(answer, "members", Json::array())) {
      AMANA_ASSIGN_OR_RETURN(std::string identity, BytesIn(member, "identity"));
      view.members.emplace(ValueIn<uint32_t>(member, "leaf"), std::move(identity));
    }
    return view;
  }

  absl::StatusOr<std::string> Export(const std::string& label, const std::string& context,
                                     size_t size) override {
    return Get("secret", "exporter",
               {{"label", label}, {"context", HexEncode(context)}, {"length", size}});
  }

  absl::StatusOr<std::string> GroupInfo(bool with_tree) override {
    return Get("message", "group_info", {{"inline_tree", with_tree}});
  }
  absl::StatusOr<std::string> Tree() override { return Get("tree", "tree", Json::object()); }

  absl::Status Reload() override {
    AMANA_ASSIGN_OR_RETURN(const std::string state, Get("state", "save", Json::object()));
    AMANA_RETURN_IF_ERROR(Do("forget", Json::object()));
    return Do("load", {{"state", HexEncode(state)}});
  }

 private:
  static Json HexOf(const std::vector<std::string>& list) {
    Json all = Json::array();
    for (const std::string& one : list) all.push_back(HexEncode(one));
    return all;
  }

  absl::StatusOr<Json> Ask(const char* command, Json fields) {
    return peer_.Ask(command, name(), std::move(fields));
  }
  absl::Status Do(const char* command, Json fields) {
    return Ask(command, std::move(fields)).status();
  }
  absl::StatusOr<std::string> Get(const char* field, const char* command, Json fields) {
    AMANA_ASSIGN_OR_RETURN(const Json answer, Ask(command, std::move(fields)));
    return BytesIn(answer, field);
  }

  PeerProcess& peer_;
};

}  // namespace

std::unique_ptr<Party> NewTheirParty(std::string name, PeerProcess& peer) {
  return std::make_unique<TheirParty>(std::move(name), peer);
}

}  // namespace amana::mls
