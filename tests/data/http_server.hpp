#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gibbon::data {

/// A server on the loopback interface for one test: every connection brings one request, gets the
/// bytes that `respond` makes of it (number of the request, its header), and is closed.
class HttpServer {
 public:
  using Respond = std::function<std::string(int number, const std::string& request)>;

  explicit HttpServer(Respond respond) : respond_(std::move(respond)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 8);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      answer(connection);
      ::shutdown(connection, SHUT_WR);
      // Waits for the client to close, so that no reset swallows what was sent.
      char rest[256];
      while (::recv(connection, rest, sizeof rest, 0) > 0) {
      }
      ::close(connection);
    }
  }

  void answer(int connection) {
    std::string request;
    char chunk[1024];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(connection, chunk, sizeof chunk, 0);
      if (count <= 0) return;
      request.append(chunk, static_cast<std::size_t>(count));
    }
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = static_cast<int>(requests_.size());
      requests_.push_back(request);
    }
    const std::string response = respond_(number, request);
    std::size_t sent = 0;
    while (sent < response.size()) {
      const ssize_t count =
          ::send(connection, response.data() + sent, response.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  Respond respond_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

/// The first byte that the request's Range header asks for; 0 without one.
inline std::size_t range_of(const std::string& request) {
  const std::string name = "Range: bytes=";
  const std::size_t at = request.find(name);
  return at == std::string::npos ? 0 : std::stoul(request.substr(at + name.size()));
}

inline std::string whole_response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string part_response(const std::string& body, std::size_t from) {
  return "HTTP/1.1 206 Partial Content\r\nContent-Length: " + std::to_string(body.size() - from) +
         "\r\nContent-Range: bytes " + std::to_string(from) + "-" +
         std::to_string(body.size() - 1) + "/" + std::to_string(body.size()) + "\r\n\r\n" +
         body.substr(from);
}

/// What a server with ranges answers.
inline std::string response_with_ranges(const std::string& body, const std::string& request) {
  const std::size_t from = range_of(request);
  if (from >= body.size()) return "HTTP/1.1 416 Range\r\nContent-Length: 0\r\n\r\n";
  return from == 0 ? whole_response(body) : part_response(body, from);
}

}  // namespace gibbon::data
