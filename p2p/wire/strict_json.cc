#include "p2p/wire/strict_json.h"

#include "absl/strings/str_cat.h"

namespace flblk::wire {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
// ASCII that stands for itself inside a string.
bool IsPlain(char c) {
  return c >= 0x20 && static_cast<uint8_t>(c) < 0x80 && c != '"' && c != '\\';
}

// Bytes of the UTF-8 sequence at the front of `s`, 0 where it is none (overlong forms, surrogates
// and values above U+10FFFF included).
size_t Utf8Length(std::string_view s) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<uint8_t>(s[i]) : uint8_t{0}; };
  auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const uint8_t first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !tail(1)) return 0;
  if (first < 0xe0) return 2;
  if (!tail(2)) return 0;
  if (first < 0xf0) {
    const bool overlong = first == 0xe0 && second < 0xa0,
               surrogate = first == 0xed && second > 0x9f;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xf0 && second < 0x90, too_large = first == 0xf4 && second > 0x8f;
  return !tail(3) || overlong || too_large ? 0 : 4;
}

void AppendUtf8(uint32_t code, std::string& out) {
  auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// The character an escape of one letter stands for; 0: there is no such escape.
char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

void StrictJson::Fail(std::string_view problem) {
  if (!ok()) return;
  std::string message(what_);
  message.append(": ").append(problem);
  absl::StrAppend(&message, " (at byte ", at_, ")");
  status_ = absl::InvalidArgumentError(message);
}

char StrictJson::Peek() {
  if (!ok()) return 0;
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool StrictJson::Take(char c) {
  if (c == '\0' || Peek() != c) return false;
  ++at_;
  return true;
}

void StrictJson::Expect(char c) {
  if (!Take(c)) Fail(std::string("'") + c + "' expected");
}

void StrictJson::ExpectNull() {
  Peek();
  Word("null");
}

void StrictJson::Word(std::string_view word) {
  if (!ok()) return;
  if (text_.substr(at_, word.size()) != word) return Fail("not a JSON value");
  at_ += word.size();
}

std::string StrictJson::String() {
  std::string out;
  if (Peek() != '"') Fail("string expected");
  if (ok()) ++at_;
  while (ok()) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == '"') {
      ++at_;
      break;
    }
    if (c == '\\') {
      Escape(out);
    } else {
      Characters(out);
    }
  }
  return out;
}

// Up to the next quote or backslash: all ASCII at once, or one character of several bytes.
void StrictJson::Characters(std::string& out) {
  if (at_ == text_.size()) return Fail("string has no end");
  if (static_cast<uint8_t>(text_[at_]) < 0x20) return Fail("control character in a string");
  size_t length = 0;
  while (at_ + length < text_.size() && IsPlain(text_[at_ + length])) ++length;
  if (length == 0) length = Utf8Length(text_.substr(at_));
  if (length == 0) return Fail("string is not UTF-8");
  out.append(text_, at_, length);
  at_ += length;
}

void StrictJson::Escape(std::string& out) {
  const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (letter == 'u') return UnicodeEscape(out);
  const char c = SimpleEscape(letter);
  if (c == 0) return Fail("unknown escape");
  out.push_back(c);
  at_ += 2;
}

uint32_t StrictJson::Hex4() {
  at_ += 2;  // the backslash and the u
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      code = code << 4 | static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      code = code << 4 | static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      Fail("four hex digits expected");
      return 0;
    }
  }
  return code;
}

