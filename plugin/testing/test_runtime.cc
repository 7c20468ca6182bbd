#include "plugin/testing/test_runtime.h"

#include <future>

#include "plugin/testing/samples.h"
#include "plugin/text.h"

namespace flblk::plugin {

TestRuntime::TestRuntime(const std::string& toml) {
  const std::string text = Cat("datadir = \"", dir.path(), "\"\nauthorizer_vk = \"",
                               ToHex(TestKey(1).public_key().bytes), "\"\n", toml);
  auto read = ConfigFromToml(text, "test");
  if (!read.ok()) abort();
  config = *std::move(read);
  config.builder_sk = TestKey(2);
}

absl::Status TestRuntime::Create() {
  auto created =
      Runtime::Create({.config = std::move(config),
                       .make_node =
                           [this](net::NodeConfig node_config, const rlpx::NodeKey*, Signer*,
                                  core::SignOnce*, net::NodeObserver* observer) {
                             auto fake = std::make_unique<FakeNode>(observer);
                             fake->builder = node_config.engine.builder;
                             fake->start_status = node_start_status;
                             fake->AnswerInfo(node_info_status);
                             node = fake.get();
                             return std::unique_ptr<net::Node>(std::move(fake));
                           },
                       .log =
                           [this](LogLevel, const std::string& line) {
                             const std::lock_guard lock(mutex_);
                             lines_.push_back(line);
                           },
                       .sinks = {}});
  if (!created.ok()) return created.status();
  runtime = *std::move(created);
  return absl::OkStatus();
}

absl::Status TestRuntime::Start() {
  auto status = Create();
  return status.ok() ? runtime->Start() : status;
}

void TestRuntime::Settle() {
  std::promise<void> done;
  node->Run([] {});
  if (runtime->hub().Post([&] { done.set_value(); })) done.get_future().wait();
}

std::vector<std::string> TestRuntime::Lines() {
  const std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace flblk::plugin
