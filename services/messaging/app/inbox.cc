#include "services/messaging/app/inbox.h"

#include <algorithm>

#include "services/messaging/app/messages.h"

namespace amana::messaging {
namespace {

// How far back a fetch looks for entries that are over, and how many it takes out at once.
constexpr uint64_t kTidyWindow = 256;
constexpr uint32_t kMaxTidied = 24;
constexpr uint32_t kDefaultFetched = 16;
// Kept back of a call's time for the answer.
constexpr absl::Duration kForTheAnswer = absl::Milliseconds(200);

// One of a bounded number of seats, for its own lifetime.
class Seat {
 public:
  Seat(std::atomic<int>& taken, int limit) : taken_(taken), has_(taken.fetch_add(1) < limit) {}
  ~Seat() { taken_.fetch_sub(1); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  bool has() const { return has_; }

 private:
  std::atomic<int>& taken_;
  const bool has_;
};

}  // namespace

absl::StatusOr<v1::FetchMessagesResponse> Inbox::Fetch(const CallContext& context,
                                                       const v1::FetchMessagesRequest& request) {
  const DeviceId& device = context.caller.device;
  const InboxRange range = {
      .after = request.after_sequence(),
      .limit = std::min(request.max_messages() == 0 ? kDefaultFetched : request.max_messages(),
                        kMaxFetched)};
  // Tidying is no part of the answer: what fails today is done tomorrow.
  Tidy(context, range.after).IgnoreError();
  const Deadline until = Deadline::Earlier(Deadline::After(absl::Milliseconds(request.wait_ms())),
                                           context.deadline.Sooner(kForTheAnswer));
  std::optional<Seat> seat;
  if (request.wait_ms() > 0) seat.emplace(waiting_, options_.max_waiting);
  v1::FetchMessagesResponse response;
  for (;;) {
    const uint64_t rung = deps_.bell.Count(device);
    AMANA_ASSIGN_OR_RETURN(std::vector<v1::Message> messages,
                           Read(device, range, context.deadline));
    for (v1::Message& message : messages) *response.add_messages() = std::move(message);
    const bool may_wait = seat && seat->has() && !until.expired();
    if (!messages.empty() || !may_wait) return response;
    deps_.bell.WaitBeyond(device, rung,
                          Deadline::Earlier(until, Deadline::After(options_.look_again)));
  }
}

absl::StatusOr<std::vector<Inbox::Entry>> Inbox::ReadEntries(const DeviceId& device, uint64_t after,
                                                             uint64_t upto, uint32_t limit,
                                                             Deadline deadline) const {
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::IndexEntry> found,
                         deps_.store.ReadIndex(deps_.ShardOf(device), InboxIndex(device),
                                               {.minimum = static_cast<double>(after) + 1,
                                                .maximum = static_cast<double>(upto),
                                                .limit = limit},
                                               deadline));
  std::vector<Entry> entries;
  entries.reserve(found.size());
  for (const store::IndexEntry& entry : found) {
    const absl::StatusOr<HandoffId> handoff = HandoffId::Parse(entry.member);
    if (!handoff.ok()) return Error(Reason::kStoredValueUnreadable);
    entries.push_back({.sequence = static_cast<uint64_t>(entry.score), .handoff = *handoff});
  }
  return entries;
}

absl::StatusOr<std::optional<v1::Message>> Inbox::MakeMessage(const DeviceId& device,
                                                              const Entry& entry,
                                                              std::vector<domain::Handoff>* over,
                                                              Deadline deadline) const {
  // Both rows in one read: a package without its handoff's state would be one too many.
  AMANA_ASSIGN_OR_RETURN(
      const std::vector<store::Row> rows,
      deps_.store.ReadMany(deps_.ShardOf(entry.handoff),
                           {KeyOf(entry.handoff), PackageKey(entry.handoff)}, deadline));
  if (!rows[0].exists()) return Error(Reason::kStoredValueUnreadable);
  AMANA_ASSIGN_OR_RETURN(domain::Handoff handoff, Decode<domain::Handoff>(rows[0].value));
  const domain::Recipient* recipient = domain::FindRecipient(handoff, device);
  if (recipient == nullptr || recipient->state == domain::HandoffState::kAcknowledged) {
    over->push_back(std::move(handoff));
    return std::optional<v1::Message>();
  }
  v1::Message message;
  message.set_sequence(entry.sequence);
  *message.mutable_handoff() = ToMessage(handoff);
  if (handoff.package_held && rows[1].exists()) {
    v1::Package package;
    if (!package.ParseFromString(rows[1].value)) return Error(Reason::kStoredValueUnreadable);
    *message.mutable_package() = PackageFor(std::move(package), device);
  }
  return std::optional<v1::Message>(std::move(message));
}

absl::StatusOr<std::vector<v1::Message>> Inbox::Read(const DeviceId& device,
                                                     const InboxRange& range, Deadline deadline) {
  std::vector<v1::Message> messages;
  std::vector<domain::Handoff> over;
  size_t bytes = 0;
  uint64_t after = range.after;
  // Entries that are over give no message, so one look may not be enough to find any.
  for (bool more = true; more && messages.empty();) {
    AMANA_ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                           ReadEntries(device, after, UINT64_MAX, range.limit, deadline));
    more = entries.size() == range.limit;
    for (const Entry& entry : entries) {
      AMANA_ASSIGN_OR_RETURN(std::optional<v1::Message> message,
                             MakeMessage(device, entry, &over, deadline));
      after = entry.sequence;
      if (!message) continue;
      bytes += message->ByteSizeLong();
      if (!messages.empty() && bytes > range.max_bytes) return messages;
      messages.push_back(*std::move(message));
    }
  }
  if (!over.empty()) {
    // Its acknowledgement was recorded, its entry not yet taken out: a crash came in between.
    Remove(CallContext::ForTimer("mailbox.trimmed", deadline), device, over).IgnoreError();
  }
  return messages;
}

