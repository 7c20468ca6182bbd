// Structs of the C ABI, read with suspicion and written as far as the host's version of them goes.
// Internal to abi.cc.
#pragma once

#include <stddef.h>
#include <string.h>

#include <algorithm>
#include <string_view>

#include "p2p/core/events.h"
#include "plugin/flblk.h"
#include "plugin/text.h"

namespace flblk::plugin {

// The size of each struct that hosts fill in, as of version 1.0: to the end of the last field it
// had then. Fixed for ever, or hosts of that version are refused on the day a field is appended.
template <typename Struct>
inline constexpr size_t kFirstSize = 0;
template <>
inline constexpr size_t kFirstSize<flblk_options> = offsetof(flblk_options, user) + sizeof(void*);
template <>
inline constexpr size_t kFirstSize<flblk_callbacks> = offsetof(flblk_callbacks, on_log) +
                                                      sizeof(flblk_callbacks::on_log);
template <>
inline constexpr size_t kFirstSize<flblk_forkchoice> = offsetof(flblk_forkchoice, authorization) +
                                                       sizeof(flblk_authorization);
template <>
inline constexpr size_t kFirstSize<flblk_flashblock> = offsetof(flblk_flashblock, data) +
                                                       sizeof(flblk_bytes);

// Reads a struct of an older or newer host: absent fields are zero, unknown ones are left alone.
template <typename Struct>
absl::Status ReadStruct(std::string_view name, const Struct* in, Struct& out) {
  constexpr size_t least = kFirstSize<Struct>;
  static_assert(least > 0 && least <= sizeof(Struct));
  if (in == nullptr) return Invalid(name, ": NULL");
  if (in->struct_size < least)
    return Invalid(name, ".struct_size: ", in->struct_size, ", at least ", least);
  out = Struct{};
  memcpy(static_cast<void*>(&out), in, std::min<size_t>(in->struct_size, sizeof out));
  return absl::OkStatus();
}

// Whether WriteStruct can fill in `out`; for calls with an effect, which must not fail behind it.
template <typename Struct>
absl::Status CheckOut(std::string_view name, const Struct* out) {
  if (out == nullptr || out->struct_size >= sizeof(uint32_t)) return absl::OkStatus();
  return Invalid(name, ".struct_size: not set");
}

// Fills in what the host's version of the struct has. NULL is allowed.
template <typename Struct>
absl::Status WriteStruct(std::string_view name, const Struct& in, Struct* out) {
  if (auto status = CheckOut(name, out); !status.ok() || out == nullptr) return status;
  const uint32_t size = out->struct_size;
  memcpy(static_cast<void*>(out), &in, std::min<size_t>(size, sizeof in));
  out->struct_size = size;
  return absl::OkStatus();
}

// The text or bytes of `bytes`. INVALID_ARGUMENT: NULL with a size; RESOURCE_EXHAUSTED: above
// `limit`.
absl::StatusOr<std::string_view> View(std::string_view name, const flblk_bytes& bytes,
                                      size_t limit);

// INVALID_ARGUMENT: unknown flags, or flags that need FLBLK_FC_ATTRIBUTES without it.
absl::StatusOr<core::ForkchoiceUpdated> FromAbi(const flblk_forkchoice& in);

// Either encoding. The error's text begins with "flashblock.".
absl::StatusOr<wire::FlashblocksPayloadV1> ReadFlashblock(const flblk_flashblock* in);

}  // namespace flblk::plugin
