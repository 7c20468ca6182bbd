// Keys at rest: 32-byte secrets as hex in a file or a setting's value, public keys as hex.
//
//   secret-file = *WS [ "0x" ] 64HEXDIG *WS
//
// A file has at most kMaxKeyFileSize bytes and mode 0600 or stricter.
// Every error names the file or setting and never repeats what it holds. Buffers that held a secret
// are wiped.
#pragma once

#include "signer/ed25519.h"

namespace flblk {

inline constexpr size_t kMaxKeyFileSize = 256;  // bytes

// Reads a secret of any 32-byte kind into `out` (zeroed on an error). NOT_FOUND where there is no
// such file; PERMISSION_DENIED where group or others have any access to it, or we have none;
// INVALID_ARGUMENT where it is no regular file or breaks the grammar above.
absl::Status LoadSecretHexFile(const std::string& path, std::span<uint8_t, 32> out);

// Creates `path` with mode 0600, writes the secret as hex and a newline, and syncs file and
// directory. The name appears with the whole file behind it (a hard link to a draft beside it).
// ALREADY_EXISTS where something has that name (it stays untouched). A file that could not be
// written whole is removed.
absl::Status WriteSecretHexFile(const std::string& path, std::span<const uint8_t, 32> secret);

// Ed25519 secrets: from a file; new, written to a file first; from the value of the setting
// (environment variable, flag) called `name`. The caller wipes its own copy of `value`.
absl::StatusOr<SecretKey> LoadSecretKey(const std::string& path);
absl::StatusOr<SecretKey> CreateSecretKeyFile(const std::string& path);
absl::StatusOr<SecretKey> SecretKeyFromValue(std::string_view name, std::string_view value);

// Ed25519 public key of the setting called `name`: 64 hex digits, "0x" and surrounding white space
// allowed. INVALID_ARGUMENT also where the bytes are no point of the curve.
absl::StatusOr<PublicKey> PublicKeyFromHex(std::string_view name, std::string_view value);

}  // namespace flblk
