#include "fakecloud/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

namespace fakecloud {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int socket) : Stream(socket) {}
  ~PlainStream() override { CloseSocket(); }

  std::ptrdiff_t Read(std::span<std::byte> buffer) override {
    while (true) {
      const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
      if (got >= 0 || errno != EINTR) return got;
    }
  }

  bool Write(std::string_view head, std::span<const std::byte> body) override {
    while (!head.empty() || !body.empty()) {
      std::array<iovec, 2> parts = {{{const_cast<char*>(head.data()), head.size()},
                                     {const_cast<std::byte*>(body.data()), body.size()}}};
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = parts.size();
      const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      const auto count = static_cast<std::size_t>(sent);
      const std::size_t of_head = std::min(count, head.size());
      head.remove_prefix(of_head);
      body = body.subspan(count - of_head);
    }
    return true;
  }

  void Finish() override { shutdown(socket_, SHUT_WR); }
};

}  // namespace

class TlsStream final : public Stream {
 public:
  TlsStream(int socket, const TlsContext& tls)
      : Stream(socket), ssl_(SSL_new(static_cast<SSL_CTX*>(tls.context_))) {
    SSL_set_fd(ssl_, socket);
    SSL_set_accept_state(ssl_);
  }
  ~TlsStream() override {
    SSL_free(ssl_);
    CloseSocket();
  }

  std::ptrdiff_t Read(std::span<std::byte> buffer) override {
    ERR_clear_error();
    const int got = SSL_read(ssl_, buffer.data(), Limit(buffer.size()));
    if (got > 0) return got;
    return SSL_get_error(ssl_, got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }

  bool Write(std::string_view head, std::span<const std::byte> body) override {
    return WriteAll(std::as_bytes(std::span(head.data(), head.size()))) && WriteAll(body);
  }

  void Finish() override {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    shutdown(socket_, SHUT_WR);
  }

 private:
  static int Limit(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
  }
  bool WriteAll(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      ERR_clear_error();
      const int sent = SSL_write(ssl_, bytes.data(), Limit(bytes.size()));
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }

  SSL* const ssl_;
};

godwit::Result<std::unique_ptr<TlsContext>> TlsContext::Load(const std::string& certificate_file,
                                                             const std::string& key_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  std::unique_ptr<TlsContext> tls(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return godwit::Status(
        godwit::ErrorKind::kInvalidArgument,
        "cannot use certificate '" + certificate_file + "' with key '" + key_file + "'");
  }
  return tls;
}

TlsContext::~TlsContext() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

std::unique_ptr<Stream> Stream::Make(int socket, const TlsContext* tls) {
  if (tls == nullptr) return std::make_unique<PlainStream>(socket);
  return std::make_unique<TlsStream>(socket, *tls);
}

Stream::~Stream() = default;

void Stream::Reset() {
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  CloseSocket();
}

void Stream::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (!closed_) shutdown(socket_, SHUT_RDWR);
}

void Stream::CloseSocket() {
  const std::lock_guard lock(mutex_);
  if (!closed_) close(socket_);
  closed_ = true;
}

}  // namespace fakecloud
