#include "p2p/rlpx/eth_companion.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/rlpx/limits.h"
#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

// Relative ids. A request's answer has the next id.
enum EthId : uint8_t {
  kStatus = 0x00,
  kGetBlockHeaders = 0x03,
  kGetBlockBodies = 0x05,
  kGetPooledTransactions = 0x09,
  kGetReceipts = 0x0f,
};

bool IsRequest(uint8_t id) {
  return id == kGetBlockHeaders || id == kGetBlockBodies || id == kGetPooledTransactions ||
         id == kGetReceipts;
}

EthCompanion::Failure Breach(std::string why) {
  return {DisconnectReason::kSubprotocolError, std::move(why)};
}

}  // namespace

EthCompanion::EthCompanion(const EthConfig& config, uint64_t version, MonoTime now)
    : config_(config),
      version_(version),
      status_due_(now + kSessionLimits.status),
      default_due_(now + (config.network_id && config.genesis
                              ? kSessionLimits.status_wait_configured
                              : kSessionLimits.status_wait_mirror)),
      requests_full_at_(now) {}

bool EthCompanion::Reads(uint8_t id) { return id == kStatus || IsRequest(id); }

std::optional<EthCompanion::Failure> EthCompanion::OnArrival(uint8_t id, MonoTime now) {
  if (!IsRequest(id)) return std::nullopt;
  constexpr Duration refill = kSessionLimits.eth_request_refill;
  requests_full_at_ = std::max(requests_full_at_, now);
  if (requests_full_at_ - now > refill * (int64_t{kSessionLimits.eth_request_burst} - 1)) {
    return Breach(absl::StrCat("eth requests: more than ", kSessionLimits.eth_request_burst,
                               " at once and ", std::chrono::seconds(1) / refill, "/s"));
  }
  requests_full_at_ = requests_full_at_ + refill;
  return std::nullopt;
}

std::optional<EthCompanion::Failure> EthCompanion::OnMessage(uint8_t id, ByteView body,
                                                             MonoTime now, std::vector<Out>& out) {
  if (id == kStatus) return OnStatus(body, out);
  if (!remote_) return Breach(absl::StrCat("eth: message ", id, " before Status"));
  if (IsRequest(id)) return OnRequest(id, body, now);
  return std::nullopt;
}

std::optional<std::string> EthCompanion::Mismatch(const EthStatus& status) const {
  if (status.version != version_) {
    return absl::StrCat("eth Status: version ", status.version, ", expected ", version_);
  }
  if (config_.network_id && status.network_id != *config_.network_id) {
    return absl::StrCat("eth Status: wrong network: network id ", status.network_id, ", expected ",
                        *config_.network_id);
  }
  if (config_.genesis && status.genesis != *config_.genesis) {
    return absl::StrCat("eth Status: wrong network: genesis ", ToHex(status.genesis), ", expected ",
                        ToHex(*config_.genesis));
  }
  return std::nullopt;
}

std::optional<EthCompanion::Failure> EthCompanion::OnStatus(ByteView body, std::vector<Out>& out) {
  if (remote_) return Breach("eth: second Status");
  absl::StatusOr<EthStatus> status = DecodeEthStatus(body, version_);
  if (!status.ok()) return Breach(absl::StrCat("eth ", status.status().message()));
  if (std::optional<std::string> why = Mismatch(*status)) {
    return Failure{DisconnectReason::kProtocolBreach, *std::move(why)};
  }
  remote_ = *status;
  if (!sent_) {
    EthStatus mirrored = *status;
    mirrored.earliest = mirrored.latest;  // nothing older to be had from us
    out.push_back({kStatus, EncodeEthStatus(mirrored)});
    sent_ = true;
  }
  return std::nullopt;
}

std::optional<EthCompanion::Failure> EthCompanion::OnRequest(uint8_t id, ByteView body,
                                                             MonoTime now) {
  absl::Status status;
  wire::RlpReader list = wire::RlpReader(body, &status).List("eth request");
  const uint64_t request_id = list.Uint("eth request id");
  if (!status.ok()) return Breach(std::string(status.message()));
  answers_.push_back({now + kSessionLimits.eth_answer, static_cast<uint8_t>(id + 1), request_id});
  return std::nullopt;
}

EthStatus EthCompanion::DefaultStatus() const {
  EthStatus status;
  status.version = version_;
  status.network_id = config_.network_id.value_or(0);
  status.genesis = config_.genesis.value_or(Hash32{});
  status.fork_hash = config_.fork_hash;
  status.fork_next = config_.fork_next;
  status.head_hash = config_.head_hash == Hash32{} ? status.genesis : config_.head_hash;
  status.earliest = status.latest = config_.head_number;
  return status;
}

std::optional<EthCompanion::Failure> EthCompanion::OnTimer(MonoTime now, std::vector<Out>& out) {
  if (!remote_ && now >= status_due_) {
    return Failure{DisconnectReason::kPingTimeout, "eth: no Status in time"};
  }
  if (!sent_ && now >= default_due_) {
    out.push_back({kStatus, EncodeEthStatus(DefaultStatus())});
    sent_ = true;
  }
  for (; !answers_.empty() && now >= answers_.front().due; answers_.pop_front()) {
    Bytes body = wire::RlpEncodeList([&](auto& list) {
      list.Uint(answers_.front().request_id);
      list.List([](auto&) {});
    });
    out.push_back({answers_.front().id, std::move(body)});
  }
  return std::nullopt;
}

std::optional<MonoTime> EthCompanion::NextDeadline() const {
  std::optional<MonoTime> next;
  auto at = [&](MonoTime t) { next = next ? std::min(*next, t) : t; };
  if (!remote_) at(status_due_);
  if (!sent_) at(default_due_);
  if (!answers_.empty()) at(answers_.front().due);
  return next;
}

}  // namespace flblk::rlpx
