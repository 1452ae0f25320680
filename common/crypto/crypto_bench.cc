// What the store and the audit log pay for every value and every leaf.

#include <benchmark/benchmark.h>

#include "common/crypto/hash.h"
#include "common/crypto/random.h"
#include "common/crypto/sealer.h"
#include "common/crypto/sign.h"

namespace amana::crypto {
namespace {

constexpr std::string_view kAd = "{s017}:case:aebagbafaydqqcikbmga2dqpca";

void BM_Sha256(benchmark::State& state) {
  const std::string data(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Sha256(data));
}
BENCHMARK(BM_Sha256)->Arg(65)->Arg(1024);

void BM_Seal(benchmark::State& state) {
  const auto sealer = *Sealer::FromText(Sealer::NewKeyLine(1, SystemRandom::Instance()).Expose());
  const std::string data(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sealer->Seal(kAd, data));
}
BENCHMARK(BM_Seal)->Arg(64)->Arg(512)->Arg(4096);

void BM_Open(benchmark::State& state) {
  const auto sealer = *Sealer::FromText(Sealer::NewKeyLine(1, SystemRandom::Instance()).Expose());
  const std::string sealed =
      sealer->Seal(kAd, std::string(static_cast<size_t>(state.range(0)), 'x'));
  for (auto _ : state) benchmark::DoNotOptimize(sealer->Open(kAd, sealed));
}
BENCHMARK(BM_Open)->Arg(64)->Arg(512)->Arg(4096);

void BM_Sign(benchmark::State& state) {
  const SigningKey key = SigningKey::Generate(SystemRandom::Instance());
  const std::string message(256, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(key.Sign(message));
}
BENCHMARK(BM_Sign);

void BM_Verify(benchmark::State& state) {
  const SigningKey key = SigningKey::Generate(SystemRandom::Instance());
  const std::string message(256, 'x');
  const std::string signature = key.Sign(message);
  for (auto _ : state) benchmark::DoNotOptimize(key.verifying_key().Verify(message, signature));
}
BENCHMARK(BM_Verify);

}  // namespace
}  // namespace amana::crypto
