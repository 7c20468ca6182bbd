#include <grpcpp/grpcpp.h>
#include <stdio.h>
#include <stdlib.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "flblk/v1/admin.grpc.pb.h"
#include "flblk/v1/builder.grpc.pb.h"
#include "p2p/net/enode.h"
#include "p2p/wire/json.h"
#include "plugin/convert.h"
#include "plugin/ctl.h"
#include "plugin/ctl_print.h"
#include "plugin/files.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

constexpr auto kCallLimit = std::chrono::seconds(5);

// A node and how to talk to it.
struct Remote {
  const CtlArgs& args;
  std::string token;
  std::unique_ptr<v1::Admin::Stub> admin;
  std::unique_ptr<v1::Builder::Stub> builder;

  bool json() const { return args.Has("json"); }
  // `limited`: a single answer, not a stream that lasts.
  std::unique_ptr<grpc::ClientContext> Context(bool limited) const {
    auto context = std::make_unique<grpc::ClientContext>();
    if (limited) context->set_deadline(std::chrono::system_clock::now() + kCallLimit);
    if (!token.empty()) context->AddMetadata("authorization", Cat("Bearer ", token));
    return context;
  }
  template <typename Message>
  void Show(const Message& message) const {
    printf("%s\n", Print(message, json()).c_str());
    fflush(stdout);
  }
  // `none`: what people read where the list is empty; with --json nothing.
  template <typename List>
  void ShowAll(const List& list, const char* none) const {
    for (const auto& message : list) Show(message);
    if (list.empty() && !json()) puts(none);
  }
};

// A call that failed: UNKNOWN with the code's name before the message, so that INVALID_ARGUMENT is
// left to what the user typed.
absl::Status Failed(uint32_t code, std::string_view message) {
  return absl::UnknownError(Cat(CodeName(code), ": ", message));
}
absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return Failed(static_cast<uint32_t>(status.error_code()), status.error_message());
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path != "-") return ReadTextFile("file", path);
  std::ostringstream text;
  text << std::cin.rdbuf();
  return text.str();
}

absl::Status Status(const Remote& remote) {
  v1::NodeInfoResponse response;
  const auto context = remote.Context(true);
  if (auto status = remote.admin->NodeInfo(context.get(), {}, &response); !status.ok())
    return FromGrpc(status);
  remote.Show(response);
  return absl::OkStatus();
}

absl::Status Peers(const Remote& remote) {
  v1::ListPeersResponse response;
  const auto context = remote.Context(true);
  if (auto status = remote.admin->ListPeers(context.get(), {}, &response); !status.ok())
    return FromGrpc(status);
  remote.ShowAll(response.peers(), "no peers");
  return absl::OkStatus();
}

absl::Status AddPeer(const Remote& remote) {
  if (remote.args.words.size() != 1) return Invalid("usage: flblkctl add-peer ENODE [--trusted]");
  v1::AddPeerRequest request;
  request.set_enode(remote.args.words[0]);
  request.set_trusted(remote.args.Has("trusted"));
  v1::AddPeerResponse response;
  const auto context = remote.Context(true);
  return FromGrpc(remote.admin->AddPeer(context.get(), request, &response));
}

absl::Status RemovePeer(const Remote& remote) {
  if (remote.args.words.size() != 1) return Invalid("usage: flblkctl remove-peer ENODE|NODE-ID");
  NodeId id;
  const std::string& word = remote.args.words[0];
  if (word.rfind("enode:", 0) == 0) {
    const auto enode = net::ParseEnode(word);
    if (!enode.ok()) return enode.status();
    id = enode->id;
  } else if (auto status = FromHexExact(word, "node id", id); !status.ok()) {
    return status;
  }
  v1::RemovePeerRequest request;
  request.set_node_id(std::string(id.begin(), id.end()));
  v1::RemovePeerResponse response;
  const auto context = remote.Context(true);
  return FromGrpc(remote.admin->RemovePeer(context.get(), request, &response));
}

absl::Status History(const Remote& remote) {
  v1::HandoffHistoryRequest request;
  const auto limit = ParseUnsigned(remote.args.Get("count", "0"));
  if (!limit || *limit > 1024)
    return Invalid("--count: '", remote.args.Get("count"), "' is not in 0..1024");
  request.set_limit(static_cast<uint32_t>(*limit));
  v1::HandoffHistoryResponse response;
  const auto context = remote.Context(true);
  if (auto status = remote.admin->HandoffHistory(context.get(), request, &response); !status.ok()) {
    return FromGrpc(status);
  }
  remote.ShowAll(response.entries(), "no history: no transition since the start");
  return absl::OkStatus();
}

