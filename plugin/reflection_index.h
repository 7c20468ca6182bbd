// Answers the questions of gRPC reflection from a serialized FileDescriptorSet, without descriptors
// in memory: the lite runtime has none.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flblk::plugin {

class ReflectionIndex {
 public:
  // `descriptor_set` outlives the index. A malformed one gives an index of what came before the
  // defect.
  explicit ReflectionIndex(std::string_view descriptor_set);

  const std::vector<std::string>& services() const {
    return services_;
  }  // full names, in file order

  // The serialized FileDescriptorProto asked for, then those it imports, each once. Empty where
  // unknown.
  std::vector<std::string_view> FileByName(const std::string& name) const;
  // Symbols: messages, enums, services, methods, by full name.
  std::vector<std::string_view> FileBySymbol(const std::string& symbol) const;

 private:
  struct File {
    std::string_view bytes;
    std::vector<std::string> imports;
  };
  void AddFile(std::string_view bytes);
  void AddMessage(const std::string& scope, std::string_view bytes, const std::string& file);
  void AddService(const std::string& scope, std::string_view bytes, const std::string& file);

  std::map<std::string, File> files_;
  std::map<std::string, std::string> symbols_;  // full name -> file name
  std::vector<std::string> services_;
};

}  // namespace flblk::plugin
