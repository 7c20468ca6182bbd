// flblk-host-goals [--quick] LIBFLBLK: measures goal 5, what it costs a host to hand a flashblock
// in, through the C ABI and through gRPC. Prints one line of JSON per case.
#include <dlfcn.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "flblk/v1/builder.grpc.pb.h"
#include "glog/logging.h"
#include "plugin/flblk.h"
#include "tests/bench/ahead.h"
#include "tests/bench/publisher.h"

namespace flblk::bench {
namespace {

constexpr uint64_t kPerBlock = 50;

flblk_bytes ToAbi(ByteView bytes) { return {bytes.data(), bytes.size()}; }
flblk_bytes ToAbi(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// libflblk.so with a builder key, a gRPC socket and no peer.
class Plugin {
 public:
  Plugin(const char* path, const std::string& directory) {
    void* const so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(so != nullptr) << dlerror();
    const auto get = reinterpret_cast<flblk_get_api_fn>(dlsym(so, FLBLK_GET_API_SYMBOL));
    api_ = get(FLBLK_ABI_MAJOR);
    CHECK(api_ != nullptr);
    const std::string config = "datadir = \"" + directory +
                               "\"\naddr = \"127.0.0.1\"\nport = 0\nhttp = \"none\"\n"
                               "authorizer_vk = \"" +
                               ToHex(AuthorizerKey().public_key().bytes) + "\"\n";
    FixedBytes<32> seed;
    seed.fill(kBuilderSeedByte);
    flblk_callbacks callbacks{};
    callbacks.struct_size = sizeof callbacks;
    callbacks.on_publish_result = OnResult;
    flblk_options options{};
    options.struct_size = sizeof options;
    options.config = ToAbi(config);
    options.builder_seed = ToAbi(ByteView(seed));
    options.callbacks = &callbacks;
    options.user = this;
    CHECK_EQ(api_->create(&options, &plugin_), FLBLK_OK) << api_->last_error();
    CHECK_EQ(api_->start(plugin_), FLBLK_OK) << api_->last_error();
  }
  ~Plugin() { api_->destroy(plugin_); }

  // RLP of the next flashblock; the plugin is authorized where it begins a block.
  Bytes Next(size_t size) {
    if (sequence_.Advance(kPerBlock)) Authorize();
    return wire::EncodeFlashblock(Flashblock(sequence_.authorization(), sequence_.index(), size));
  }

  // CPU seconds of the call; waits for the verdict.
  double Publish(const Bytes& rlp) {
    flblk_flashblock flashblock{sizeof flashblock, FLBLK_ENCODING_RLP, ToAbi(ByteView(rlp))};
    std::unique_lock lock(mutex_);
    const uint64_t ticket = ++sent_;
    lock.unlock();
    const double begin = ThreadSeconds();
    const flblk_status status = api_->publish_async(plugin_, &flashblock, ticket);
    const double end = ThreadSeconds();
    CHECK_EQ(status, FLBLK_OK) << api_->last_error();
    lock.lock();
    CHECK(answered_.wait_for(lock, std::chrono::seconds(5), [&] { return done_ == ticket; }));
    return end - begin;
  }

 private:
  static void OnResult(void* user, uint64_t ticket, const flblk_publish_result* result,
                       flblk_bytes) {
    CHECK_EQ(result->code, FLBLK_OK);
    auto* const self = static_cast<Plugin*>(user);
    const std::lock_guard lock(self->mutex_);
    self->done_ = ticket;
    self->answered_.notify_one();
  }

  void Authorize() {
    const Authorization& a = sequence_.authorization();
    flblk_forkchoice update{};
    update.struct_size = sizeof update;
    update.flags = FLBLK_FC_ATTRIBUTES | FLBLK_FC_AUTHORIZATION;
    update.timestamp = a.timestamp;
    std::memcpy(update.authorization.payload_id, a.payload_id.data(), 8);
    update.authorization.timestamp = a.timestamp;
    std::memcpy(update.authorization.builder_vk, a.builder_vk.bytes.data(), 32);
    std::memcpy(update.authorization.authorizer_sig, a.authorizer_sig.bytes.data(), 64);
    CHECK_EQ(api_->forkchoice_updated(plugin_, &update, nullptr), FLBLK_OK) << api_->last_error();
  }

  const flblk_api* api_ = nullptr;
  flblk_plugin* plugin_ = nullptr;
  Sequence sequence_;
  std::mutex mutex_;
  std::condition_variable answered_;
  uint64_t sent_ = 0, done_ = 0;
};

// CPU time of the host's thread: publish_async, over Node::Publish of this process with the decoded
// flashblock moved in, one copy of it, and 2 us.
void AbiGoal(Plugin& plugin, size_t size, int rounds) {
  Publisher publisher(0);
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    const Bytes rlp = plugin.Next(size);
    const double abi = plugin.Publish(rlp);
    const wire::FlashblocksPayloadV1 flashblock = publisher.Next(size, kPerBlock);
    double begin = ThreadSeconds();
    wire::FlashblocksPayloadV1 copy = flashblock;
    publisher.Publish(std::move(copy));
    const double direct = ThreadSeconds() - begin;
    ratios.push_back(abi / (direct + 2e-6));
    publisher.node().Info().status().IgnoreError();  // until it has been worked off
  }
  const std::string name = SizeName(1, size).substr(4);
  Print({5, "C ABI call, " + name, 1, false, Median(ratios), ""});
}

// Answers every request of a stream with an empty response.
class EchoService final : public v1::Builder::CallbackService {
  class Stream final : public grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse> {
   public:
    Stream() { StartRead(&request_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      StartWrite(&response_);
    }
    void OnWriteDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::CANCELLED);
      StartRead(&request_);
    }
    void OnDone() override { delete this; }