void StrictJson::UnicodeEscape(std::string& out) {
  uint32_t code = Hex4();
  if (code >= 0xdc00 && code < 0xe000) return Fail("lone surrogate");
  if (code >= 0xd800 && code < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") return Fail("lone surrogate");
    const uint32_t low = Hex4();
    if (low < 0xdc00 || low >= 0xe000) return Fail("lone surrogate");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (ok()) AppendUtf8(code, out);
}

StrictJson::Integer StrictJson::Number() {
  Integer number;
  number.negative = Take('-');
  const size_t begin = at_;
  const bool digits = ok() && Digits();
  const std::string_view text = text_.substr(begin, at_ - begin);
  const char next = at_ < text_.size() ? text_[at_] : '\0';
  if (!digits) {
    Fail("integer expected");
  } else if (text.size() > 1 && text[0] == '0') {
    Fail("number has a leading zero");
  } else if (next == '.' || next == 'e' || next == 'E') {
    Fail("number is not an integer");
  } else if (number.negative && text == "0") {
    Fail("-0 is not an integer");
  }
  for (char c : text) {
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (number.magnitude > (UINT64_MAX - digit) / 10) Fail("number exceeds 64 bits");
    if (!ok()) return {};
    number.magnitude = number.magnitude * 10 + digit;
  }
  return number;
}

bool StrictJson::Digits() {
  const size_t begin = at_;
  while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
  return at_ > begin;
}

void StrictJson::SkipNumber() {
  if (text_[at_] == '-') ++at_;
  const size_t begin = at_;
  if (!Digits()) return Fail("digit expected");
  if (text_[begin] == '0' && at_ - begin > 1) return Fail("number has a leading zero");
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!Digits()) return Fail("digit expected");
  }
  if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    if (!Digits()) return Fail("digit expected");
  }
}

void StrictJson::SkipString() {
  for (++at_; ok(); ++at_) {
    if (at_ == text_.size()) return Fail("string has no end");
    const char c = text_[at_];
    if (c == '"') break;
    if (static_cast<uint8_t>(c) < 0x20) return Fail("control character in a string");
    if (c != '\\') continue;
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (letter == 'u') {
      Hex4();
      --at_;
    } else if (SimpleEscape(letter) != 0) {
      ++at_;
    } else {
      return Fail("unknown escape");
    }
  }
  ++at_;
}

void StrictJson::SkipScalar(char first) {
  if (first == '"') return SkipString();
  if (first == '-' || IsDigit(first)) return SkipNumber();
  if (first == 't') return Word("true");
  if (first == 'f') return Word("false");
  Word("null");
}

void StrictJson::SkipKey() {
  if (Peek() != '"') return Fail("key expected");
  SkipString();
  Expect(':');
}

std::string_view StrictJson::Skip() {
  Peek();
  const size_t begin = at_;
  SkipValue();
  return ok() ? text_.substr(begin, at_ - begin) : std::string_view();
}

void StrictJson::SkipValue() {
  std::string open;  // the closing characters awaited, innermost last
  do {
    const char first = Peek();
    if (first == '[' || first == '{') {
      ++at_;
      const char close = first == '[' ? ']' : '}';
      if (!Take(close)) {
        open.push_back(close);
        if (close == '}') SkipKey();
        continue;
      }
    } else if (ok()) {
      SkipScalar(first);
    }
    while (ok() && !open.empty() && Take(open.back())) open.pop_back();
    if (ok() && !open.empty()) {
      Expect(',');
      if (open.back() == '}') SkipKey();
    }
  } while (ok() && !open.empty());
}

void StrictJson::Finish() {
  Peek();
  if (at_ != text_.size()) Fail("text after the value");
}

absl::Status CheckJson(std::string_view text, std::string_view what) {
  for (size_t at = 0, length = 0; at < text.size(); at += length) {
    length = Utf8Length(text.substr(at));
    if (length == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(std::string(what), ": not UTF-8 (at byte ", at, ")"));
    }
  }
  StrictJson in(text, what);
  in.Skip();
  in.Finish();
  return in.status();
}

std::string CompactJson(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (!in_string && IsSpace(json[i])) continue;
    out.push_back(json[i]);
    if (json[i] == '"') in_string = !in_string;
    if (json[i] == '\\' && i + 1 < json.size()) out.push_back(json[++i]);
  }
  return out;
}

}  // namespace flblk::wire
