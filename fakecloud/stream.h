#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "godwit/result.h"

namespace fakecloud {

// The server's side of TLS, from a PEM certificate chain and key. Safe from any thread.
class TlsContext {
 public:
  static godwit::Result<std::unique_ptr<TlsContext>> Load(const std::string& certificate_file,
                                                          const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsStream;
  explicit TlsContext(void* context) : context_(context) {}
  void* const context_;  // SSL_CTX; OpenSSL's headers stay in one file.
};

// One accepted connection, plain or TLS. One thread at a time, but Interrupt is safe from any.
class Stream {
 public:
  // Takes over `socket`. For TLS, the handshake happens with the first read.
  static std::unique_ptr<Stream> Make(int socket, const TlsContext* tls);
  virtual ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Bytes read; 0 when the peer has finished; -1 on failure.
  virtual std::ptrdiff_t Read(std::span<std::byte> buffer) = 0;
  // Writes all of `head`, then all of `body`; false on failure.
  virtual bool Write(std::string_view head, std::span<const std::byte> body) = 0;
  // Ends the connection in order (close_notify, FIN).
  virtual void Finish() = 0;
  // Ends it with a RST; what was written may be lost.
  void Reset();
  // Makes calls under way, and later ones, fail soon.
  void Interrupt();

  int socket() const { return socket_; }

 protected:
  explicit Stream(int socket) : socket_(socket) {}
  void CloseSocket();

  const int socket_;

 private:
  std::mutex mutex_;  // Guards closed_, so that nobody touches a number that was given away.
  bool closed_ = false;
};

}  // namespace fakecloud
