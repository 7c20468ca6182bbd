#include <stdio.h>
#include <unistd.h>

#include "p2p/net/enode.h"
#include "p2p/rlpx/node_key.h"
#include "p2p/wire/json.h"
#include "plugin/ctl.h"
#include "plugin/endpoint.h"
#include "plugin/journal.h"
#include "plugin/text.h"
#include "signer/key_file.h"

namespace flblk::plugin {
namespace {

absl::Status NeedWords(const CtlArgs& args, size_t count, std::string_view usage) {
  if (args.words.size() == count) return absl::OkStatus();
  return Invalid("usage: flblkctl ", usage);
}

void PrintField(const CtlArgs& args, const char* name, const std::string& value) {
  if (args.Has("json")) {
    printf("{\"%s\":\"%s\"}\n", name, value.c_str());
  } else {
    printf("%s\n", value.c_str());
  }
}

absl::Status Keygen(const CtlArgs& args) {
  if (auto status = NeedWords(args, 1, "keygen FILE [--node]"); !status.ok()) return status;
  const std::string& path = args.words[0];
  if (args.Has("node")) {
    if (access(path.c_str(), F_OK) == 0)
      return absl::AlreadyExistsError(Cat("key file ", path, ": exists already"));
    const auto key = rlpx::NodeKey::LoadOrCreate(path);
    if (!key.ok()) return key.status();
    PrintField(args, "node_id", ToHex(key->id()));
    return absl::OkStatus();
  }
  const auto key = CreateSecretKeyFile(path);
  if (!key.ok()) return key.status();
  PrintField(args, "public_key", ToHex(key->public_key().bytes));
  return absl::OkStatus();
}

absl::StatusOr<rlpx::NodeKey> LoadNodeKey(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0)
    return absl::NotFoundError(Cat("key file ", path, ": does not exist"));
  return rlpx::NodeKey::LoadOrCreate(path);
}

absl::Status Pubkey(const CtlArgs& args) {
  if (auto status = NeedWords(args, 1, "pubkey FILE [--node]"); !status.ok()) return status;
  if (args.Has("node")) {
    const auto key = LoadNodeKey(args.words[0]);
    if (!key.ok()) return key.status();
    PrintField(args, "node_id", ToHex(key->id()));
    return absl::OkStatus();
  }
  const auto key = LoadSecretKey(args.words[0]);
  if (!key.ok()) return key.status();
  PrintField(args, "public_key", ToHex(key->public_key().bytes));
  return absl::OkStatus();
}

absl::Status Enode(const CtlArgs& args) {
  if (auto status = NeedWords(args, 2, "enode NODEKEY-FILE HOST:PORT"); !status.ok()) return status;
  const auto key = LoadNodeKey(args.words[0]);
  if (!key.ok()) return key.status();
  // Parsed as a URL, so that what is printed can be read again.
  const auto enode = net::ParseEnode(Cat("enode://", ToHex(key->id()), "@", args.words[1]));
  if (!enode.ok()) return enode.status();
  PrintField(args, "enode", net::FormatEnode(*enode));
  return absl::OkStatus();
}

absl::Status Authorize(const CtlArgs& args) {
  if (!args.words.empty())
    return Invalid("'", args.words[0], "': authorize takes its values from flags");
  for (const char* flag : {"authorizer-sk-file", "builder-vk", "payload-id", "timestamp"}) {
    if (!args.Has(flag)) return Invalid("--", flag, ": missing");
  }
  const auto authorizer = LoadSecretKey(args.Get("authorizer-sk-file"));
  if (!authorizer.ok()) return authorizer.status();
  const auto builder = PublicKeyFromHex("--builder-vk", args.Get("builder-vk"));
  if (!builder.ok()) return builder.status();
  PayloadId id;
  if (auto status = FromHexExact(args.Get("payload-id"), "--payload-id", id); !status.ok())
    return status;
  const auto timestamp = ParseUnsigned(args.Get("timestamp"));
  if (!timestamp)
    return Invalid("--timestamp: '", args.Get("timestamp"), "' is no number of seconds");
  printf("%s\n",
         wire::WriteAuthorizationJson(MakeAuthorization(*authorizer, id, *timestamp, *builder))
             .c_str());
  return absl::OkStatus();
}

absl::Status RenewJournal(const CtlArgs& args) {
  const char* const usage = "renew-journal FILE --builder-vk HEX";
  if (auto status = NeedWords(args, 1, usage); !status.ok()) return status;
  const auto builder = PublicKeyFromHex("--builder-vk", args.Get("builder-vk"));
  if (!builder.ok()) return builder.status();
  const auto aside = Journal::Renew(args.words[0], *builder);
  if (!aside.ok()) return aside.status();
  PrintField(args, "put_aside", *aside);
  return absl::OkStatus();
}

}  // namespace

std::optional<absl::Status> RunOffline(const CtlArgs& args) {
  if (args.command == "keygen") return Keygen(args);
  if (args.command == "pubkey") return Pubkey(args);
  if (args.command == "enode") return Enode(args);
  if (args.command == "authorize") return Authorize(args);
  if (args.command == "renew-journal") return RenewJournal(args);
  return std::nullopt;
}

}  // namespace flblk::plugin
