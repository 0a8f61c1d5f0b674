#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace godwit {

// What a TlsServer shows and does.
struct TlsServerOptions {
  std::string host = "127.0.0.1";  // The IP address that its certificate is for.
  bool expired = false;            // The certificate's time is over.
  bool only_old_tls = false;       // Speaks nothing newer than TLS 1.1.
  bool clean_end = true;           // Ends with close_notify before FIN.
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
};

// A TLS server on a free port of 127.0.0.1 with a self-signed certificate made for it. Answers one
// request a connection, one connection after the other.
class TlsServer {
 public:
  explicit TlsServer(TlsServerOptions options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string Peer() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string Url() const { return "https://" + Peer() + "/"; }
  // A PEM file with the certificate; exists as long as the server.
  const std::string& certificate_file() const { return certificate_file_; }
  // Requests that arrived whole, after a handshake.
  int requests() const;

 private:
  class Impl;
  void Serve();

  std::unique_ptr<Impl> impl_;
  std::uint16_t port_ = 0;
  std::string certificate_file_;
  std::thread thread_;
};

}  // namespace godwit