absl::Status Equivocations(const Remote& remote) {
  v1::EquivocationsResponse response;
  const auto context = remote.Context(true);
  if (auto status = remote.admin->Equivocations(context.get(), {}, &response); !status.ok())
    return FromGrpc(status);
  remote.ShowAll(response.equivocations(), "no equivocations");
  return absl::OkStatus();
}

absl::Status Block(const Remote& remote) {
  v1::PendingBlock response;
  const auto context = remote.Context(true);
  if (auto status = remote.builder->GetPendingBlock(context.get(), {}, &response); !status.ok()) {
    return FromGrpc(status);
  }
  remote.Show(response);
  return absl::OkStatus();
}

absl::Status Stop(const Remote& remote) {
  v1::StopRequest request;
  request.set_reason("flblkctl stop");
  v1::StopResponse response;
  const auto context = remote.Context(true);
  return FromGrpc(remote.builder->Stop(context.get(), request, &response));
}

// Shows what comes until the node ends the stream, or --count have come.
template <typename Message>
absl::Status Follow(const Remote& remote, grpc::ClientContext& context,
                    grpc::ClientReader<Message>& reader) {
  const auto count = ParseUnsigned(remote.args.Get("count", "0"));
  if (!count) return Invalid("--count: '", remote.args.Get("count"), "' is no number");
  Message message;
  uint64_t shown = 0;
  while (reader.Read(&message)) {
    remote.Show(message);
    if (++shown == *count) {
      context.TryCancel();
      while (reader.Read(&message)) {
      }
      reader.Finish();
      return absl::OkStatus();
    }
  }
  return FromGrpc(reader.Finish());
}

absl::Status Watch(const Remote& remote) {
  const auto context = remote.Context(false);
  const auto reader = remote.builder->WatchPublishing(context.get(), {});
  return Follow(remote, *context, *reader);
}

absl::Status Tail(const Remote& remote) {
  const auto context = remote.Context(false);
  const auto reader = remote.builder->SubscribeFlashblocks(context.get(), {});
  return Follow(remote, *context, *reader);
}

// The flashblocks of an array, or of one object, each as JSON text.
absl::StatusOr<std::vector<std::string>> ReadDeltas(const std::string& path) {
  auto text = ReadInput(path);
  if (!text.ok()) return text.status();
  const auto json = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (json.is_discarded()) return Invalid("file ", path, ": no JSON");
  std::vector<std::string> out;
  if (json.is_array()) {
    for (const auto& element : json) out.push_back(element.dump());
  } else {
    out.push_back(json.dump());
  }
  return out;
}

absl::Status SendForkchoice(const Remote& remote, const std::string& path,
                            Authorization& authorization) {
  auto text = ReadInput(path);
  if (!text.ok()) return text.status();
  auto read = wire::ReadAuthorizationJson(*text);
  if (!read.ok()) return Within("--authorization", read.status());
  authorization = *read;
  v1::ForkchoiceUpdatedRequest request;
  request.mutable_attributes()->set_timestamp(authorization.timestamp);
  ToProto(authorization, *request.mutable_authorization());
  v1::ForkchoiceUpdatedResponse response;
  const auto context = remote.Context(true);
  return FromGrpc(remote.builder->ForkchoiceUpdated(context.get(), request, &response));
}

bool Publishing(v1::PublishState state) { return state == v1::PUBLISH_STATE_PUBLISHING; }

// Returns once this node is cleared for the payload; an error where it is not within `limit`.
absl::Status AwaitClearance(const Remote& remote, const PayloadId& id, std::chrono::seconds limit) {
  const auto context = remote.Context(false);
  context->set_deadline(std::chrono::system_clock::now() + limit);
  const auto reader = remote.builder->WatchPublishing(context.get(), {});
  v1::PublishingEvent event;
  bool cleared = false;
  while (!cleared && reader->Read(&event)) {
    cleared = Publishing(event.state()) &&
              event.authorization().payload_id() == std::string(id.begin(), id.end());
  }
  if (cleared) context->TryCancel();
  const auto status = reader->Finish();
  if (cleared) return absl::OkStatus();
  if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) return FromGrpc(status);
  return Failed(status.error_code(), Cat("--wait: not cleared to publish within ", limit.count(),
                                         " s; the hand-off is ", StateName(event.state())));
}

absl::Status SendDeltas(const Remote& remote, const std::vector<std::string>& deltas,
                        std::chrono::milliseconds pause) {
  const auto context = remote.Context(false);
  const auto stream = remote.builder->Publish(context.get());
  absl::Status first_refusal;
  v1::PublishRequest request;
  v1::PublishResponse response;
  for (size_t i = 0; i < deltas.size(); ++i) {
    if (i > 0) std::this_thread::sleep_for(pause);
    request.set_flashblock_json(deltas[i]);
    request.set_sequence(i);
    if (!stream->Write(request) || !stream->Read(&response)) break;
    remote.Show(response);
    if (response.code() != 0 && first_refusal.ok()) {
      first_refusal = Failed(response.code(), response.message());
    }
  }
  stream->WritesDone();
  const auto status = FromGrpc(stream->Finish());
  return status.ok() ? first_refusal : status;
}

