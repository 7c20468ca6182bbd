// Values as text, in both directions. One Read and one Write per type of field.
#include <string.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <limits>

#include "absl/strings/str_format.h"
#include "plugin/settings.h"
#include "plugin/text.h"

namespace flblk::plugin {
namespace {

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr Unit kUnits[] = {{"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
                           {"ms", 1'000'000},        {"us", 1'000},         {"ns", 1}};

absl::Status Bad(std::string_view text, std::string_view why) {
  return Invalid("'", text, "' ", why);
}

// A duration's limit or value with the largest unit that fits.
std::string DurationText(int64_t ns) {
  if (ns == 0) return "0s";
  const Unit* unit = std::begin(kUnits);
  while (ns % unit->ns != 0) ++unit;  // the last one is 1 ns
  return Cat(ns / unit->ns, unit->name);
}

absl::Status ReadUnsigned(const Setting& s, std::string_view text, uint64_t top, uint64_t& out) {
  const uint64_t max = std::min(s.max, top);
  const auto value = ParseUnsigned(text, s.style == Style::kOctal ? 8 : 10);
  if (!value || *value < s.min || *value > max)
    return Bad(text, Cat("is not in ", s.min, "..", max));
  out = *value;
  return absl::OkStatus();
}

absl::Status Read(const Setting&, std::string_view text, std::string& out) {
  out = std::string(text);
  return absl::OkStatus();
}

absl::Status Read(const Setting&, std::string_view text, bool& out) {
  if (text != "true" && text != "false") return Bad(text, "is neither true nor false");
  out = text == "true";
  return absl::OkStatus();
}

template <typename T>
absl::Status ReadInto(const Setting& s, std::string_view text, T& out) {
  uint64_t value = 0;
  if (auto status = ReadUnsigned(s, text, std::numeric_limits<T>::max(), value); !status.ok())
    return status;
  out = static_cast<T>(value);
  return absl::OkStatus();
}
absl::Status Read(const Setting& s, std::string_view text, uint16_t& out) {
  return ReadInto(s, text, out);
}
absl::Status Read(const Setting& s, std::string_view text, uint32_t& out) {
  return ReadInto(s, text, out);
}
absl::Status Read(const Setting& s, std::string_view text, uint64_t& out) {
  return ReadInto(s, text, out);
}

absl::Status Read(const Setting& s, std::string_view text, Duration& out) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = ParseUnsigned(text.substr(0, digits));
  if (!count) return Bad(text, "is no time such as 200ms or 2s");
  int64_t unit_ns = *count == 0 && digits == text.size() ? 1 : 0;  // a bare 0 needs no unit
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) == unit.name) unit_ns = unit.ns;
  }
  if (digits < text.size() && (text[digits] == '.' || text[digits] == ',')) {
    return Bad(text, "is no whole number of a unit (us, ms, s, m or h): write 300ms, not 0.3s");
  }
  if (unit_ns == 0) return Bad(text, "has no unit (us, ms, s, m or h)");
  const uint64_t unit = static_cast<uint64_t>(unit_ns);
  if (*count > s.max / unit || *count * unit < s.min) {
    return Bad(text, Cat("is not in ", DurationText(static_cast<int64_t>(s.min)), "..",
                         DurationText(static_cast<int64_t>(s.max))));
  }
  out = Duration(static_cast<int64_t>(*count * unit));
  return absl::OkStatus();
}

absl::Status Read(const Setting&, std::string_view text, Endpoint& out) {
  auto endpoint = ParseEndpoint(text);
  if (!endpoint.ok()) return endpoint.status();
  out = *std::move(endpoint);
  return absl::OkStatus();
}

absl::Status Read(const Setting&, std::string_view text, PublicKey& out) {
  if (auto status = FromHexExact(text, "the key", out.bytes); !status.ok()) return status;
  if (!IsCurvePoint(out)) return Invalid("the 32 bytes are no Ed25519 public key");
  return absl::OkStatus();
}

absl::Status Read(const Setting&, std::string_view text, std::optional<SecretKey>& out) {
  FixedBytes<32> seed;
  if (auto status = FromHexExact(Trim(text), "the key", seed); !status.ok()) return status;
  auto key = SecretKey::FromSeed(seed);
  explicit_bzero(seed.data(), seed.size());
  if (!key.ok()) return key.status();
  out = *std::move(key);
  return absl::OkStatus();
}

template <size_t N>
absl::Status Read(const Setting&, std::string_view text, FixedBytes<N>& out) {
  return FromHexExact(text, "the value", out);
}

absl::Status Read(const Setting&, std::string_view text, std::vector<net::Enode>& out) {
  out.clear();
  for (std::string_view element : Split(text, ',')) {
    auto enode = net::ParseEnode(element);
    if (!enode.ok()) return enode.status();
    out.push_back(*std::move(enode));
  }
  return absl::OkStatus();
}

absl::Status Read(const Setting& s, std::string_view text, std::vector<Endpoint>& out) {
  out.clear();
  for (std::string_view element : Split(text, ',')) {
    Endpoint endpoint;
    if (auto status = Read(s, element, endpoint); !status.ok()) return status;
    if (endpoint.kind != Endpoint::Kind::kNone) out.push_back(std::move(endpoint));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status Read(const Setting& s, std::string_view text, std::optional<T>& out) {
  T value{};
  if (auto status = Read(s, text, value); !status.ok()) return status;
  out = std::move(value);
  return absl::OkStatus();
}

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += Cat("\\", std::string_view(&c, 1));
    } else if (std::iscntrl(static_cast<unsigned char>(c))) {
      out += absl::StrFormat("\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <typename T, typename F>
std::string List(const std::vector<T>& values, F text) {
  std::string out;
  for (const T& value : values) out += Cat(out.empty() ? "" : ", ", Quoted(text(value)));
  return Cat("[", out, "]");
}

std::string Write(const Setting&, const std::string& value) {
  return value.empty() ? "" : Quoted(value);
}
std::string Write(const Setting&, bool value) { return value ? "true" : "false"; }
template <typename T>
requires std::is_unsigned_v<T> std::string Write(const Setting& s, T value) {
  return s.style == Style::kOctal ? Quoted(absl::StrFormat("%04o", value)) : Cat(value);
}
std::string Write(const Setting&, Duration value) { return Quoted(DurationText(value.count())); }
std::string Write(const Setting&, const Endpoint& value) { return Quoted(value.ToString()); }
std::string Write(const Setting&, const PublicKey& value) { return Quoted(ToHex(value.bytes)); }
template <size_t N>
std::string Write(const Setting&, const FixedBytes<N>& value) {
  return Quoted(ToHex(value));
}
std::string Write(const Setting&, const std::vector<net::Enode>& value) {
  return List(value, [](const net::Enode& enode) { return net::FormatEnode(enode); });
}
std::string Write(const Setting&, const std::vector<Endpoint>& value) {
  return List(value, [](const Endpoint& endpoint) { return endpoint.ToString(); });
}
std::string Write(const Setting&, const std::optional<SecretKey>&) { return ""; }
template <typename T>
std::string Write(const Setting& s, const std::optional<T>& value) {
  return value ? Write(s, *value) : "";
}

}  // namespace

absl::Status SetFromText(const Setting& setting, std::string_view text, Config& config) {
  if (!setting.choices.empty()) {
    const std::vector<std::string_view> choices = Split(setting.choices, '|');
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      return Bad(text, Cat("is none of ", setting.choices));
    }
  }
  return std::visit([&](auto member) { return Read(setting, text, config.*member); },
                    setting.field);
}

std::string ToTomlValue(const Setting& setting, const Config& config) {
  return std::visit([&](auto member) { return Write(setting, config.*member); }, setting.field);
}

}  // namespace flblk::plugin
