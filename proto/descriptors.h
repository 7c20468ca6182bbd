// The FileDescriptorSet of every .proto below proto/, imports included, as the bytes protoc wrote
// at build time. gRPC reflection is served from it: the generated code uses protobuf's lite runtime
// and registers nothing in the process, so a host's own protobuf never meets our descriptors.
#pragma once

#include <string_view>

namespace flblk::proto {

// Serialized google.protobuf.FileDescriptorSet; static storage.
std::string_view DescriptorSet();

}  // namespace flblk::proto
