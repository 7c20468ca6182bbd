#include "plugin/config.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "plugin/settings.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kVk = "1361edebf7fd03a72aa23748e17eb5f6901b544cf80d3f410afa5e6e261d7281";
const std::string kEnode =
    Cat("enode://"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e"
        "1108a8"
        "fd17b448a68554199c47d08ffb10d4b8@127.0.0.1:30303");

using Env = std::map<std::string, std::string>;

absl::StatusOr<CommandLine> Parse(std::vector<const char*> args, const Env& env = {}) {
  return ConfigFromCommandLine(args, [&](const char* name) -> const char* {
    const auto it = env.find(name);
    return it == env.end() ? nullptr : it->second.c_str();
  });
}

std::string ErrorOf(std::vector<const char*> args, const Env& env = {}) {
  const auto parsed = Parse(std::move(args), env);
  return parsed.ok() ? "no error" : std::string(parsed.status().message());
}

std::string TomlError(const std::string& toml) {
  const auto config = ConfigFromToml(toml, "test.toml");
  if (config.ok()) return "no error";
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(config.status().message());
}

struct TempFile {
  explicit TempFile(const std::string& text) {
    const int fd = mkstemp(path.data());
    EXPECT_GE(fd, 0);
    close(fd);
    std::ofstream(path) << text;
  }
  ~TempFile() { std::remove(path.c_str()); }
  std::string path = testing::TempDir() + "flblk_config_XXXXXX";
};

TEST(Config, PrecedenceIsFlagsEnvironmentFileDefaults) {
  const TempFile file("port = 1\nmax_send_peers = 2\nmax_receive_peers = 3\nauthorizer_vk = \"" +
                      kVk + "\"\n");
  const Env env = {
      {"FLBLK_CONFIG", file.path}, {"FLBLK_PORT", "11"}, {"FLBLK_MAX_SEND_PEERS", "12"}};
  const auto parsed = Parse({"--port", "21"}, env);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.port, 21);
  EXPECT_EQ(parsed->config.max_send_peers, 12u);
  EXPECT_EQ(parsed->config.max_receive_peers, 3u);
  EXPECT_EQ(parsed->config.max_inbound_peers, 30u);
}