absl::Status Inbox::Tidy(const CallContext& context, uint64_t seen) {
  if (seen == 0) return absl::OkStatus();
  const DeviceId& device = context.caller.device;
  AMANA_ASSIGN_OR_RETURN(const std::vector<Entry> entries,
                         ReadEntries(device, seen > kTidyWindow ? seen - kTidyWindow : 0, seen,
                                     kMaxTidied, context.deadline));
  std::vector<std::pair<store::Shard, store::Key>> keys;
  keys.reserve(entries.size());
  for (const Entry& entry : entries) {
    keys.emplace_back(deps_.ShardOf(entry.handoff), KeyOf(entry.handoff));
  }
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         store::ReadEverywhere(deps_.store, keys, context.deadline));
  std::vector<domain::Handoff> over;
  for (const store::Row& row : rows) {
    if (!row.exists()) continue;
    AMANA_ASSIGN_OR_RETURN(domain::Handoff handoff, Decode<domain::Handoff>(row.value));
    if (domain::IsOver(handoff, device)) over.push_back(std::move(handoff));
  }
  return Remove(context, device, over);
}

absl::StatusOr<std::vector<DeviceId>> Inbox::Add(const CallContext& context,
                                                 const domain::Handoff& handoff,
                                                 const std::vector<DeviceId>& devices) {
  const CallContext part = PartOf(context, "mailbox.added");
  const store::Shard shard = deps_.ShardOf(devices.front());
  std::vector<store::Key> keys;
  for (const DeviceId& device : devices) {
    keys.push_back(MailboxKey(device));
    keys.push_back(EntryKey(device, handoff.id));
  }
  std::vector<DeviceId> present;
  std::vector<DeviceId> added;
  auto decide = [&]() -> absl::StatusOr<std::optional<store::Commit>> {
    AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                           deps_.store.ReadMany(shard, keys, part.deadline));
    store::Commit commit;
    present.clear();
    added.clear();
    for (size_t i = 0; i < devices.size(); ++i) {
      const store::Row& entry = rows[2 * i + 1];
      if (entry.exists()) {
        present.push_back(devices[i]);
        continue;
      }
      AMANA_ASSIGN_OR_RETURN(auto mailbox, DecodeOrDefault<domain::Mailbox>(rows[2 * i]));
      const std::optional<uint64_t> sequence = domain::Add(mailbox.value);
      if (!sequence) continue;
      commit.Put(keys[2 * i], mailbox.version, Encode(mailbox.value));
      commit.Put(keys[2 * i + 1], 0, std::to_string(*sequence));
      commit.index_edits.push_back({.index = InboxIndex(devices[i]),
                                    .member = handoff.id.ToString(),
                                    .score = static_cast<double>(*sequence)});
      added.push_back(devices[i]);
    }
    if (added.empty()) return std::nullopt;
    Audit(deps_, part, handoff, "queued", &commit);
    return commit;
  };
  AMANA_RETURN_IF_ERROR(ExecuteStep(deps_, part, shard, decide));
  deps_.meters.queued.Increment(added.size());
  deps_.meters.mailbox_full.Increment(devices.size() - present.size() - added.size());
  for (const DeviceId& device : added) deps_.bell.Ring(device);
  present.insert(present.end(), added.begin(), added.end());
  return present;
}

absl::StatusOr<std::optional<store::Commit>> Inbox::DecideRemove(
    const CallContext& context, const DeviceId& device,
    const std::vector<domain::Handoff>& handoffs) const {
  std::vector<store::Key> keys = {MailboxKey(device)};
  for (const domain::Handoff& handoff : handoffs) keys.push_back(EntryKey(device, handoff.id));
  AMANA_ASSIGN_OR_RETURN(const std::vector<store::Row> rows,
                         deps_.store.ReadMany(deps_.ShardOf(device), keys, context.deadline));
  AMANA_ASSIGN_OR_RETURN(auto mailbox, DecodeOrDefault<domain::Mailbox>(rows[0]));
  store::Commit commit;
  for (size_t i = 0; i < handoffs.size(); ++i) {
    const store::Row& entry = rows[i + 1];
    if (!entry.exists()) continue;
    domain::Remove(mailbox.value);
    commit.Delete(keys[i + 1], entry.version);
    commit.index_edits.push_back(
        {.index = InboxIndex(device), .member = handoffs[i].id.ToString(), .score = std::nullopt});
    Audit(deps_, context, handoffs[i], domain::NameOf(handoffs[i].state), &commit);
  }
  if (commit.writes.empty()) return std::nullopt;
  commit.Put(keys[0], mailbox.version, Encode(mailbox.value));
  return commit;
}

absl::Status Inbox::Remove(const CallContext& context, const DeviceId& device,
                           const std::vector<domain::Handoff>& handoffs) {
  const CallContext part = PartOf(context, "mailbox.trimmed");
  for (size_t begin = 0; begin < handoffs.size(); begin += kMaxTidied) {
    const size_t end = std::min(handoffs.size(), begin + kMaxTidied);
    const std::vector<domain::Handoff> some(handoffs.begin() + static_cast<ptrdiff_t>(begin),
                                            handoffs.begin() + static_cast<ptrdiff_t>(end));
    AMANA_RETURN_IF_ERROR(ExecuteStep(deps_, part, deps_.ShardOf(device),
                                      [&] { return DecideRemove(part, device, some); }));
  }
  return absl::OkStatus();
}

}  // namespace amana::messaging
