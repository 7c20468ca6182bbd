#include "plugin/config_toml.h"

#include <toml++/toml.h>

#include "plugin/nearest.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

absl::Status Expected(std::string_view what, const toml::node& node) {
  return Invalid("expected ", what, ", found ", TypeName(node));
}

absl::StatusOr<std::string> ListText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  const toml::array* array = node.as_array();
  if (array == nullptr) return Expected("an array of strings", node);
  std::string text;
  for (const toml::node& element : *array) {
    const auto* string = element.as_string();
    if (string == nullptr) return Expected("an array of strings", element);
    text += Cat(text.empty() ? "" : ",", string->get());
  }
  return text;
}

absl::StatusOr<std::string> ValueText(const Setting& setting, const toml::node& node) {
  if (IsList(setting)) return ListText(node);
  if (IsSwitch(setting)) {
    const auto* flag = node.as_boolean();
    if (flag == nullptr) return Expected("true or false", node);
    return std::string(flag->get() ? "true" : "false");
  }
  if (IsNumber(setting)) {
    const auto* number = node.as_integer();
    if (number == nullptr) return Expected("an integer", node);
    return Cat(number->get());
  }
  const auto* text = node.as_string();
  if (text == nullptr) return Expected("a string", node);
  return text->get();
}

absl::StatusOr<Entry> ReadEntry(std::string_view key, const toml::node& node, std::string place) {
  const Setting* setting = FindKey(key);
  if (setting == nullptr) {
    return Invalid(place, ": unknown setting", NearestHint(NearestKey(key)));
  }
  if (setting->style == Style::kEnvironmentOnly) {
    return Invalid(place, ": a secret does not belong into this file; use builder_sk_file or ",
                   EnvOf(*setting));
  }
  auto text = ValueText(*setting, node);
  if (!text.ok()) return Invalid(place, ": ", text.status().message());
  return Entry{setting, *std::move(text), std::move(place)};
}

}  // namespace

absl::StatusOr<std::vector<Entry>> ReadToml(std::string_view text, std::string_view origin) {
  toml::table table;
  try {
    table = toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    return Invalid(origin, ":", error.source().begin.line, ":", error.source().begin.column, ": ",
                   error.description());
  }
  std::vector<Entry> entries;
  for (const auto& [key, node] : table) {
    auto entry =
        ReadEntry(key.str(), node, Cat(origin, ":", node.source().begin.line, ": ", key.str()));
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace flblk::plugin
