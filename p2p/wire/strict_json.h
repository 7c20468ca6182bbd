// A cursor over JSON text that accepts exactly what serde_json accepts where it reads into a known
// type: UTF-8, no duplicate commas, no comments, no leading zeros, lone surrogates refused, any
// depth. Values that nobody wants are skipped with the same grammar, without recursion; their
// strings are not checked for UTF-8 (serde_json does not either).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "signer/bytes.h"

namespace flblk::wire {

// As with RlpReader the first error stays, later calls return empty values. `what` names the text
// in it.
class StrictJson {
 public:
  StrictJson(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }
  // Makes an error at the current position, unless there is one already.
  void Fail(std::string_view problem);

  // The first character of the next token; 0 at the end and after an error.
  char Peek();
  // Moves past `c` where it is the next token.
  bool Take(char c);
  // As Take, but an error where it is not.
  void Expect(char c);
  void ExpectNull();

  std::string String();
  // An integer without fraction or exponent; `-0` is none, as in serde_json.
  struct Integer {
    bool negative = false;
    uint64_t magnitude = 0;
  };
  Integer Number();
  // Any value; the text it stands in, white space around it excluded.
  std::string_view Skip();
  // Only white space may be left.
  void Finish();

  // Calls member(key) before each value of an object; it reads the value.
  template <class Member>
  void Object(const Member& member) {
    Expect('{');
    bool more = ok() && !Take('}');
    while (more) {
      const std::string key = String();
      Expect(':');
      if (ok()) member(key);
      more = Take(',');
      if (!more) Expect('}');
    }
  }
  // Calls element() before each value of an array; it reads the value.
  template <class Element>
  void Array(const Element& element) {
    Expect('[');
    bool more = ok() && !Take(']');
    while (more) {
      element();
      more = Take(',');
      if (!more) Expect(']');
    }
  }

 private:
  void SkipValue();
  void SkipString();
  void SkipNumber();
  void SkipScalar(char first);
  void SkipKey();
  void Word(std::string_view word);
  bool Digits();
  uint32_t Hex4();
  void Characters(std::string& out);
  void Escape(std::string& out);
  void UnicodeEscape(std::string& out);

  std::string_view text_;
  std::string_view what_;
  size_t at_ = 0;
  absl::Status status_;
};

// Whether `text` is one JSON value in UTF-8; the error names `what`.
absl::Status CheckJson(std::string_view text, std::string_view what);
// The value without white space between its tokens. `json` has passed CheckJson.
std::string CompactJson(std::string_view json);

}  // namespace flblk::wire
