#include "tests/unit/http/tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

namespace godwit {
namespace {

// Test set-up that fails ends the test program.
void Check(bool fine, const char* what) {
  if (fine) return;
  std::cerr << "TLS server: cannot " << what << '\n';
  std::abort();
}

X509* MakeCertificate(EVP_PKEY* key, const TlsServerOptions& options) {
  constexpr long kDay = 24L * 3600;
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.expired ? -kDay : kDay);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  const std::string host = options.host;
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("IP:" + host).c_str());
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  Check(X509_sign(certificate, key, EVP_sha256()) != 0, "sign its certificate");
  return certificate;
}

std::string WriteCertificate(X509* certificate) {
  std::string path = (std::filesystem::temp_directory_path() / "godwit-tls-XXXXXX").string();
  const int file = mkstemp(path.data());
  Check(file >= 0, "make a file");
  std::FILE* const stream = fdopen(file, "w");
  Check(PEM_write_X509(stream, certificate) == 1, "write its certificate");
  std::fclose(stream);
  return path;
}

std::pair<int, std::uint16_t> Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  Check(bind(listener, generic, length) == 0 && listen(listener, 16) == 0, "listen");
  Check(getsockname(listener, generic, &length) == 0, "learn its port");
  return {listener, ntohs(address.sin_port)};
}

}  // namespace

class TlsServer::Impl {
 public:
  explicit Impl(TlsServerOptions given)
      : options(std::move(given)), context(SSL_CTX_new(TLS_server_method())) {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = MakeCertificate(key, options);
    Check(SSL_CTX_use_certificate(context, certificate) == 1, "use its certificate");
    Check(SSL_CTX_use_PrivateKey(context, key) == 1, "use its key");
    certificate_file = WriteCertificate(certificate);
    if (options.only_old_tls) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Impl() { SSL_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Answer(int socket) {
    SSL* const connection = SSL_new(context);
    SSL_set_fd(connection, socket);
    std::string head;
    std::array<char, 4096> buffer;
    if (SSL_accept(connection) == 1) {
      int count = 0;
      while (head.find("\r\n\r\n") == std::string::npos &&
             (count = SSL_read(connection, buffer.data(), buffer.size())) > 0) {
        head.append(buffer.data(), static_cast<std::size_t>(count));
      }
    }
    if (head.find("\r\n\r\n") != std::string::npos) {
      ++requests;
      SSL_write(connection, options.answer.data(), static_cast<int>(options.answer.size()));
      if (options.clean_end) SSL_shutdown(connection);
    }
    SSL_free(connection);
  }

  const TlsServerOptions options;
  SSL_CTX* const context;
  std::string certificate_file;
  int listener = -1;
  std::atomic<int> requests{0};
};

TlsServer::TlsServer(TlsServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
  std::tie(impl_->listener, port_) = Listen();
  certificate_file_ = impl_->certificate_file;
  thread_ = std::thread([this] { Serve(); });
}

TlsServer::~TlsServer() {
  shutdown(impl_->listener, SHUT_RDWR);
  thread_.join();
  close(impl_->listener);
  std::filesystem::remove(certificate_file_);
}

void TlsServer::Serve() {
  for (;;) {
    const int accepted = accept4(impl_->listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    const timeval limit{10, 0};
    setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    impl_->Answer(accepted);
    close(accepted);
  }
}

int TlsServer::requests() const { return impl_->requests; }

}  // namespace godwit
