// flblkctl: keys, Authorizations, and what an operator asks a running node.
#include <stdio.h>

#include "plugin/config.h"
#include "plugin/ctl.h"

namespace flblk::plugin {
namespace {

constexpr char kHelp[] =
    "usage: flblkctl COMMAND [ARGUMENTS] [--json]\n"
    "\n"
    "keys and Authorizations, no node needed:\n"
    "  keygen FILE [--node]            new Ed25519 key (--node: devp2p identity); prints the "
    "public key\n"
    "  pubkey FILE [--node]            public key of a key file\n"
    "  enode NODEKEY-FILE HOST:PORT    enode URL\n"
    "  authorize --authorizer-sk-file FILE --builder-vk HEX --payload-id HEX --timestamp SECONDS\n"
    "                                  an Authorization as one line of JSON\n"
    "  renew-journal FILE --builder-vk HEX\n"
    "                                  a new sign-once journal where the old one is damaged; no "
    "slot "
    "up to now is signed with it\n"
    "\n"
    "a running node (--grpc TARGET or FLBLK_GRPC, as flblkd's setting grpc, of which the first "
    "listener is asked;\n"
    "default unix:flblk-data/flblk.sock; --token-file, --tls-ca):\n"
    "  status                          identity, publishing state, health\n"
    "  peers                           connected peers\n"
    "  add-peer ENODE [--trusted]      dial for ever\n"
    "  remove-peer ENODE|NODE-ID       disconnect and dial no more\n"
    "  history [--count N]             transitions of the hand-off, newest last\n"
    "  equivocations                   signed flashblocks that exclude each other\n"
    "  block                           the current block so far, reduced to one payload\n"
    "  watch [--count N]               the publishing state, then each transition\n"
    "  tail [--count N]                verified flashblocks, from the start of the current block\n"
    "  publish FILE.json [--authorization FILE.json [--wait SECONDS] [--seal]] [--interval-ms N]\n"
    "                                  op-rbuilder's JSON, one object or an array; - is standard "
    "input;\n"
    "                                  --wait: for the clearance, where another builder publishes\n"
    "  stop                            stop publishing\n"
    "\n"
    "exit codes: 0 done, 1 a file or the node refuses, 2 an argument (or a text it names) is "
    "wrong\n";

int Fail(int code, const absl::Status& status) {
  const std::string text(status.message());
  fprintf(stderr, "flblkctl: %s\n",
          text.empty() ? absl::StatusCodeToString(status.code()).c_str() : text.c_str());
  return code;
}

int Main(const std::vector<std::string>& words) {
  const auto args = ParseCtlArgs(words);
  if (!args.ok()) return Fail(2, args.status());
  if (args->Has("version")) {
    printf("flblkctl %s\n", kVersion.data());
    return 0;
  }
  if (args->Has("help") || args->command.empty()) {
    fputs(kHelp, args->Has("help") ? stdout : stderr);
    return args->Has("help") ? 0 : 2;
  }
  auto status = RunOffline(*args);
  if (!status) status = RunOnline(*args);
  if (!status) {
    return Fail(2, absl::InvalidArgumentError("'" + args->command +
                                              "' is no command; see flblkctl --help"));
  }
  if (!status->ok()) return Fail(absl::IsInvalidArgument(*status) ? 2 : 1, *status);
  return 0;
}

}  // namespace
}  // namespace flblk::plugin

int main(int argc, char** argv) {
  return flblk::plugin::Main(std::vector<std::string>(argv + 1, argv + argc));
}
