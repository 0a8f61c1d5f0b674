#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace godwit {

// One accepted connection of a LoopbackServer, seen from the server's side. Used by the thread of
// its script; every read gives up after ten seconds, so that a broken test ends.
class ServerConnection {
 public:
  explicit ServerConnection(int socket) : socket_(socket) {}
  ~ServerConnection() { Close(); }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // The next request's head with its empty line; "" if the client has gone.
  std::string ReadHead();
  // The next `bytes` bytes, fewer if the client goes.
  std::string ReadBody(std::size_t bytes);
  // Head and, as its Content-Length says, body. "" if the client has gone.
  std::string ReadRequest();
  // False if the client has gone.
  bool Send(std::string_view bytes);
  // Waits until the client closes; drops what it still sends.
  void WaitForClose();
  // Ends this side alone with FIN, and waits for `seconds` without reading.
  void CloseHalf(int seconds);
  // Ends the connection with FIN, or with RST.
  void Close();
  void Reset();
  // From any thread: ends a read that waits.
  void Interrupt();

 private:
  bool FillPending();

  std::string pending_;
  std::mutex mutex_;  // Guards the closing of socket_ against Interrupt().
  int socket_;
};

// A server on a free port of 127.0.0.1 that runs `script` for each connection, in a thread of its
// own, and closes the connection when the script returns. Safe from any thread.
class LoopbackServer {
 public:
  // `number` counts connections from 1.
  using Script = std::function<void(ServerConnection& connection, int number)>;

  explicit LoopbackServer(Script script);
  // Closes the listener, ends the reads of scripts and waits for them.
  ~LoopbackServer();

  std::string Peer() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string Url(std::string_view target = "/") const {
    return "http://" + Peer() + std::string(target);
  }
  int connections() const;

 private:
  void Serve();

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;  // Guards connections_ and workers_.
  std::vector<std::unique_ptr<ServerConnection>> connections_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

// What scripts have seen, in order. Safe from any thread.
class Record {
 public:
  void Add(std::string text);
  std::vector<std::string> all() const;

 private:
  mutable std::mutex mutex_;  // Guards texts_.
  std::vector<std::string> texts_;
};

// A script that answers every request of every connection with `answer`, and records the requests
// if `record` is not null.
LoopbackServer::Script KeepAnswering(std::string answer, Record* record = nullptr);
// A script that sends `bytes` after the first request of a connection and closes.
LoopbackServer::Script AnswerOnce(std::string bytes);

// A port of 127.0.0.1 on which nobody listens.
std::uint16_t UnusedPort();

}  // namespace godwit
