#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fakecloud/http_connection.h"
#include "fakecloud/http_message.h"
#include "fakecloud/stream.h"
#include "godwit/result.h"

namespace fakecloud {

struct ListenerOptions {
  std::string address = "127.0.0.1";  // An IPv4 address.
  std::uint16_t port = 0;             // 0: any free one.
  std::string certificate_file;       // With `key_file`: https.
  std::string key_file;
};

// An HTTP/1.1 server: one thread a connection, with a small stack. Made for tests: it gives exact
// control over the bytes of an answer. Start and Stop belong to one thread.
class HttpServer {
 public:
  // `service` must outlive the server.
  static godwit::Result<std::unique_ptr<HttpServer>> Start(const ListenerOptions& options,
                                                           Service& service);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Ends all connections, also those in the middle of a request, and waits for their threads.
  void Stop();

  const std::string& endpoint() const { return endpoint_; }  // "http://127.0.0.1:4711"
  std::uint16_t port() const { return port_; }
  const TrafficStats& stats() const { return stats_; }
  void ResetStats() { stats_.Reset(); }

 private:
  struct Worker;
  HttpServer(Service& service, std::unique_ptr<TlsContext> tls);
  godwit::Status Listen(const ListenerOptions& options);
  void AcceptLoop();
  void Serve(int socket);
  void JoinFinished(bool all);

  Service& service_;
  const std::unique_ptr<TlsContext> tls_;
  TrafficStats stats_;
  int listener_ = -1;
  int stop_event_ = -1;
  std::uint16_t port_ = 0;
  std::string endpoint_;
  std::thread acceptor_;
  std::list<std::unique_ptr<Worker>> workers_;  // Only the acceptor's, and Stop's after it.
};

}  // namespace fakecloud
