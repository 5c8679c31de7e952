#pragma once

#include <string>
#include <utility>
#include <variant>

namespace gibbon::base {

/// Why a value could not be made, as a value: infeasible designs are ordinary, not exceptional.
struct Infeasible {
  std::string reason;
};

/// A T or the reason why there is none.
template <typename T>
class Result {
 public:
  Result(T value) : content_(std::move(value)) {}       // NOLINT(google-explicit-constructor)
  Result(Infeasible why) : content_(std::move(why)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(content_); }
  explicit operator bool() const { return ok(); }
  const T& value() const { return std::get<T>(content_); }
  T& value() { return std::get<T>(content_); }
  const T& operator*() const { return value(); }
  const T* operator->() const { return &value(); }
  const std::string& reason() const { return std::get<Infeasible>(content_).reason; }

 private:
  std::variant<T, Infeasible> content_;
};

}  // namespace gibbon::base
