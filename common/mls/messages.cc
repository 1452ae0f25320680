#include "common/mls/messages.h"

#include <utility>

namespace amana::mls {

void Sender::EncodeTo(Writer& writer) const {
  EncodeInto(writer, type);
  if (type == SenderType::kMember || type == SenderType::kExternal) EncodeInto(writer, index);
}

void Sender::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, type);
  switch (type) {
    case SenderType::kMember:
    case SenderType::kExternal:
      mls::DecodeFrom(reader, index);
      break;
    case SenderType::kNewMemberProposal:
    case SenderType::kNewMemberCommit:
      break;
    default:
      reader.Fail(Fault::kValueUnknown);
  }
}

void EncodeContent(Writer& writer, const FramedContent& content) {
  std::visit([&](const auto& form) { EncodeInto(writer, form); }, content.content);
}

void DecodeContent(Reader& reader, ContentType type, FramedContent& content) {
  switch (type) {
    case ContentType::kApplication:
      return DecodeFrom(reader, content.content.emplace<WipedString>());
    case ContentType::kProposal:
      return DecodeFrom(reader, content.content.emplace<Proposal>());
    case ContentType::kCommit:
      return DecodeFrom(reader, content.content.emplace<Commit>());
  }
  reader.Fail(Fault::kValueUnknown);
}

void FramedContent::EncodeTo(Writer& writer) const {
  EncodeInto(writer, group_id);
  EncodeInto(writer, epoch);
  EncodeInto(writer, sender);
  EncodeInto(writer, authenticated_data);
  EncodeInto(writer, type());
  EncodeContent(writer, *this);
}

void FramedContent::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, group_id);
  mls::DecodeFrom(reader, epoch);
  mls::DecodeFrom(reader, sender);
  mls::DecodeFrom(reader, authenticated_data);
  ContentType type{};
  mls::DecodeFrom(reader, type);
  if (reader.ok()) DecodeContent(reader, type, *this);
}

void FramedContentAuthData::EncodeTo(Writer& writer, ContentType type) const {
  EncodeInto(writer, signature);
  if (type == ContentType::kCommit) EncodeInto(writer, confirmation_tag);
}

void FramedContentAuthData::DecodeFrom(Reader& reader, ContentType type) {
  mls::DecodeFrom(reader, signature);
  if (type == ContentType::kCommit) mls::DecodeFrom(reader, confirmation_tag);
}

void AuthenticatedContent::EncodeTo(Writer& writer) const {
  EncodeInto(writer, wire_format);
  EncodeInto(writer, content);
  auth.EncodeTo(writer, content.type());
}

void AuthenticatedContent::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, wire_format);
  if (wire_format != WireFormat::kPublicMessage && wire_format != WireFormat::kPrivateMessage) {
    reader.Fail(Fault::kValueUnknown);
  }
  mls::DecodeFrom(reader, content);
  auth.DecodeFrom(reader, content.type());
}

void PublicMessage::EncodeTo(Writer& writer) const {
  EncodeInto(writer, content);
  auth.EncodeTo(writer, content.type());
  if (content.sender.type == SenderType::kMember) EncodeInto(writer, membership_tag);
}

void PublicMessage::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, content);
  auth.DecodeFrom(reader, content.type());
  if (content.sender.type == SenderType::kMember) mls::DecodeFrom(reader, membership_tag);
}

void PrivateMessage::EncodeTo(Writer& writer) const {
  writer.Reserve(writer.size() + group_id.size() + authenticated_data.size() +
                 encrypted_sender_data.size() + ciphertext.size() + 32);
  EncodeInto(writer, group_id);
  EncodeInto(writer, epoch);
  EncodeInto(writer, content_type);
  EncodeInto(writer, authenticated_data);
  EncodeInto(writer, encrypted_sender_data);
  EncodeInto(writer, ciphertext);
}

void PrivateMessage::DecodeFrom(Reader& reader) {
  mls::DecodeFrom(reader, group_id);
  mls::DecodeFrom(reader, epoch);
  mls::DecodeFrom(reader, content_type);
  if (content_type < ContentType::kApplication || content_type > ContentType::kCommit) {
    reader.Fail(Fault::kValueUnknown);
  }
  mls::DecodeFrom(reader, authenticated_data);
  mls::DecodeFrom(reader, encrypted_sender_data);
  mls::DecodeFrom(reader, ciphertext);
}

std::string GroupInfoToBeSigned(const GroupInfo& info) {
  Writer writer;
  EncodeInto(writer, info.group_context);
  EncodeInto(writer, info.extensions);
  EncodeInto(writer, info.confirmation_tag);
  EncodeInto(writer, info.signer);
  return std::move(writer).Take();
}

void MlsMessage::EncodeTo(Writer& writer) const {
  writer.U16(kMls10);
  EncodeInto(writer, wire_format());
  std::visit([&](const auto& form) { EncodeInto(writer, form); }, content);
}

void MlsMessage::DecodeFrom(Reader& reader) {
  if (reader.U16() != kMls10) reader.Fail(Fault::kVersionUnknown);
  WireFormat format{};
  mls::DecodeFrom(reader, format);
  if (!reader.ok()) return;
  switch (format) {
    case WireFormat::kPublicMessage:
      return mls::DecodeFrom(reader, content.emplace<PublicMessage>());
    case WireFormat::kPrivateMessage:
      return mls::DecodeFrom(reader, content.emplace<PrivateMessage>());
    case WireFormat::kWelcome:
      return mls::DecodeFrom(reader, content.emplace<Welcome>());
    case WireFormat::kGroupInfo:
      return mls::DecodeFrom(reader, content.emplace<GroupInfo>());
    case WireFormat::kKeyPackage:
      return mls::DecodeFrom(reader, content.emplace<KeyPackage>());
  }
  reader.Fail(Fault::kValueUnknown);
}

absl::StatusOr<std::string> EncodeToSend(const MlsMessage& message) {
  std::string encoded = Encode(message);
  if (encoded.size() > kMaxMessageSize) return Refuse(Fault::kMessageTooLarge);
  return encoded;
}

}  // namespace amana::mls
