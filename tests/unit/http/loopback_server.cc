#include "tests/unit/http/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <tuple>
#include <utility>

namespace godwit {
namespace {

[[noreturn]] void GiveUp(std::string_view what) {
  std::cerr << "loopback server: cannot " << what << '\n';
  std::abort();
}

std::pair<int, std::uint16_t> Bind() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  if (socket_fd < 0 || bind(socket_fd, generic, length) != 0) GiveUp("bind");
  if (getsockname(socket_fd, generic, &length) != 0) GiveUp("learn its port");
  return {socket_fd, ntohs(address.sin_port)};
}

std::size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) return 0;
  return std::strtoul(std::string(head.substr(at + kName.size(), 20)).c_str(), nullptr, 10);
}

}  // namespace

bool ServerConnection::FillPending() {
  std::array<char, 65536> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count > 0) pending_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string ServerConnection::ReadHead() {
  std::size_t end = 0;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
    if (!FillPending()) return "";
  }
  std::string head = pending_.substr(0, end + 4);
  pending_.erase(0, end + 4);
  return head;
}

std::string ServerConnection::ReadBody(std::size_t bytes) {
  while (pending_.size() < bytes && FillPending()) {
  }
  std::string body = pending_.substr(0, bytes);
  pending_.erase(0, body.size());
  return body;
}

std::string ServerConnection::ReadRequest() {
  std::string head = ReadHead();
  return head.empty() ? head : head + ReadBody(ContentLength(head));
}

bool ServerConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void ServerConnection::WaitForClose() {
  while (FillPending()) pending_.clear();
}

void ServerConnection::CloseHalf(int seconds) {
  shutdown(socket_, SHUT_WR);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
}

void ServerConnection::Close() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) close(std::exchange(socket_, -1));
}

void ServerConnection::Reset() {
  const linger abrupt{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
  Close();
}

void ServerConnection::Interrupt() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

LoopbackServer::LoopbackServer(Script script) : script_(std::move(script)) {
  std::tie(listener_, port_) = Bind();
  if (listen(listener_, 64) != 0) GiveUp("listen");
  acceptor_ = std::thread([this] { Serve(); });
}

LoopbackServer::~LoopbackServer() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (const auto& connection : connections_) connection->Interrupt();
  for (std::thread& worker : workers_) worker.join();
}

void LoopbackServer::Serve() {
  for (;;) {
    const int accepted = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    const timeval limit{10, 0};
    setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    const int no_delay = 1;
    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof(no_delay));

    const std::lock_guard lock(mutex_);
    connections_.push_back(std::make_unique<ServerConnection>(accepted));
    ServerConnection& connection = *connections_.back();
    const int number = static_cast<int>(connections_.size());
    workers_.emplace_back([this, &connection, number] {
      script_(connection, number);
      connection.Close();
    });
  }
}

int LoopbackServer::connections() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(connections_.size());
}

void Record::Add(std::string text) {
  const std::lock_guard lock(mutex_);
  texts_.push_back(std::move(text));
}

std::vector<std::string> Record::all() const {
  const std::lock_guard lock(mutex_);
  return texts_;
}

LoopbackServer::Script KeepAnswering(std::string answer, Record* record) {
  return [answer = std::move(answer), record](ServerConnection& connection, int) {
    for (;;) {
      std::string request = connection.ReadRequest();
      if (request.empty()) return;
      if (record != nullptr) record->Add(std::move(request));
      if (!connection.Send(answer)) return;
    }
  };
}

LoopbackServer::Script AnswerOnce(std::string bytes) {
  return [bytes = std::move(bytes)](ServerConnection& connection, int) {
    if (!connection.ReadRequest().empty()) connection.Send(bytes);
  };
}

std::uint16_t UnusedPort() {
  const auto [socket_fd, port] = Bind();
  close(socket_fd);
  return port;
}

}  // namespace godwit