   private:
    v1::PublishRequest request_;
    v1::PublishResponse response_;
  };
  grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishResponse>* Publish(
      grpc::CallbackServerContext*) override {
    return new Stream;
  }
};

// One publishing stream of a client.
class Client {
 public:
  explicit Client(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    stub_ = v1::Builder::NewStub(channel);
    stream_ = stub_->Publish(&context_);
  }
  ~Client() {
    stream_->WritesDone();
    stream_->Finish();
  }
  // Wall-clock seconds from the request to its answer.
  double Ask(const Bytes& rlp) {
    v1::PublishRequest request;
    request.set_flashblock_rlp(std::string(rlp.begin(), rlp.end()));
    v1::PublishResponse response;
    const double begin = WallSeconds();
    CHECK(stream_->Write(request));
    CHECK(stream_->Read(&response));
    const double end = WallSeconds();
    CHECK_EQ(response.code(), 0u) << response.message();
    return end - begin;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::Builder::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> stream_;
};

void GrpcGoal(Plugin& plugin, Client& publish, Client& echo, size_t size, int rounds) {
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    const Bytes rlp = plugin.Next(size);
    const double published = publish.Ask(rlp);
    const double echoed = echo.Ask(rlp);
    if (i >= 20) ratios.push_back(published / echoed);
  }
  const std::string name = SizeName(1, size).substr(4);
  Print({5, "gRPC publish to ack, " + name, 1.3, false, Median(ratios), ""});
}

void Run(const Options& options, const char* library) {
  const AheadOfOthers while_measuring;
  char directory[] = "/tmp/flblk-goals-XXXXXX";
  PCHECK(mkdtemp(directory) != nullptr);
  const std::string echo_socket = "unix:" + std::string(directory) + "/echo.sock";
  {
    EchoService service;
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(-1);
    builder.AddListeningPort(echo_socket, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    CHECK(server != nullptr);
    Plugin plugin(library, directory);
    {
      Client publish("unix:" + std::string(directory) + "/flblk.sock"), echo(echo_socket);
      for (const size_t size : {1'000, 10'000, 100'000, 1'000'000}) {
        if (options.quick && size == 1'000'000) continue;
        const int rounds = options.quick || size == 1'000'000 ? 200 : 1000;
        AbiGoal(plugin, size, rounds);
        GrpcGoal(plugin, publish, echo, size, rounds);
      }
    }
    server->Shutdown();
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace flblk::bench

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  flblk::bench::Options options;
  const char* library = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      options.quick = true;
    } else {
      library = argv[i];
    }
  }
  CHECK(library != nullptr) << "usage: flblk-host-goals [--quick] LIBFLBLK";
  flblk::bench::Run(options, library);
}