TEST(Config, PresetIsWeakerThanWhatIsSaid) {
  const auto parsed = Parse({"--network-id=7", "--world-chain", "sepolia"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.network_id, 7u);
  EXPECT_EQ(ToHex(*parsed->config.fork_hash), "9d7efa8f");
  EXPECT_EQ(ToHex(*parsed->config.genesis),
            "f1deb67ee953f94d8545d2647918687fa8ba1f30fa6103771f11b7c483984070");
  EXPECT_EQ(ToHex(parsed->config.authorizer_vk->bytes),
            "3b24dba9803930d6b31c85d9809e03f565b05eba0dd59cfd248e4cc95ebd3492");
  const auto mainnet = Parse({"--world-chain=mainnet"});
  ASSERT_TRUE(mainnet.ok()) << mainnet.status();
  EXPECT_EQ(mainnet->config.network_id, 480u);
  EXPECT_EQ(ToHex(mainnet->config.authorizer_vk->bytes), kVk);
}

TEST(Config, NamesOperatorsKnowAreAliases) {
  const auto parsed = Parse({"--world-chain=mainnet", "--p2p-secret-key=/k", "--maxpeers=5",
                             "--metrics=127.0.0.1:9", "--static-peers", kEnode.c_str(),
                             "--static-nodes", kEnode.c_str(), "--nat=extip:1.2.3.4"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.NodeKeyPath(), "/k");
  EXPECT_EQ(parsed->config.max_inbound_peers, 5u);
  EXPECT_EQ(parsed->config.http.port, 9);
  EXPECT_EQ(parsed->config.static_nodes.size(), 2u);
  EXPECT_EQ(parsed->config.ExternalAddress(), "1.2.3.4");
}

TEST(Config, SwitchesStandAloneOrCarryAValueOrANo) {
  const auto parsed =
      Parse({"--world-chain=mainnet", "--stop-on-bare-fcu", "--no-listen", "--eth=false"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->config.stop_on_bare_fcu);
  EXPECT_FALSE(parsed->config.listen);
  EXPECT_FALSE(parsed->config.eth);
  EXPECT_TRUE(parsed->config.flblk1);
}

TEST(Config, DefaultsFollowTheDataDirectory) {
  const auto parsed = Parse({"--world-chain=mainnet", "--datadir=/d"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->config.NodeKeyPath(), "/d/nodekey");
  ASSERT_EQ(parsed->config.GrpcEndpoints().size(), 1u);
  EXPECT_EQ(parsed->config.GrpcEndpoints()[0].ToString(), "unix:/d/flblk.sock");
  const auto none = Parse({"--world-chain=mainnet", "--grpc=none"});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->config.GrpcEndpoints().empty());
}

TEST(Config, UnknownNamesAreRefusedWithTheNearestKnownOne) {
  EXPECT_EQ(ErrorOf({"--max-send-pears=1"}),
            "--max-send-pears: unknown flag; the nearest known one is --max-send-peers");
  EXPECT_EQ(ErrorOf({"--no-port"}), "--no-port: unknown flag");
  EXPECT_EQ(TomlError("authoriser_vk = \"00\""),
            "test.toml:1: authoriser_vk: unknown setting; the nearest known one is authorizer_vk");
  EXPECT_THAT(TomlError("\n[p2p]\nport = 1"), StartsWith("test.toml:2: p2p: unknown setting"));
  EXPECT_EQ(ErrorOf({"-port"}), "'-port': flags begin with --");
  EXPECT_EQ(ErrorOf({"--port"}), "--port: the value is missing");
  EXPECT_EQ(ErrorOf({"--port=1", "--port=2"}), "--port: given twice");
  EXPECT_EQ(ErrorOf({"--config=/a", "--config=/b"}), "--config: given twice");
  EXPECT_EQ(ErrorOf({"--config="}), "--config: empty");
  EXPECT_EQ(ErrorOf({"--config"}), "--config: the value is missing");
}

TEST(Config, WhatTakesNoValueSaysSo) {
  for (const char* flag : {"--no-listen=true", "--no-listen=false", "--no-eth="}) {
    const std::string name(flag, std::string_view(flag).find('='));
    EXPECT_EQ(ErrorOf({flag}), name + ": takes no value");
  }
  EXPECT_EQ(ErrorOf({"--help=all"}), "--help: takes no value");
  EXPECT_EQ(ErrorOf({"--version=2"}), "--version: takes no value");
  EXPECT_EQ(ErrorOf({"--dump-config=x"}), "--dump-config: takes no value");
}

TEST(Config, EveryKindOfValueSaysWhatIsWrongWithIt) {
  EXPECT_EQ(ErrorOf({"--port=65536"}), "--port: '65536' is not in 0..65535");
  EXPECT_EQ(ErrorOf({"--port=-1"}), "--port: '-1' is not in 0..65535");
  EXPECT_EQ(ErrorOf({}, {{"FLBLK_PORT", "x"}}), "FLBLK_PORT: 'x' is not in 0..65535");
  EXPECT_EQ(ErrorOf({"--max-pending-peers=0"}), "--max-pending-peers: '0' is not in 1..10000");
  EXPECT_EQ(ErrorOf({"--takeover-after=5"}),
            "--takeover-after: '5' has no unit (us, ms, s, m or h)");
  EXPECT_EQ(ErrorOf({"--takeover-after=0.3s"}),
            "--takeover-after: '0.3s' is no whole number of a unit (us, ms, s, m or h): write "
            "300ms, not 0.3s");
  EXPECT_EQ(ErrorOf({"--takeover-after=61s"}), "--takeover-after: '61s' is not in 0s..1m");
  EXPECT_EQ(ErrorOf({"--takeover-after=99999999999999h"}),
            "--takeover-after: '99999999999999h' is not in 0s..1m");
  EXPECT_EQ(ErrorOf({"--flashblock-interval=fast"}),
            "--flashblock-interval: 'fast' is no time such as 200ms or 2s");
  EXPECT_EQ(ErrorOf({"--listen=yes"}), "--listen: 'yes' is neither true nor false");
  EXPECT_EQ(ErrorOf({"--log-format=xml"}), "--log-format: 'xml' is none of text|json");
  EXPECT_EQ(ErrorOf({"--world-chain=holesky"}),
            "--world-chain: 'holesky' is none of mainnet|sepolia");
  EXPECT_EQ(ErrorOf({"--grpc-socket-mode=0666"}),
            "--grpc-socket-mode: '0666' is none of 0600|0660");
  EXPECT_THAT(ErrorOf({"--authorizer-vk=12"}),
              AllOf(StartsWith("--authorizer-vk: "), HasSubstr("64 hex digits, found 2")));
  EXPECT_EQ(ErrorOf({"--genesis=zz"}), "--genesis: the value: want 64 hex digits, found 2");
  const std::string no_point = "--authorizer-vk=02" + std::string(62, '0');
  EXPECT_EQ(ErrorOf({no_point.c_str()}), "--authorizer-vk: the 32 bytes are no Ed25519 public key");
  EXPECT_EQ(ErrorOf({"--fork-hash=0x0102030g"}),
            "--fork-hash: the value: has a character that is no hex digit");
  EXPECT_EQ(ErrorOf({"--peer-queue-bytes=18446744073709551616"}),
            "--peer-queue-bytes: '18446744073709551616' is not in 1048576..1073741824");
  EXPECT_THAT(ErrorOf({"--trusted-peers=enode://12@h:1"}), StartsWith("--trusted-peers: "));
  EXPECT_EQ(
      ErrorOf({"--grpc=nowhere"}),
      "--grpc: 'nowhere' is no endpoint (none, unix:/path or host:port): the port is missing");
}

TEST(Config, TomlValuesHaveATypeAndAPlace) {
  EXPECT_EQ(TomlError("\nport = \"1\""), "test.toml:2: port: expected an integer, found a string");
  EXPECT_EQ(TomlError("trusted_peers = 3"),
            "test.toml:1: trusted_peers: expected an array of strings, found an integer");
  EXPECT_EQ(TomlError("trusted_peers = [3]"),
            "test.toml:1: trusted_peers: expected an array of strings, found an integer");
  EXPECT_EQ(TomlError("listen = \"true\""),
            "test.toml:1: listen: expected true or false, found a string");
  EXPECT_EQ(TomlError("addr = [1]"), "test.toml:1: addr: expected a string, found an array");
  for (const auto& [value, type] :
       std::map<std::string, std::string>{{"{}", "a table"},
                                          {"1.5", "a floating-point number"},
                                          {"true", "a boolean"},
                                          {"2026-01-01", "a date or time"},
                                          {"07:30:00", "a date or time"}}) {
    EXPECT_EQ(TomlError("port = " + value),
              Cat("test.toml:1: port: expected an integer, found ", type));
  }
  EXPECT_THAT(TomlError("port = "), StartsWith("test.toml:1:"));
  EXPECT_EQ(TomlError(std::string((1 << 20) + 1, '\n')), "test.toml: above 1048576 bytes");
}

// Whatever its kind, a setting refuses a TOML value of another one and names itself.
TEST(Config, EveryTomlKeyHasItsType) {
  for (const Setting& setting : Settings()) {
    if (setting.style == Style::kEnvironmentOnly) continue;
    const std::string expected = IsList(setting)     ? "an array of strings"
                                 : IsSwitch(setting) ? "true or false"
                                 : IsNumber(setting) ? "an integer"
                                                     : "a string";
    EXPECT_EQ(TomlError(Cat(setting.key, " = 1979-05-27")),
              Cat("test.toml:1: ", setting.key, ": expected ", expected, ", found a date or time"));
  }
}

TEST(Config, EveryNumberHasItsLimits) {
  for (const Setting& setting : Settings()) {
    if (!IsNumber(setting)) continue;
    EXPECT_THAT(TomlError(Cat(setting.key, " = -1")),
                AllOf(StartsWith(Cat("test.toml:1: ", setting.key, ": '-1' is not in ")),
                      HasSubstr(Cat(setting.min, ".."))));
  }
}

TEST(Config, RulesThatNeedTwoSettings) {
  const std::string vk = "--authorizer-vk=" + kVk;
  EXPECT_EQ(
      ErrorOf({}),
      "authorizer_vk: missing: give the authorizer's public key of the network, or world_chain");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--datadir="}), "datadir: empty");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--addr=localhost"}), "addr: 'localhost' is no IP address");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--nat=upnp"}), "nat: 'upnp' is neither none nor extip:IP");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--nat=extip:here"}), "nat: 'here' is no IP address");
  EXPECT_THAT(ErrorOf({vk.c_str(), "--grpc=0.0.0.0:1"}),
              StartsWith("grpc: 0.0.0.0:1 can be reached from other machines"));
  EXPECT_EQ(ErrorOf({vk.c_str(), "--grpc=0.0.0.0:1", "--grpc-token-file=/t"}), "no error");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--grpc-tls-cert=/c"}),
            "grpc_tls_key: grpc_tls_cert and grpc_tls_key go together");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--grpc-tls-client-ca=/c"}),
            "grpc_tls_client_ca: needs grpc_tls_cert");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--http=unix:/s"}), "http: must be host:port or none");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--takeover-after=100ms"}),
            "takeover_after: shorter than flashblock_interval: every gap would be a takeover");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--replicate-before-publish=1"}),
            "replicate_before_publish: 1 of 0 trusted_peers cannot acknowledge: list the standby "
            "builders there");
  EXPECT_EQ(ErrorOf({"--replicate-timeout=2s"}), "--replicate-timeout: '2s' is not in 1ms..1s");
  EXPECT_THAT(TomlError("port = 1"), StartsWith("test.toml: authorizer_vk: missing"));
}

