#include "tests/harness/script.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace flblk::harness {
namespace {

constexpr uint64_t kMaxNumber =
    1'000'000'000;  // of any number in a script: no overflow in nanoseconds
constexpr int64_t kRestartDefaultNs = 1000 * kNsPerMs;

absl::Status Wrong(absl::string_view step, absl::string_view word, absl::string_view wanted) {
  return absl::InvalidArgumentError(
      absl::StrCat("script step \"", step, "\": \"", word, "\" is not ", wanted));
}

bool ParseNumber(absl::string_view text, uint64_t& out) {
  return !text.empty() && text[0] != '+' && absl::SimpleAtoi(text, &out) && out <= kMaxNumber;
}

bool ParseMs(absl::string_view text, int64_t& out_ns) {
  uint64_t ms = 0;
  if (!absl::ConsumeSuffix(&text, "ms") || !ParseNumber(text, ms)) return false;
  out_ns = static_cast<int64_t>(ms) * kNsPerMs;
  return true;
}

bool ParseBuilder(absl::string_view text, size_t builders, size_t& out) {
  for (size_t i = 0; i < builders; ++i) {
    if (text == BuilderName(i)) {
      out = i;
      return true;
    }
  }
  return false;
}

bool ParseWhen(absl::string_view text, Step& step) {
  if (ParseMs(text, step.offset_ns)) return true;
  std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits('+', 1));
  if (text.find('+') != absl::string_view::npos && !ParseMs(parts.second, step.offset_ns))
    return false;
  std::pair<absl::string_view, absl::string_view> place =
      absl::StrSplit(parts.first, absl::MaxSplits('.', 1));
  if (!ParseNumber(place.first, step.block.emplace())) return false;
  if (parts.first.find('.') == absl::string_view::npos) return true;
  return ParseNumber(place.second, step.index.emplace());
}

struct HowWord {
  absl::string_view word;
  How how;
  bool takes_time, needs_time, can_be_held, can_hit_waiter;
};
constexpr HowWord kHowWords[] = {
    {"kill", How::kKill, false, false, true, true},
    {"term", How::kTerm, false, false, false, false},
    {"stop", How::kStop, true, true, false, true},
    {"cut", How::kCut, true, true, true, true},
    {"restart", How::kRestart, true, false, true, true},
    {"respawn", How::kRespawn, false, false, false, false},
};

// `words` are those after "who".
absl::Status ParseHow(absl::Span<const absl::string_view> words, size_t builders, Step& step) {
  step.held = words[0] == "held" && words.size() > 1;
  step.waiter = words[0] == "waiter" && words.size() > 1;
  const bool plain = !step.held && !step.waiter;
  if (!plain) words.remove_prefix(1);
  const absl::string_view how = words[0];
  if (words.size() > 2) return Wrong(step.text, words[2], "expected here");
  const bool has_argument = words.size() == 2;
  if (how == "graceful" && plain) {
    step.how = How::kGraceful;
    if (has_argument && !ParseBuilder(words[1], builders, step.successor.emplace())) {
      return Wrong(step.text, words[1], "a builder of this run");
    }
    return absl::OkStatus();
  }
  const auto* found = std::find_if(std::begin(kHowWords), std::end(kHowWords),
                                   [how](const HowWord& entry) { return entry.word == how; });
  if (found == std::end(kHowWords)) {
    return Wrong(step.text, how, "graceful, kill, term, stop, cut, restart or respawn");
  }
  if (step.held && !found->can_be_held) return Wrong(step.text, how, "kill, cut or restart");
  if (step.waiter && !found->can_hit_waiter)
    return Wrong(step.text, how, "kill, stop, cut or restart");
  step.how = found->how;
  if (found->takes_time) step.duration_ns = kRestartDefaultNs;
  if (!has_argument && found->needs_time) {
    return Wrong(step.text, how,
                 absl::StrCat("complete: \"", how, "\" needs a time, such as 500ms"));
  }
  if (!has_argument) return absl::OkStatus();
  if (!found->takes_time) return Wrong(step.text, words[1], "expected here");
  if (!ParseMs(words[1], step.duration_ns)) {
    return Wrong(step.text, words[1], "a time, such as 500ms");
  }
  return absl::OkStatus();
}

absl::StatusOr<Step> ParseStep(absl::string_view text, size_t builders) {
  Step step;
  step.text = std::string(text);
  std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.size() < 3 || words.size() > 5) {
    return absl::InvalidArgumentError(
        absl::StrCat("script step \"", text, "\": expected \"when who how [argument]\""));
  }
  if (!ParseWhen(words[0], step)) {
    return Wrong(text, words[0], "a time (block, block.index, either with +Nms, or Nms)");
  }
  if (words[1] != "active" && !ParseBuilder(words[1], builders, step.builder.emplace())) {
    return Wrong(text, words[1], "a builder of this run, or \"active\"");
  }
  if (absl::Status status = ParseHow(absl::MakeSpan(words).subspan(2), builders, step);
      !status.ok())
    return status;
  return step;
}

}  // namespace

const char* Name(How how) {
  switch (how) {
    case How::kGraceful:
      return "graceful";
    case How::kKill:
      return "kill";
    case How::kTerm:
      return "term";
    case How::kStop:
      return "stop";
    case How::kRestart:
      return "restart";
    case How::kCut:
      return "cut";
    case How::kRespawn:
      return "respawn";
  }
  return "?";
}

std::string BuilderName(size_t builder) {
  if (builder < 26) return std::string(1, static_cast<char>('A' + builder));
  return absl::StrCat("B", builder);
}

absl::StatusOr<std::vector<Step>> ParseScript(absl::string_view text, size_t builders) {
  std::vector<Step> steps;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    for (absl::string_view part : absl::StrSplit(line, ';')) {
      part = absl::StripAsciiWhitespace(part);
      if (part.empty()) continue;
      if (steps.size() == kMaxScriptSteps) {
        return absl::InvalidArgumentError(
            absl::StrCat("script: more than ", kMaxScriptSteps, " steps"));
      }
      absl::StatusOr<Step> step = ParseStep(part, builders);
      if (!step.ok()) return step.status();
      steps.push_back(*std::move(step));
    }
  }
  return steps;
}

int64_t FireTime(const Step& step, const Timing& timing) {
  if (!step.block) return step.offset_ns;
  if (!step.index) return timing.SlotStart(*step.block) + step.offset_ns;
  return timing.Due(*step.block, *step.index) - timing.interval_ns / 2 + step.offset_ns;
}

}  // namespace flblk::harness
