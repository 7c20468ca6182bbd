// Fields read (google/protobuf/descriptor.proto), all length-delimited:
//
//   FileDescriptorSet      = 1: FileDescriptorProto ...
//   FileDescriptorProto    = 1: name, 2: package, 3: dependency ..., 4: DescriptorProto ...,
//                            5: EnumDescriptorProto ..., 6: ServiceDescriptorProto ...
//   DescriptorProto        = 1: name, 3: DescriptorProto ..., 4: EnumDescriptorProto ...
//   EnumDescriptorProto    = 1: name
//   ServiceDescriptorProto = 1: name, 2: MethodDescriptorProto ... (1: name)
#include "plugin/reflection_index.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <functional>
#include <set>

#include "plugin/text.h"

namespace flblk::plugin {
namespace {

using google::protobuf::internal::WireFormatLite;
using OnField = std::function<void(int number, std::string_view bytes)>;

// Calls `on_field` for each length-delimited field, in order; stops at the first defect.
void ForEachField(std::string_view message, const OnField& on_field) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return;
    const auto at = static_cast<size_t>(in.CurrentPosition());
    if (size > message.size() - at || !in.Skip(static_cast<int>(size))) return;
    on_field(WireFormatLite::GetTagFieldNumber(tag), message.substr(at, size));
  }
}

std::string NameOf(std::string_view message) {
  std::string name;
  ForEachField(message, [&](int number, std::string_view bytes) {
    if (number == 1) name = std::string(bytes);
  });
  return name;
}

std::string Join(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : Cat(scope, ".", name);
}

}  // namespace

ReflectionIndex::ReflectionIndex(std::string_view descriptor_set) {
  ForEachField(descriptor_set, [&](int number, std::string_view bytes) {
    if (number == 1) AddFile(bytes);
  });
}

void ReflectionIndex::AddFile(std::string_view bytes) {
  const std::string name = NameOf(bytes);
  File& file = files_[name];
  file.bytes = bytes;
  std::string package;
  ForEachField(bytes, [&](int number, std::string_view field) {
    if (number == 2) package = std::string(field);
    if (number == 3) file.imports.emplace_back(field);
    if (number == 4) AddMessage(package, field, name);
    if (number == 5) symbols_[Join(package, NameOf(field))] = name;
    if (number == 6) AddService(package, field, name);
  });
}

void ReflectionIndex::AddMessage(const std::string& scope, std::string_view bytes,
                                 const std::string& file) {
  const std::string full = Join(scope, NameOf(bytes));
  symbols_[full] = file;
  ForEachField(bytes, [&](int number, std::string_view field) {
    if (number == 3) AddMessage(full, field, file);
    if (number == 4) symbols_[Join(full, NameOf(field))] = file;
  });
}

void ReflectionIndex::AddService(const std::string& scope, std::string_view bytes,
                                 const std::string& file) {
  const std::string full = Join(scope, NameOf(bytes));
  symbols_[full] = file;
  services_.push_back(full);
  ForEachField(bytes, [&](int number, std::string_view field) {
    if (number == 2) symbols_[Join(full, NameOf(field))] = file;
  });
}

std::vector<std::string_view> ReflectionIndex::FileByName(const std::string& name) const {
  std::vector<std::string_view> out;
  std::vector<std::string> wanted = {name};
  std::set<std::string> seen = {name};
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto file = files_.find(wanted[i]);
    if (file == files_.end()) continue;
    out.push_back(file->second.bytes);
    for (const std::string& import : file->second.imports) {
      if (seen.insert(import).second) wanted.push_back(import);
    }
  }
  return out;
}

std::vector<std::string_view> ReflectionIndex::FileBySymbol(const std::string& symbol) const {
  const auto file = symbols_.find(symbol);
  return file == symbols_.end() ? std::vector<std::string_view>() : FileByName(file->second);
}

}  // namespace flblk::plugin