// TLS of the server alone keeps nobody out.
TEST(Config, AListenerThatOthersReachAsksWhoCalls) {
  const std::string vk = "--authorizer-vk=" + kVk;
  const char *grpc = "--grpc=0.0.0.0:1", *cert = "--grpc-tls-cert=/c", *key = "--grpc-tls-key=/k";
  const char *authority = "--grpc-tls-client-ca=/a", *token = "--grpc-token-file=/t";
  EXPECT_EQ(ErrorOf({vk.c_str(), grpc, cert, key}),
            "grpc: 0.0.0.0:1 can be reached from other machines: give grpc_tls_client_ca (with "
            "grpc_tls_cert and grpc_tls_key) or grpc_token_file, or listen on 127.0.0.1 or a Unix "
            "socket");
  EXPECT_EQ(ErrorOf({vk.c_str(), grpc, cert, key, authority}), "no error");
  EXPECT_EQ(ErrorOf({vk.c_str(), grpc, cert, key, token}), "no error");
  EXPECT_EQ(ErrorOf({vk.c_str(), "--grpc=127.0.0.1:1", cert, key}), "no error");
}

TEST(Config, ATokenInClearTextIsWarnedOf) {
  const std::string vk = "--authorizer-vk=" + kVk;
  const auto warnings = [&](std::vector<const char*> args) {
    args.push_back(vk.c_str());
    return ConfigWarnings(Parse(args)->config);
  };
  EXPECT_THAT(warnings({"--grpc=0.0.0.0:1,unix:/s", "--grpc-token-file=/t"}),
              ElementsAre("grpc_token_file: 0.0.0.0:1 is without TLS, so the token and every call "
                          "cross the network in clear text: give grpc_tls_cert and grpc_tls_key"));
  EXPECT_THAT(warnings({"--grpc=0.0.0.0:1", "--grpc-token-file=/t", "--grpc-tls-cert=/c",
                        "--grpc-tls-key=/k"}),
              IsEmpty());
  EXPECT_THAT(warnings({"--grpc=127.0.0.1:1", "--grpc-token-file=/t"}), IsEmpty());
}

