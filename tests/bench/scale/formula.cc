#include "tests/bench/scale/formula.h"

#include <cmath>
#include <numeric>

namespace flblk::scale {
namespace {

double Seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }
int64_t Nanoseconds(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

// Receivers of a relay, in the mean.
uint32_t Branches(const Shape& shape) { return shape.mesh ? shape.send - 1 : shape.receive; }

// -ln of the share that is farther than `hops`, per (branches^hops).
double MissedExponent(const Shape& shape, uint32_t hops) {
  const double n = shape.nodes;
  if (shape.mesh) {
    const double f = shape.send;
    return f / (f - 2) * (std::pow(f - 1, hops) - 1) / n;
  }
  return shape.send * std::pow(shape.receive, static_cast<double>(hops) - 1) / n;
}

double MeanDeparture(const Costs& costs, const Network& network, size_t receivers) {
  const std::vector<int64_t> all = Departures(costs, network, receivers);
  const auto sum = std::accumulate(all.begin(), all.end(), int64_t{0});
  return Seconds(sum) / static_cast<double>(all.size());
}

double OneWay(const Network& network) {
  return Seconds(network.rtt_ns) / 2 * (1 + 2 * network.extra_round_trips);
}

// E[exp(-k * latency)] of a latency whose logarithm is normal, by the midpoint rule over +-6 sigma.
double LaplaceOfLatency(const Network& network, double k) {
  if (network.sigma == 0) return std::exp(-k * OneWay(network));
  constexpr int kSteps = 1200;
  constexpr double kWidth = 6;
  double sum = 0, weights = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double z = kWidth * (2 * (i + 0.5) / kSteps - 1);
    const double weight = std::exp(-z * z / 2);
    weights += weight;
    sum += weight * std::exp(-k * OneWay(network) * std::exp(network.sigma * z));
  }
  return sum / weights;
}

// The k at which the receivers of one relay weigh 1.
double GrowthRate(const Shape& shape, const Costs& costs, const Network& network) {
  const std::vector<int64_t> departures = Departures(costs, network, Branches(shape));
  const auto weight = [&](double k) {
    double sum = 0;
    for (const int64_t left : departures) sum += std::exp(-k * Seconds(costs.relay_ns + left));
    return sum * LaplaceOfLatency(network, k);
  };
  double low = 0, high = 1;
  while (weight(high) > 1) high *= 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (weight(middle) > 1 ? low : high) = middle;
  }
  return low;
}

}  // namespace

HopsResult HopsFormula(const Shape& shape, const Costs& costs, const Network& network, double q) {
  HopsResult out;
  const double wanted = -std::log(1 - q);
  for (out.hops = 1; MissedExponent(shape, out.hops) < wanted; ++out.hops) {
  }
  const double first =
      Seconds(costs.publish_ns) + MeanDeparture(costs, network, shape.send) + OneWay(network);
  const double further =
      Seconds(costs.relay_ns) + MeanDeparture(costs, network, Branches(shape)) + OneWay(network);
  out.ns = Nanoseconds(first + (out.hops - 1) * further);
  return out;
}

int64_t GrowthFormula(const Shape& shape, const Costs& costs, const Network& network, double q) {
  const double k = GrowthRate(shape, costs, network), n = shape.nodes, wanted = -std::log(1 - q);
  if (shape.mesh) {
    const double f = shape.send;
    return costs.publish_ns - costs.relay_ns +
           Nanoseconds(std::log(1 + wanted * n * (f - 2) / f) / k);
  }
  const double first =
      Seconds(costs.publish_ns) + MeanDeparture(costs, network, shape.send) + OneWay(network);
  return Nanoseconds(first + std::log(wanted * n / shape.send) / k);
}

}  // namespace flblk::scale
