#include "common/mls/epoch.h"

#include <utility>

namespace amana::mls {

Advanced AdvanceEpoch(std::string_view interim_before, const AuthenticatedContent& commit,
                      std::string_view init_secret, std::string_view commit_secret,
                      const std::vector<Psk>& psks, GroupContext& context) {
  context.confirmed_transcript_hash = ConfirmedTranscriptHash(interim_before, commit);
  Advanced next;
  next.encoded_context = Encode(context);
  next.psk_secret = DerivePskSecret(psks);
  next.joiner_secret = DeriveJoinerSecret(init_secret, commit_secret, next.encoded_context);
  DerivedEpoch derived =
      DeriveEpoch(next.joiner_secret.Expose(), next.psk_secret.Expose(), next.encoded_context);
  next.confirmation_tag =
      Mac(derived.secrets.confirmation_key.Expose(), context.confirmed_transcript_hash);
  next.interim_transcript_hash =
      InterimTranscriptHash(context.confirmed_transcript_hash, next.confirmation_tag);
  next.secrets = std::make_shared<const EpochSecrets>(std::move(derived.secrets));
  next.encryption_secret = std::move(derived.encryption_secret);
  return next;
}

}  // namespace amana::mls
