#include "tests/bench/scale/options.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace flblk::scale {

const char kUsage[] =
    R"(flblk-scale --costs FILE --nodes N (--fan-out F | --send S --receive R) [--flag value]...
  --size BYTES      of one flashblock's transactions, an entry of the costs file (100000)
  --nodes N         publisher included, 10..1000000
  --fan-out F       every node feeds F others and is fed by them, 3..200
  --send S --receive R   flblk/2: every node is fed by R others and feeds at most S
  --rtt-ms T        median round trip of a link (50)
  --sigma X         standard deviation of its logarithm, 0: all the same (0)
  --gbps B          bandwidth up of a node; 0: no limit (1)
  --fair 1          frames of a group leave together
  --cold N          further round trips per hop that TCP takes (0)
  --flashblocks K   published one after the other, the last is told of (1)
  --interval-ms T   between two (200)
  --seed X          (1)
  --runs K          with seeds X, X+1 ...; the medians are told (1)
  --curve P         also P points of how many have it when
  --check X         exit 1 where simulator and formula differ by more than the share X
)";

namespace {

absl::Status Bad(const std::string& flag, const std::string& value, double low, double high) {
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": '", value, "' is not in ", low, "..", high));
}

class Reader {
 public:
  Reader(const std::string& flag, const std::string& value) : flag_(flag), value_(value) {}

  template <typename T>
  absl::Status Into(T& out, double low, double high) const {
    double number = 0;
    const bool read = absl::SimpleAtod(value_, &number);
    const bool whole = std::is_floating_point_v<T> || number == std::floor(number);
    if (!read || !whole || !(number >= low && number <= high)) {
      return Bad(flag_, value_, low, high);
    }
    out = static_cast<T>(number);
    return absl::OkStatus();
  }
  template <typename T>
  absl::Status Scaled(T& out, double low, double high, double factor) const {
    double number = 0;
    absl::Status status = Into(number, low, high);
    if (status.ok()) out = static_cast<T>(number * factor);
    return status;
  }

 private:
  const std::string &flag_, &value_;
};

absl::Status ReadOne(const std::string& flag, const std::string& value, Options& o) {
  const Reader read(flag, value);
  if (flag == "--costs") return o.costs = value, absl::OkStatus();
  if (flag == "--size") return read.Into(o.size, 1, 1e8);
  if (flag == "--nodes") return read.Into(o.shape.nodes, 10, 1e6);
  if (flag == "--fan-out") {
    o.shape.mesh = true;
    absl::Status status = read.Into(o.shape.send, 3, 200);
    o.shape.receive = o.shape.send;
    return status;
  }
  if (flag == "--send") return read.Into(o.shape.send, 2, 200);
  if (flag == "--receive") return read.Into(o.shape.receive, 2, 200);
  if (flag == "--rtt-ms") return read.Scaled(o.network.rtt_ns, 0, 1e4, 1e6);
  if (flag == "--sigma") return read.Into(o.network.sigma, 0, 3);
  if (flag == "--gbps") return read.Scaled(o.network.bits_per_second, 0, 1e4, 1e9);
  if (flag == "--fair") return read.Into(o.network.fair, 0, 1);
  if (flag == "--cold") return read.Into(o.network.extra_round_trips, 0, 20);
  if (flag == "--flashblocks") return read.Into(o.load.flashblocks, 1, 1000);
  if (flag == "--interval-ms") return read.Scaled(o.load.interval_ns, 1, 1e5, 1e6);
  if (flag == "--seed") return read.Into(o.seed, 0, 1e15);
  if (flag == "--runs") return read.Into(o.runs, 1, 1000);
  if (flag == "--curve") return read.Into(o.curve, 0, 10'000);
  if (flag == "--check") return read.Into(o.check, 0, 10);
  return absl::InvalidArgumentError(absl::StrCat(flag, ": unknown flag"));
}

absl::Status CheckShape(const Shape& s) {
  if (s.nodes == 0) return absl::InvalidArgumentError("--nodes: missing");
  if (s.send == 0 || s.receive == 0) {
    return absl::InvalidArgumentError("--fan-out, or --send and --receive: missing");
  }
  if (s.mesh && s.send != s.receive) {
    return absl::InvalidArgumentError("--fan-out goes without --send and --receive");
  }
  if (s.receive > s.send) return absl::InvalidArgumentError("--receive: more than --send");
  if (s.send >= s.nodes / 2) {
    return absl::InvalidArgumentError("--fan-out or --send: half of --nodes or more");
  }
  if (s.mesh && uint64_t{s.nodes} * s.send % 2 != 0) {
    return absl::InvalidArgumentError("--nodes times --fan-out: odd");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ReadOptions(std::span<const char* const> args) {
  Options out;
  out.network.rtt_ns = 50'000'000;
  out.network.bits_per_second = 1'000'000'000;
  for (size_t i = 0; i < args.size(); i += 2) {
    if (std::string(args[i]) == "--help") {
      out.help = true;
      return out;
    }
    if (i + 1 == args.size()) {
      return absl::InvalidArgumentError(absl::StrCat(args[i], ": needs a value"));
    }
    if (auto status = ReadOne(args[i], args[i + 1], out); !status.ok()) return status;
  }
  if (out.costs.empty()) return absl::InvalidArgumentError("--costs: missing");
  if (auto status = CheckShape(out.shape); !status.ok()) return status;
  return out;
}

}  // namespace flblk::scale