absl::Status Seal(const Remote& remote, const PayloadId& id) {
  v1::PayloadSealedRequest request;
  request.set_payload_id(std::string(id.begin(), id.end()));
  v1::PayloadSealedResponse response;
  const auto context = remote.Context(true);
  return FromGrpc(remote.builder->PayloadSealed(context.get(), request, &response));
}

absl::Status Publish(const Remote& remote) {
  if (remote.args.words.size() != 1) {
    return Invalid(
        "usage: flblkctl publish FILE.json [--authorization FILE.json [--wait SECONDS] [--seal]] "
        "[--interval-ms N]");
  }
  const auto wait = ParseUnsigned(remote.args.Get("wait", "0"));
  if (!wait || *wait > 3600)
    return Invalid("--wait: '", remote.args.Get("wait"), "' is not in 0..3600");
  for (const char* flag : {"wait", "seal"}) {
    if (remote.args.Has(flag) && !remote.args.Has("authorization"))
      return Invalid("--", flag, ": needs --authorization");
  }
  const auto pause = ParseUnsigned(remote.args.Get("interval-ms", "0"));
  if (!pause || *pause > 60'000)
    return Invalid("--interval-ms: '", remote.args.Get("interval-ms"), "' is not in 0..60000");
  const auto deltas = ReadDeltas(remote.args.words[0]);
  if (!deltas.ok()) return deltas.status();
  Authorization authorization;
  const std::string path = remote.args.Get("authorization");
  if (!path.empty()) {
    if (auto status = SendForkchoice(remote, path, authorization); !status.ok()) return status;
    if (*wait > 0) {
      const std::chrono::seconds limit(*wait);
      if (auto status = AwaitClearance(remote, authorization.payload_id, limit); !status.ok())
        return status;
    }
  }
  auto status = SendDeltas(remote, *deltas, std::chrono::milliseconds(*pause));
  if (status.ok() && !path.empty() && remote.args.Has("seal"))
    status = Seal(remote, authorization.payload_id);
  return status;
}

// A value of flblkd's setting grpc serves here too: the first of its listeners is taken. What is no
// such value is gRPC's own naming ("dns:///host:port", "host:port").
absl::StatusOr<std::string> Target(std::string_view place, const std::string& value) {
  const auto listeners = Split(value, ',');
  if (listeners.empty() || listeners[0] == "none")
    return Invalid(place, ": '", value, "' names no place where a node listens");
  if (listeners[0].front() == '/')
    return Invalid(place, ": '", value, "': a Unix socket is written unix:", listeners[0]);
  return std::string(listeners[0]);
}

absl::StatusOr<Remote> Connect(const CtlArgs& args) {
  auto token = ReadTokenFile(args.Get("token-file"));
  if (!token.ok()) return token.status();
  auto authority = ReadTextFile("--tls-ca", args.Get("tls-ca"));
  if (!authority.ok()) return authority.status();
  const char* env = getenv("FLBLK_GRPC");
  const bool from_env = env != nullptr && !args.Has("grpc");
  const auto target = Target(from_env ? "FLBLK_GRPC" : "--grpc",
                             args.Get("grpc", from_env ? env : "unix:flblk-data/flblk.sock"));
  if (!target.ok()) return target.status();
  grpc::ChannelArguments channel_args;
  channel_args.SetMaxReceiveMessageSize(-1);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = *authority;
  const auto credentials =
      authority->empty() ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(tls);
  const auto channel = grpc::CreateCustomChannel(*target, credentials, channel_args);
  return Remote{args, *std::move(token), v1::Admin::NewStub(channel),
                v1::Builder::NewStub(channel)};
}

}  // namespace

std::optional<absl::Status> RunOnline(const CtlArgs& args) {
  static const std::map<std::string, std::function<absl::Status(const Remote&)>> kCommands = {
      {"status", Status},    {"peers", Peers},
      {"add-peer", AddPeer}, {"remove-peer", RemovePeer},
      {"history", History},  {"equivocations", Equivocations},
      {"block", Block},      {"stop", Stop},
      {"watch", Watch},      {"tail", Tail},
      {"publish", Publish}};
  const auto command = kCommands.find(args.command);
  if (command == kCommands.end()) return std::nullopt;
  const bool takes_word = args.command.ends_with("-peer") || args.command == "publish";
  if (!takes_word && !args.words.empty())
    return Invalid("'", args.words[0], "': ", args.command, " takes no argument");
  const auto remote = Connect(args);
  if (!remote.ok()) return remote.status();
  return command->second(*remote);
}

}  // namespace flblk::plugin
