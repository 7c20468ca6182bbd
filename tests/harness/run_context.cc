#include "tests/harness/run_context.h"

namespace flblk::harness {

std::shared_ptr<const Flashblock> DeltaCache::Get(uint64_t block, uint64_t index) {
  std::lock_guard lock(mutex_);
  auto& delta = kept_[{block, index}];
  if (!delta) delta = std::make_shared<const Flashblock>(source_->Make(block, index));
  auto result = delta;
  if (kept_.size() > kKept) kept_.erase(kept_.begin());
  return result;
}

int RunContext::BuilderOf(const std::string& vk) const {
  for (size_t i = 0; i < shape.builders; ++i) {
    if (vk == BytesOf(nodes[i]->builder_vk().bytes)) return static_cast<int>(i);
  }
  return kNobody;
}

}  // namespace flblk::harness
