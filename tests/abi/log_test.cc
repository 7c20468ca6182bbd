// The log of a host that gave on_log: every line goes there, nothing to standard error.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/abi/host.h"

namespace flblk {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

// Standard error of this process into a file, while it lives.
class CaughtStderr {
 public:
  explicit CaughtStderr(std::string path) : path_(std::move(path)), real_(dup(2)) {
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, 2);
    close(file);
  }
  ~CaughtStderr() {
    dup2(real_, 2);
    close(real_);
  }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }

 private:
  const std::string path_;
  const int real_;
};

TEST(Log, EveryLineGoesToTheHost) {
  Host keeper(0);  // of the directory the file is in
  const CaughtStderr caught(keeper.directory() + "/stderr");
  std::vector<std::string> lines;
  {
    Host first(2);
    Host second(3, "trusted_peers = [\"" + first.enode() + "\"]\n");
    ASSERT_TRUE(first.Await([&] { return first.Has("event=peer_up"); }));
    ASSERT_EQ(first.Authorize(
                  MakeAuthorization(Key(1), PayloadId{4, 1}, 1'700'000'002, Key(2).public_key())),
              FLBLK_OK);
    ASSERT_TRUE(first.Await([&] { return first.Has("starting to publish flashblocks"); }));
    second.Destroy();
    ASSERT_TRUE(first.Await([&] { return first.Has("event=peer_down"); }));
    first.Destroy();
    lines = first.lines;
  }
  for (const char* event :
       {"event=p2p_started enode=enode://", "event=node_started version=", "event=peer_up ",
        "event=publishing ", "event=peer_down ", "event=stopped"}) {
    EXPECT_THAT(lines, Contains(StartsWith(event)));
  }
  EXPECT_EQ(caught.text(), "");
}

}  // namespace
}  // namespace flblk