TEST(Config, TheBuilderKeyComesFromFileOrEnvironmentOnly) {
  const std::string seed(64, '7');
  EXPECT_THAT(ErrorOf({"--builder-sk=77"}),
              AllOf(HasSubstr("FLBLK_BUILDER_SK"), Not(HasSubstr("77"))));
  EXPECT_THAT(TomlError("builder_sk = \"" + seed + "\""),
              AllOf(HasSubstr("FLBLK_BUILDER_SK"), Not(HasSubstr("777"))));
  const auto bad = ErrorOf({"--world-chain=mainnet"}, {{"FLBLK_BUILDER_SK", "secret"}});
  EXPECT_THAT(bad, AllOf(StartsWith("FLBLK_BUILDER_SK: "), Not(HasSubstr("secret"))));
  EXPECT_THAT(
      ErrorOf({"--world-chain=mainnet", "--builder-sk-file=/k"}, {{"FLBLK_BUILDER_SK", seed}}),
      StartsWith("builder_sk_file: FLBLK_BUILDER_SK is set too"));
  const auto parsed = Parse({"--world-chain=mainnet"}, {{"FLBLK_BUILDER_SK", "0x" + seed + "\n"}});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->config.builder_sk.has_value());
  EXPECT_THAT(ConfigToToml(parsed->config),
              AllOf(HasSubstr("# builder_sk: set by FLBLK_BUILDER_SK"), Not(HasSubstr("777"))));
}

