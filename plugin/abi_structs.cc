#include "plugin/abi_structs.h"

#include "p2p/wire/envelope.h"
#include "p2p/wire/json.h"
#include "p2p/wire/limits.h"

namespace flblk::plugin {
namespace {

Authorization FromAbi(const flblk_authorization& in) {
  Authorization out;
  std::copy(std::begin(in.payload_id), std::end(in.payload_id), out.payload_id.begin());
  out.timestamp = in.timestamp;
  std::copy(std::begin(in.builder_vk), std::end(in.builder_vk), out.builder_vk.bytes.begin());
  std::copy(std::begin(in.authorizer_sig), std::end(in.authorizer_sig),
            out.authorizer_sig.bytes.begin());
  return out;
}

}  // namespace

absl::StatusOr<std::string_view> View(std::string_view name, const flblk_bytes& bytes,
                                      size_t limit) {
  if (bytes.data == nullptr && bytes.size != 0)
    return Invalid(name, ": NULL with size ", bytes.size);
  if (bytes.size > limit) {
    return absl::ResourceExhaustedError(Cat(name, ": ", bytes.size, " bytes, at most ", limit));
  }
  return std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

absl::StatusOr<core::ForkchoiceUpdated> FromAbi(const flblk_forkchoice& in) {
  constexpr uint32_t kKnown =
      FLBLK_FC_ATTRIBUTES | FLBLK_FC_BLOCK_NUMBER | FLBLK_FC_PAYLOAD_ID | FLBLK_FC_AUTHORIZATION;
  if ((in.flags & ~kKnown) != 0) return Invalid("update.flags: ", in.flags, " has unknown bits");
  core::ForkchoiceUpdated out;
  if ((in.flags & FLBLK_FC_ATTRIBUTES) == 0) {
    if (in.flags != 0) return Invalid("update.flags: ", in.flags, " without FLBLK_FC_ATTRIBUTES");
    return out;
  }
  core::PayloadAttributes& attributes = out.attributes.emplace();
  attributes.timestamp = in.timestamp;
  if ((in.flags & FLBLK_FC_BLOCK_NUMBER) != 0) attributes.block_number = in.block_number;
  if ((in.flags & FLBLK_FC_PAYLOAD_ID) != 0) {
    std::copy(std::begin(in.payload_id), std::end(in.payload_id),
              attributes.payload_id.emplace().begin());
  }
  if ((in.flags & FLBLK_FC_AUTHORIZATION) != 0) out.authorization = FromAbi(in.authorization);
  return out;
}

absl::StatusOr<wire::FlashblocksPayloadV1> ReadFlashblock(const flblk_flashblock* in) {
  flblk_flashblock flashblock;
  if (auto status = ReadStruct("flashblock", in, flashblock); !status.ok()) return status;
  const bool json = flashblock.encoding == FLBLK_ENCODING_JSON;
  if (!json && flashblock.encoding != FLBLK_ENCODING_RLP) {
    return Invalid("flashblock.encoding: ", flashblock.encoding, ", expected 0 or 1");
  }
  // As JSON every byte is two digits; the reader has its own limit.
  const auto data = View("flashblock.data", flashblock.data,
                         json ? 4 * wire::kMaxMessageBytes : wire::kMaxMessageBytes);
  if (!data.ok()) return data.status();
  auto out = json ? wire::ReadFlashblockJson(*data) : wire::DecodeFlashblock(AsBytes(*data));
  if (!out.ok()) return Within("flashblock.data", out.status());
  return out;
}

}  // namespace flblk::plugin
