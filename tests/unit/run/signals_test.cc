#include "lib/run/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <gtest/gtest.h>

namespace godwit {
namespace {

// Runs `body` in a child and returns its wait status.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(SignalGuard, TheFirstSignalSetsTheFlag) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const SignalGuard guard;
    EXPECT_EQ(*guard.flag(), 0);
    raise(number);
    EXPECT_EQ(*guard.flag(), 128 + number);
  }
}

TEST(SignalGuard, LaterSignalsDoNotChangeTheFlag) {
  const SignalGuard guard;
  raise(SIGINT);
  raise(SIGTERM);
  raise(SIGHUP);
  EXPECT_EQ(*guard.flag(), 130);
}

TEST(SignalGuard, ASignalRequestsTheStopOfCalls) {
  for (int round = 0; round < 2; ++round) {
    const SignalGuard guard;
    const std::stop_token token = guard.token();
    EXPECT_FALSE(token.stop_requested());
    raise(SIGTERM);
    for (int i = 0; i < 1000 && !token.stop_requested(); ++i) usleep(10'000);
    EXPECT_TRUE(token.stop_requested());
  }
}

TEST(SignalGuard, ASecondInterruptEndsTheProcessAtOnce) {
  const int status = InChild([] {
    const SignalGuard guard;
    raise(SIGTERM);
    raise(SIGINT);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

TEST(SignalGuard, TheFormerActionComesBack) {
  const int status = InChild([] {
    signal(SIGTERM, SIG_DFL);
    { const SignalGuard guard; }
    raise(SIGTERM);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(SignalGuard, AnIgnoredSignalStaysIgnored) {
  const int status = InChild([] {
    signal(SIGHUP, SIG_IGN);
    const SignalGuard guard;
    raise(SIGHUP);
    _exit(*guard.flag());
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalGuard, AClosedPipeIsAnErrorAndNotTheEnd) {
  const SignalGuard guard;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
}

}  // namespace
}  // namespace godwit
