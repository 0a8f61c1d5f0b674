#include "fakecloud/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

namespace fakecloud {
namespace {

constexpr std::size_t kStackBytes = 512 << 10;

godwit::Status SystemError(const std::string& what) {
  return godwit::Status(godwit::ErrorKind::kLocalIo, what + ": " + std::strerror(errno));
}

// A peer that has gone must fail the write, not end the process.
void BlockPipeSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct HttpServer::Worker {
  std::unique_ptr<Connection> connection;
  std::atomic<bool> done{false};
  pthread_t thread{};

  static void* Main(void* self) {
    auto* worker = static_cast<Worker*>(self);
    BlockPipeSignal();
    worker->connection->Run();
    worker->connection->Interrupt();  // The peer sees the end now, not when the thread is joined.
    worker->done = true;
    return nullptr;
  }
};

HttpServer::HttpServer(Service& service, std::unique_ptr<TlsContext> tls)
    : service_(service), tls_(std::move(tls)) {}

godwit::Result<std::unique_ptr<HttpServer>> HttpServer::Start(const ListenerOptions& options,
                                                              Service& service) {
  std::unique_ptr<TlsContext> tls;
  if (!options.certificate_file.empty()) {
    auto loaded = TlsContext::Load(options.certificate_file, options.key_file);
    if (!loaded.ok()) return loaded.status();
    tls = std::move(loaded).value();
  }
  std::unique_ptr<HttpServer> server(new HttpServer(service, std::move(tls)));
  GODWIT_RETURN_IF_ERROR(server->Listen(options));
  server->acceptor_ = std::thread([raw = server.get()] { raw->AcceptLoop(); });
  return server;
}

HttpServer::~HttpServer() {
  Stop();
  if (listener_ >= 0) close(listener_);
  if (stop_event_ >= 0) close(stop_event_);
}

godwit::Status HttpServer::Listen(const ListenerOptions& options) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  stop_event_ = eventfd(0, EFD_CLOEXEC);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1) {
    return godwit::Status(godwit::ErrorKind::kInvalidArgument,
                          "not an IPv4 address: '" + options.address + "'");
  }
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener_, 1024) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return SystemError("cannot listen on " + options.address + ":" + std::to_string(options.port));
  }
  port_ = ntohs(address.sin_port);
  endpoint_ = (tls_ ? "https://" : "http://") + options.address + ":" + std::to_string(port_);
  return godwit::Status::Ok();
}

void HttpServer::AcceptLoop() {
  while (true) {
    std::array<pollfd, 2> events = {{{stop_event_, POLLIN, 0}, {listener_, POLLIN, 0}}};
    poll(events.data(), events.size(), -1);
    if (events[0].revents != 0) return;
    JoinFinished(false);
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) Serve(socket);
  }
}

void HttpServer::Serve(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  auto worker = std::make_unique<Worker>();
  worker->connection = std::make_unique<Connection>(Stream::Make(socket, tls_.get()), service_,
                                                    tls_ != nullptr, stop_event_, stats_);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int failure = pthread_create(&worker->thread, &attributes, &Worker::Main, worker.get());
  pthread_attr_destroy(&attributes);
  if (failure == 0) workers_.push_back(std::move(worker));
}

void HttpServer::JoinFinished(bool all) {
  for (auto it = workers_.begin(); it != workers_.end();) {
    if (!all && !(*it)->done) {
      ++it;
      continue;
    }
    pthread_join((*it)->thread, nullptr);
    it = workers_.erase(it);
  }
}

void HttpServer::Stop() {
  if (!acceptor_.joinable()) return;
  const std::uint64_t one = 1;
  while (write(stop_event_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
  acceptor_.join();
  for (const auto& worker : workers_) worker->connection->Interrupt();
  JoinFinished(true);
}

}  // namespace fakecloud
