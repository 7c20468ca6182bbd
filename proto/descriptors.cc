#include "proto/descriptors.h"

#include <cstddef>

extern "C" {
extern const char flblk_descriptor_set_begin[] __attribute__((visibility("hidden")));
extern const char flblk_descriptor_set_end[] __attribute__((visibility("hidden")));
}

namespace flblk::proto {

std::string_view DescriptorSet() {
  return {flblk_descriptor_set_begin,
          static_cast<size_t>(flblk_descriptor_set_end - flblk_descriptor_set_begin)};
}

}  // namespace flblk::proto
