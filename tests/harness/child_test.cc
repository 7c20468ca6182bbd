#include "tests/harness/child.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <set>

namespace flblk::harness {
namespace {

using std::chrono::milliseconds;

std::string LogPath() {
  static int count = 0;
  return testing::TempDir() + "/child_test." + std::to_string(getpid()) + "." +
         std::to_string(count++);
}

TEST(Child, EndsByItselfAndLeavesItsOutput) {
  const std::string log = LogPath();
  auto child = Child::Spawn({"/bin/sh", "-c", "echo one; echo two; exit 3"}, log);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->Ending(), "running");
  EXPECT_TRUE(child->WaitFor(milliseconds(10'000)));
  EXPECT_EQ(child->Ending(), "exit code 3");
  EXPECT_FALSE(child->EndedCleanly());
  EXPECT_EQ(Tail(log, 1), "two\n");
  std::filesystem::remove(log);
}

TEST(Child, SignalsReachIt) {
  auto child = Child::Spawn({"/bin/sleep", "600"}, "/dev/null");
  ASSERT_TRUE(child.ok()) << child.status();
  child->Signal(SIGSTOP);
  EXPECT_TRUE(child->running());
  EXPECT_FALSE(child->WaitFor(milliseconds(20)));
  child->Signal(SIGKILL);
  EXPECT_TRUE(child->WaitFor(milliseconds(10'000)));
  EXPECT_EQ(child->Ending(), "signal 9");
}

TEST(Child, DestructionEndsIt) {
  pid_t pid = 0;
  {
    auto child = Child::Spawn({"/bin/sleep", "600"}, "/dev/null");
    ASSERT_TRUE(child.ok()) << child.status();
    pid = child->pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(Child, ANewOneEndsTheOld) {
  auto child = Child::Spawn({"/bin/sleep", "600"}, "/dev/null");
  auto other = Child::Spawn({"/bin/sleep", "600"}, "/dev/null");
  ASSERT_TRUE(child.ok() && other.ok());
  const pid_t old = child->pid();
  *child = *std::move(other);
  EXPECT_EQ(kill(old, 0), -1);
  EXPECT_TRUE(child->running());
}

TEST(Child, AMissingProgramIsNamed) {
  auto child = Child::Spawn({"/nonexistent/flblkd"}, "/dev/null");
  EXPECT_EQ(child.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(child.status().message().find("/nonexistent/flblkd"), absl::string_view::npos);
}

TEST(FreePort, IsBelowTheEphemeralRange) {
  for (int i = 0; i < 20; ++i) {
    auto port = FreePort();
    ASSERT_TRUE(port.ok()) << port.status();
    EXPECT_GE(*port, 20'000);
    EXPECT_LE(*port, 32'000);
  }
}

}  // namespace
}  // namespace flblk::harness
