#include "p2p/rlpx/hello.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "p2p/rlpx/limits.h"
#include "p2p/wire/rlp.h"

namespace flblk::rlpx {
namespace {

// For logs: bytes that could upset a terminal become '?'; the rest is kept, UTF-8 included.
std::string Printable(ByteView bytes) {
  bytes = bytes.first(std::min(bytes.size(), kMaxClientIdBytes));
  std::string text(bytes.begin(), bytes.end());
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

// The same for what is put between quotes with others.
std::string PrintableWord(ByteView bytes) {
  std::string text = Printable(bytes);
  for (char& c : text) {
    if (c == '"' || c == '\\') c = '?';
  }
  return text;
}

}  // namespace

Bytes EncodeHello(const Hello& hello) {
  return wire::RlpEncodeList([&](auto& out) {
    out.Uint(hello.version);
    out.String(AsBytes(hello.client_id));
    out.List([&](auto& list) {
      for (const Capability& capability : hello.capabilities) {
        list.List([&](auto& pair) {
          pair.String(AsBytes(capability.name));
          pair.Uint(capability.version);
        });
      }
    });
    out.Uint(hello.listen_port);
    out.String(hello.node_id);
  });
}

absl::StatusOr<Hello> DecodeHello(ByteView body) {
  Hello hello;
  absl::Status status;
  wire::RlpReader top(body, &status);
  wire::RlpReader list = top.List("Hello");
  hello.version = list.Uint("Hello version");
  hello.client_id = Printable(list.String("Hello client id"));
  wire::RlpReader capabilities = list.List("Hello capabilities");
  while (capabilities.More()) {
    if (hello.capabilities.size() == kMaxHelloCapabilities) {
      return absl::ResourceExhaustedError(
          absl::StrCat("Hello capabilities: more than ", kMaxHelloCapabilities));
    }
    wire::RlpReader pair = capabilities.List("Hello capability");
    Capability& capability = hello.capabilities.emplace_back();
    capability.name = PrintableWord(pair.String("Hello capability name"));
    capability.version = pair.Uint("Hello capability version");
  }
  const uint64_t port = list.Uint("Hello listen port");
  if (port > 0xffff) list.Fail("Hello listen port", "above 65535");
  const ByteView node_id = list.String("Hello node id");
  top.Finish("Hello");
  if (!status.ok()) return status;
  hello.listen_port = static_cast<uint16_t>(port);
  if (node_id.size() == hello.node_id.size()) {
    std::copy(node_id.begin(), node_id.end(), hello.node_id.begin());
  }
  return hello;
}

}  // namespace flblk::rlpx
