// What a host's process must survive with the plugin in it: two plugins at once, many lives, a
// protobuf and a glog of its own.
#include <dirent.h>
#include <dlfcn.h>
#include <glog/logging.h>
#include <gmock/gmock.h>

#include <thread>

#include "flblk/v1/types.pb.h"  // the host's own, see host_proto
#include "plugin/flblk.h"
#include "plugin/testing/temp_dir.h"

namespace {

using flblk::plugin::TempDir;
using testing::HasSubstr;
using testing::StartsWith;

const char kAuthorizer[] =
    "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";  // seed 01 x 32

const flblk_api* Load(const std::string& path) {
  void* so = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(so, nullptr) << dlerror();
  if (so == nullptr) return nullptr;
  const auto get_api = reinterpret_cast<flblk_get_api_fn>(dlsym(so, FLBLK_GET_API_SYMBOL));
  return get_api == nullptr ? nullptr : get_api(FLBLK_ABI_MAJOR);
}

size_t Threads() {
  size_t count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(tasks);
  return count;
}

// One plugin with a directory of its own.
class Plugin {
 public:
  Plugin(const flblk_api* api, const std::string& directory, const std::string& more = "")
      : api_(api) {
    const std::string config = "datadir = \"" + directory +
                               "\"\naddr = \"127.0.0.1\"\nport = 0\nauthorizer_vk = \"" +
                               kAuthorizer + "\"\n" + more;
    flblk_callbacks callbacks{};
    callbacks.struct_size = sizeof callbacks;
    callbacks.on_log = [](void*, uint32_t, flblk_bytes) {};
    flblk_options options{};
    options.struct_size = sizeof options;
    options.config = {reinterpret_cast<const uint8_t*>(config.data()), config.size()};
    options.callbacks = &callbacks;
    EXPECT_EQ(api_->create(&options, &plugin_), FLBLK_OK) << api_->last_error();
    EXPECT_EQ(api_->start(plugin_), FLBLK_OK) << api_->last_error();
  }
  ~Plugin() { EXPECT_EQ(api_->destroy(plugin_), FLBLK_OK); }
  Plugin(const Plugin&) = delete;

  flblk_stats Stats() const {
    flblk_stats stats{};
    stats.struct_size = sizeof stats;
    EXPECT_EQ(api_->stats(plugin_, &stats), FLBLK_OK);
    return stats;
  }
  std::string enode() const { return api_->enode(plugin_); }

 private:
  const flblk_api* api_;
  flblk_plugin* plugin_ = nullptr;
};

TEST(Hosts, TwoCopiesOfThePluginInOneProcessTalkToEachOther) {
  const TempDir dir;
  const std::string copy = dir.path() + "/copy.so";
  std::filesystem::copy_file(FLBLK_PLUGIN, copy);
  const flblk_api* first = Load(FLBLK_PLUGIN);
  const flblk_api* second = Load(copy);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  ASSERT_NE(first, second);
  const Plugin a(first, dir.path() + "/a");
  const Plugin b(second, dir.path() + "/b", "static_nodes = [\"" + a.enode() + "\"]\n");
  const Plugin c(first, dir.path() + "/c", "static_nodes = [\"" + a.enode() + "\"]\n");
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (a.Stats().peers < 2 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(a.Stats().peers, 2u);
}

TEST(Hosts, ManyLivesLeaveNoThreadBehind) {
  const TempDir dir;
  size_t after_first = 0;
  for (int life = 0; life < 20; ++life) {
    void* so = dlopen(FLBLK_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(so, nullptr) << dlerror();
    const auto get_api = reinterpret_cast<flblk_get_api_fn>(dlsym(so, FLBLK_GET_API_SYMBOL));
    { const Plugin plugin(get_api(FLBLK_ABI_MAJOR), dir.path() + "/node"); }
    dlclose(so);
    if (life == 0) after_first = Threads();
  }
  // Threads of gRPC itself that had no work come and go.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Threads() > after_first && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LE(Threads(), after_first);
}

TEST(Hosts, AHostsOwnProtobufWithOurNamesIsLeftAlone) {
  flblk::v1::Authorization own;
  own.set_something_else("mine");
  const TempDir dir;
  const flblk_api* api = Load(FLBLK_PLUGIN);
  ASSERT_NE(api, nullptr);
  { const Plugin plugin(api, dir.path() + "/node"); }
  flblk::v1::Authorization parsed;
  ASSERT_TRUE(parsed.ParseFromString(own.SerializeAsString()));
  EXPECT_EQ(parsed.something_else(), "mine");
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  ASSERT_NE(pool->FindMessageTypeByName("flblk.v1.Authorization"), nullptr);
  EXPECT_EQ(pool->FindMessageTypeByName("flblk.v1.Authorization")->field_count(), 1);
  EXPECT_EQ(pool->FindMessageTypeByName("flblk.v1.FlashblocksPayloadV1"), nullptr);
}

// The host's log is the host's: initialised by it, before and after.
TEST(Hosts, AHostsOwnGlogIsLeftAlone) {
  class Counter final : public google::LogSink {
   public:
    void send(google::LogSeverity, const char*, const char*, int, const google::LogMessageTime&,
              const char* text, size_t size) override {
      last.assign(text, size);
    }
    std::string last;
  } sink;
  google::AddLogSink(&sink);
  EXPECT_TRUE(google::IsGoogleLoggingInitialized());
  const TempDir dir;
  { const Plugin plugin(Load(FLBLK_PLUGIN), dir.path() + "/node"); }
  EXPECT_TRUE(google::IsGoogleLoggingInitialized());
  LOG(INFO) << "still here";
  EXPECT_EQ(sink.last, "still here");
  google::RemoveLogSink(&sink);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  google::InitGoogleLogging(argv[0]);
  return RUN_ALL_TESTS();
}
