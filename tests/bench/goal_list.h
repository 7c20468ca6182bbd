// The goals that one process measures, each printing its rows.
#pragma once

#include "tests/bench/goals.h"
#include "tests/bench/receivers.h"

namespace flblk::bench {

void KeccakGoal(const Options& options);   // 1
void FanOutGoal(const Options& options);   // 2
void RelayGoal(const Options& options);    // 4, without sockets
void SessionGoal(const Options& options);  // 8, sessions without sockets

// A node with sockets and its receivers.
void RelayOverSocketsGoal(const Options& options, Receivers& receivers);  // 4
void PublishGoal(const Options& options, Receivers& receivers);           // 3
void SteadyGoal(const Options& options, Receivers& receivers);            // 6
void PeerGoal(const Options& options, Receivers& receivers);              // 8

// Beside the goals (0): what seal_threads change.
void ThreadsReport(const Options& options, Receivers& receivers);
// Beside the goals: a chain of relays.
void HopsReport(const Options& options);

}  // namespace flblk::bench
