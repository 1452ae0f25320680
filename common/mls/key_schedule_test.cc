#include "common/mls/key_schedule.h"

#include <gtest/gtest.h>

#include "common/mls/test_vectors.h"

namespace amana::mls {
namespace {

class KeyScheduleVectors : public VectorTest {
 protected:
  std::string Context(const Json& epoch, uint64_t number) const {
    return Encode(
        GroupContext{.cipher_suite = suite().id,
                     .group_id = hex("group_id"),
                     .epoch = number,
                     .tree_hash = HexIn(epoch, "tree_hash"),
                     .confirmed_transcript_hash = HexIn(epoch, "confirmed_transcript_hash"),
                     .extensions = {}});
  }

  static void ExpectSecrets(const DerivedEpoch& derived, const Json& epoch) {
    const EpochSecrets& secrets = derived.secrets;
    EXPECT_EQ(derived.encryption_secret.Expose(), HexIn(epoch, "encryption_secret"));
    EXPECT_EQ(secrets.sender_data_secret.Expose(), HexIn(epoch, "sender_data_secret"));
    EXPECT_EQ(secrets.exporter_secret.Expose(), HexIn(epoch, "exporter_secret"));
    EXPECT_EQ(secrets.external_secret.Expose(), HexIn(epoch, "external_secret"));
    EXPECT_EQ(secrets.confirmation_key.Expose(), HexIn(epoch, "confirmation_key"));
    EXPECT_EQ(secrets.membership_key.Expose(), HexIn(epoch, "membership_key"));
    EXPECT_EQ(secrets.resumption_psk.Expose(), HexIn(epoch, "resumption_psk"));
    EXPECT_EQ(secrets.epoch_authenticator.Expose(), HexIn(epoch, "epoch_authenticator"));
    EXPECT_EQ(secrets.init_secret.Expose(), HexIn(epoch, "init_secret"));
    EXPECT_EQ(DeriveExternalKey(secrets).public_key().bytes(), HexIn(epoch, "external_pub"));
  }

  static void ExpectExporter(const EpochSecrets& secrets, const Json& exporter) {
    const auto exported =
        ExportSecret(secrets, exporter["label"].get<std::string>(), HexIn(exporter, "context"),
                     exporter["length"].get<size_t>());
    EXPECT_EQ(exported->Expose(), HexIn(exporter, "secret"));
  }
};
INSTANTIATE_TEST_SUITE_P(, KeyScheduleVectors, CasesOf("key-schedule.json", {1, 3}), NameOfCase);

TEST_P(KeyScheduleVectors, GiveTheSecretsOfEachEpoch) {
  std::string init_secret = hex("initial_init_secret");
  const Json& epochs = json()["epochs"];
  ASSERT_FALSE(epochs.empty());
  for (size_t i = 0; i < epochs.size(); ++i) {
    SCOPED_TRACE(i);
    const Json& epoch = epochs[i];
    const std::string context = Context(epoch, i);
    EXPECT_EQ(context, HexIn(epoch, "group_context"));
    const SecretBytes joiner =
        DeriveJoinerSecret(init_secret, HexIn(epoch, "commit_secret"), context);
    const std::string psk_secret = HexIn(epoch, "psk_secret");
    EXPECT_EQ(joiner.Expose(), HexIn(epoch, "joiner_secret"));
    EXPECT_EQ(DeriveWelcomeSecret(joiner.Expose(), psk_secret).Expose(),
              HexIn(epoch, "welcome_secret"));
    const DerivedEpoch derived = DeriveEpoch(joiner.Expose(), psk_secret, context);
    ExpectSecrets(derived, epoch);
    ExpectExporter(derived.secrets, epoch["exporter"]);
    init_secret = std::string(derived.secrets.init_secret.Expose());
  }
}

class PskVectors : public VectorTest {};
INSTANTIATE_TEST_SUITE_P(, PskVectors, CasesOf("psk_secret.json", {1, 3}), NameOfCase);

TEST_P(PskVectors, GiveTheSecret) {
  std::vector<Psk> psks;
  for (const Json& psk : json()["psks"]) {
    PreSharedKeyId id;
    id.psk_id = HexIn(psk, "psk_id");
    id.nonce = HexIn(psk, "psk_nonce");
    psks.push_back({std::move(id), SecretBytes::CopyOf(HexIn(psk, "psk"))});
  }
  EXPECT_EQ(DerivePskSecret(psks).Expose(), hex("psk_secret"));
}

class TranscriptVectors : public VectorTest {};
INSTANTIATE_TEST_SUITE_P(, TranscriptVectors, CasesOf("transcript-hashes.json", {1, 3}),
                         NameOfCase);

TEST_P(TranscriptVectors, GiveTheHashes) {
  const auto commit = Decode<AuthenticatedContent>(hex("authenticated_content"));
  ASSERT_TRUE(commit.ok()) << commit.status();
  EXPECT_EQ(Encode(*commit), hex("authenticated_content"));
  const std::string confirmed =
      ConfirmedTranscriptHash(hex("interim_transcript_hash_before"), *commit);
  EXPECT_EQ(confirmed, hex("confirmed_transcript_hash_after"));
  EXPECT_EQ(InterimTranscriptHash(confirmed, commit->auth.confirmation_tag),
            hex("interim_transcript_hash_after"));
  EXPECT_TRUE(VerifyMac(hex("confirmation_key"), confirmed, commit->auth.confirmation_tag));
}

TEST(Exporter, GivesAtMost255Hashes) {
  const EpochSecrets secrets = DeriveFirstEpoch("an epoch secret").secrets;
  EXPECT_EQ(ExportSecret(secrets, "label", "context", 255 * kHashSize)->size(), 255 * kHashSize);
  EXPECT_EQ(FaultIn(ExportSecret(secrets, "label", "context", 255 * kHashSize + 1)),
            Fault::kExportTooLong);
}

}  // namespace
}  // namespace amana::mls
