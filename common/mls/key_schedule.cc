#include "common/mls/key_schedule.h"

#include <utility>

namespace amana::mls {
namespace {

// What both the welcome secret and the epoch secret are derived from.
SecretBytes MemberSecret(std::string_view joiner_secret, std::string_view psk_secret) {
  return Extract(joiner_secret, psk_secret);
}

// struct { PreSharedKeyID id; uint16 index; uint16 count; } PSKLabel;
std::string PskLabel(const PreSharedKeyId& id, size_t index, size_t count) {
  Writer writer;
  EncodeInto(writer, id);
  writer.U16(static_cast<uint16_t>(index));
  writer.U16(static_cast<uint16_t>(count));
  return std::move(writer).Take();
}

}  // namespace

SecretBytes DeriveJoinerSecret(std::string_view init_secret, std::string_view commit_secret,
                               std::string_view context) {
  const SecretBytes extracted = Extract(init_secret, commit_secret);
  return ExpandWithLabel(extracted.Expose(), "joiner", context, kHashSize);
}

SecretBytes DeriveWelcomeSecret(std::string_view joiner_secret, std::string_view psk_secret) {
  return DeriveSecret(MemberSecret(joiner_secret, psk_secret).Expose(), "welcome");
}

DerivedEpoch DeriveEpoch(std::string_view joiner_secret, std::string_view psk_secret,
                         std::string_view context) {
  const SecretBytes epoch_secret = ExpandWithLabel(MemberSecret(joiner_secret, psk_secret).Expose(),
                                                   "epoch", context, kHashSize);
  return DeriveFirstEpoch(epoch_secret.Expose());
}

DerivedEpoch DeriveFirstEpoch(std::string_view epoch_secret) {
  return {.secrets = {.sender_data_secret = DeriveSecret(epoch_secret, "sender data"),
                      .exporter_secret = DeriveSecret(epoch_secret, "exporter"),
                      .external_secret = DeriveSecret(epoch_secret, "external"),
                      .confirmation_key = DeriveSecret(epoch_secret, "confirm"),
                      .membership_key = DeriveSecret(epoch_secret, "membership"),
                      .resumption_psk = DeriveSecret(epoch_secret, "resumption"),
                      .epoch_authenticator = DeriveSecret(epoch_secret, "authentication"),
                      .init_secret = DeriveSecret(epoch_secret, "init")},
          .encryption_secret = DeriveSecret(epoch_secret, "encryption")};
}

crypto::HpkePrivateKey DeriveExternalKey(const EpochSecrets& secrets) {
  return crypto::HpkePrivateKey::Derive(secrets.external_secret.Expose());
}

absl::StatusOr<SecretBytes> ExportSecret(const EpochSecrets& secrets, std::string_view label,
                                         std::string_view context, size_t size) {
  if (size > 255 * kHashSize) return Refuse(Fault::kExportTooLong);
  const SecretBytes derived = DeriveSecret(secrets.exporter_secret.Expose(), label);
  return ExpandWithLabel(derived.Expose(), "exported", Hash(context), size);
}

SecretBytes DerivePskSecret(const std::vector<Psk>& psks) {
  SecretBytes secret = SecretBytes::CopyOf(ZeroSecret());
  for (size_t i = 0; i < psks.size(); ++i) {
    const SecretBytes extracted = Extract(ZeroSecret(), psks[i].secret.Expose());
    const SecretBytes input = ExpandWithLabel(extracted.Expose(), "derived psk",
                                              PskLabel(psks[i].id, i, psks.size()), kHashSize);
    secret = Extract(input.Expose(), secret.Expose());
  }
  return secret;
}

std::string ConfirmedTranscriptHash(std::string_view interim_before,
                                    const AuthenticatedContent& commit) {
  Writer writer;
  writer.Raw(interim_before);
  EncodeInto(writer, commit.wire_format);
  EncodeInto(writer, commit.content);
  EncodeInto(writer, commit.auth.signature);
  return Hash(std::move(writer).Take());
}

std::string InterimTranscriptHash(std::string_view confirmed, std::string_view confirmation_tag) {
  Writer writer;
  writer.Raw(confirmed);
  writer.Opaque(confirmation_tag);
  return Hash(std::move(writer).Take());
}

}  // namespace amana::mls
