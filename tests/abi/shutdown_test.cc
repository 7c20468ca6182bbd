// How a host gets rid of the plugin while somebody does not read.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <thread>

#include "p2p/wire/envelope.h"
#include "tests/abi/host.h"

namespace flblk {
namespace {

constexpr uint64_t kSlot = 1'700'000'002;

// `flblkctl tail`, as a process of its own: gRPC of this process has only the plugin as its user.
class Subscriber {
 public:
  // Writes what it sees into `file`.
  Subscriber(const std::string& target, const std::string& file) {
    const std::string grpc = "--grpc=" + target;
    const char* const argv[] = {FLBLK_CTL, grpc.c_str(), "tail", "--json", nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, file.c_str(), O_WRONLY | O_CREAT, 0600);
    EXPECT_EQ(
        posix_spawn(&pid_, FLBLK_CTL, &files, nullptr, const_cast<char* const*>(argv), environ), 0);
    posix_spawn_file_actions_destroy(&files);
  }
  ~Subscriber() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  void Freeze() const { kill(pid_, SIGSTOP); }

 private:
  pid_t pid_ = 0;
};

void Publish(const Host& host, uint64_t index, size_t transaction_bytes) {
  wire::FlashblocksPayloadV1 flashblock;
  flashblock.index = index;
  if (index == 0) flashblock.base.emplace().timestamp = kSlot;
  flashblock.diff.transactions.push_back(Bytes(transaction_bytes, 0x02));
  const Bytes rlp = wire::EncodeFlashblock(flashblock);
  const flblk_flashblock delta{sizeof delta, FLBLK_ENCODING_RLP, {rlp.data(), rlp.size()}};
  EXPECT_EQ(Api()->publish(host.plugin(), &delta, nullptr), FLBLK_OK) << Api()->last_error();
}

// The endpoint.
class ShutdownTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ShutdownTest, testing::Values("", "grpc = [\"127.0.0.1:0\"]\n"),
                         [](const auto& test) { return test.index == 0 ? "Unix" : "Tcp"; });

TEST_P(ShutdownTest, DestroyIsQuickThoughASubscriberReadsNothing) {
  Host host(2, GetParam());
  const std::string seen = host.directory() + "/seen";
  const Subscriber subscriber(host.grpc_target(), seen);
  const auto authorization = MakeAuthorization(Key(1), PayloadId{4, 1}, kSlot, Key(2).public_key());
  ASSERT_EQ(host.Authorize(authorization), FLBLK_OK) << Api()->last_error();
  Publish(host, 0, 1);
  const auto limit = std::chrono::steady_clock::now() + kLimit;
  while (!std::filesystem::exists(seen) || std::filesystem::file_size(seen) == 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  subscriber.Freeze();
  for (uint64_t index = 1; index < 9; ++index) Publish(host, index, size_t{2} << 20);
  const auto begin = std::chrono::steady_clock::now();
  host.Destroy();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace flblk