TEST(Config, TheDumpReadsBackToItself) {
  const auto parsed = Parse({"--world-chain=mainnet", "--trusted-peers", kEnode.c_str(),
                             "--grpc=unix:/a \"b\\c,[::1]:5", "--takeover-after=400ms",
                             "--grpc-socket-mode=0660", "--http=127.0.0.1:0", "--datadir=a\tb"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const std::string dump = ConfigToToml(parsed->config);
  const auto again = ConfigFromToml(dump, "dump");
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << dump;
  EXPECT_EQ(ConfigToToml(*again), dump);
  EXPECT_EQ(again->GrpcEndpoints(), parsed->config.GrpcEndpoints());
  EXPECT_EQ(again->takeover_after, std::chrono::milliseconds(400));
  EXPECT_EQ(again->datadir, "a\tb");
}

TEST(Config, CommandsNeedNoCompleteConfiguration) {
  EXPECT_TRUE(Parse({"--help"})->help);
  EXPECT_TRUE(Parse({"--version"})->version);
  EXPECT_TRUE(Parse({"--dump-config"})->dump_config);
  EXPECT_EQ(ErrorOf({"--config=/does/not/exist"}), "--config: cannot open '/does/not/exist'");
}

TEST(Config, TheFileIsAFile) {
  const std::string directory = testing::TempDir();
  EXPECT_EQ(ErrorOf({"--config", directory.c_str()}),
            Cat("--config: '", directory, "' is no regular file"));
  const TempFile large(std::string((1 << 20) + 1, '\n'));
  EXPECT_EQ(ErrorOf({"--config", large.path.c_str()}),
            Cat("--config: '", large.path, "' is above 1048576 bytes"));
  EXPECT_EQ(ErrorOf({"--config=/dev/null"}), "--config: '/dev/null' is no regular file");
  const char* unreadable = "/proc/self/mem";  // a file whose first bytes cannot be read
  EXPECT_EQ(ErrorOf({"--config", unreadable}), "--config: cannot read '/proc/self/mem'");
}

TEST(Config, EnvironmentNamesThatAreNoSettingAreWarnedOf) {
  const auto warnings = [](std::vector<const char*> environment) {
    environment.push_back(nullptr);
    return EnvironmentWarnings(environment.data());
  };
  EXPECT_THAT(warnings({"FLBLK_TRUSTED_PEER=secret", "PATH=/bin", "FLBLK=1", "FLBLK_X"}),
              ElementsAre("FLBLK_TRUSTED_PEER: no setting, ignored; the nearest known one is "
                          "FLBLK_TRUSTED_PEERS"));
  EXPECT_THAT(warnings({"FLBLK_PORT=1", "FLBLK_CONFIG=/f", "FLBLK_BUILDER_SK=1"}), IsEmpty());
  EXPECT_THAT(warnings({"FLBLK_CONFIGURATION=/f"}),
              ElementsAre("FLBLK_CONFIGURATION: no setting, ignored"));
}

TEST(Config, ALinkOfKubernetesIsToldFromASetting) {
  EXPECT_EQ(ErrorOf({"--world-chain=mainnet"}, {{"FLBLK_PORT", "tcp://10.0.0.7:30303"}}),
            "FLBLK_PORT: 'tcp://10.0.0.7:30303' is what Kubernetes sets for a Service named flblk: "
            "set enableServiceLinks: false in the pod, or rename the Service");
}

TEST(Config, HelpNamesEveryFlag) {
  const std::string help = ConfigHelp("flblkd");
  for (const char* word : {"--version", "--help", "--config FILE", "--dump-config"})
    EXPECT_THAT(help, HasSubstr(Cat("  ", word)));
  EXPECT_THAT(help, HasSubstr("  FLBLK_BUILDER_SK "));
  for (const Setting& setting : Settings()) {
    if (setting.style == Style::kEnvironmentOnly) continue;
    EXPECT_THAT(help, HasSubstr("  " + FlagOf(setting) + " "));
  }
}

}  // namespace
}  // namespace flblk::plugin
